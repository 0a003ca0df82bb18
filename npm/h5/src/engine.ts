// Starts the WebAssembly module, once, when it is first needed. A start that failed may be tried again, and after a trap, which leaves
// an instance that nobody can trust, the next one who needs it starts another.
import { load } from '#wasm'
import { LingpaiError, onTrap } from './errors.js'
import { createGlue } from './wasm/lingpai_h5_bg.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

let engine: Promise<Engine> | undefined
let started: Engine | undefined
const failed = /* @__PURE__ */ new WeakSet<Engine>()

/** The module, ready for use. */
export function loadEngine(): Promise<Engine> {
  engine ??= start().catch((cause: unknown) => {
    engine = undefined
    throw new LingpaiError('internal', { message: 'WebAssembly did not start', cause })
  })
  return engine
}

/** Forgets the instance. What was made with it is of no use any more; whatever still calls into it calls nobody else. */
export function dropEngine(): void {
  if (started) failed.add(started)
  started = engine = undefined
}

/** Whether this instance was given up. */
export function isDropped(instance: Engine): boolean {
  return failed.has(instance)
}

onTrap(dropEngine)

async function start(): Promise<Engine> {
  const glue = createGlue()
  const exports = await load({ './lingpai_h5_bg.js': glue as unknown as WebAssembly.ModuleImports })
  glue.__wbg_set_wasm(exports)
  ;(exports['__wbindgen_start'] as () => void)()
  return (started = glue)
}
