// One instance of a WebAssembly module at a time: started when it is first needed, and once. A start that failed may be tried again, and
// after a trap, which leaves an instance that nobody can trust, the next one who needs it starts another.
import { LingpaiError } from './errors.js'

interface Glue {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** The instances of a module, one after the other. */
export interface Instances<G> {
  /** The module, ready for use. */
  load(): Promise<G>
  /** Forgets the instance. What was made with it is of no use any more; whatever still calls into it calls nobody else. */
  drop(): void
}

/** `imported`: what the module calls its glue. */
export function instancesOf<G extends Glue>(
  imported: string,
  createGlue: () => G,
  instantiate: (imports: WebAssembly.Imports) => Promise<WebAssembly.Exports>,
): Instances<G> {
  let instance: Promise<G> | undefined
  const start = async () => {
    const glue = createGlue()
    const exports = await instantiate({
      [imported]: glue as unknown as WebAssembly.ModuleImports,
    })
    glue.__wbg_set_wasm(exports)
    ;(exports['__wbindgen_start'] as () => void)()
    return glue
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
      instance = undefined
    },
  }
}
