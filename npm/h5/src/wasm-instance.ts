// One instance of a WebAssembly module at a time: started when it is first needed, and once. A start that failed may be tried again, and
// after a trap, which leaves an instance that nobody can trust, the next one who needs it starts another.
import { LingpaiError } from './errors.js'

interface Glue {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** A module that has not started. */
export interface Startable<G> {
  /** What the module calls its glue. */
  imported: string
  createGlue(): G
  instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports>
}

/** The instances of a module, one after the other. */
export interface Instances<G> {
  /** The module, ready for use. */
  load(): Promise<G>
  /** Forgets the instance. What was made with it is of no use any more; whatever still calls into it calls nobody else. */
  drop(): void
  /** Whether this instance was given up. */
  isDropped(instance: G): boolean
}

/** `find` says which module it is. */
export function instancesOf<G extends Glue>(
  find: () => Startable<G> | Promise<Startable<G>>,
): Instances<G> {
  let instance: Promise<G> | undefined
  let started: G | undefined
  const dropped = new WeakSet<G>()
  const start = async () => {
    const { imported, createGlue, instantiate } = await find()
    const glue = createGlue()
    const exports = await instantiate({
      [imported]: glue as unknown as WebAssembly.ModuleImports,
    })
    glue.__wbg_set_wasm(exports)
    ;(exports['__wbindgen_start'] as () => void)()
    return (started = glue)
  }
  return {
    load() {
      instance ??= start().catch((cause: unknown) => {
        instance = undefined
        throw new LingpaiError('internal', { message: 'WebAssembly did not start', cause })
      })
      return instance
    },
    drop() {
      if (started) dropped.add(started)
      started = instance = undefined
    },
    isDropped: (instance) => dropped.has(instance),
  }
}
