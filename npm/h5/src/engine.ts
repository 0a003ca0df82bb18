// Starts the WebAssembly module, once, when it is first needed. A start that failed may be tried again, and after a trap, which leaves
// an instance that nobody can trust, the next one who needs it starts another.
import { load } from '#wasm'
import { LingpaiError, onTrap } from './errors.js'
import { createGlue } from './wasm/lingpai_h5_bg.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

let engine: Promise<Engine> | undefined

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
  engine = undefined
}

onTrap(dropEngine)

async function start(): Promise<Engine> {
  const glue = createGlue()
  const exports = await load({ './lingpai_h5_bg.js': glue as unknown as WebAssembly.ModuleImports })
  glue.__wbg_set_wasm(exports)
  ;(exports['__wbindgen_start'] as () => void)()
  return glue
}
