// Starts the tokenizer's WebAssembly module, once, when it is first needed. A start that failed may be tried again.
import { load } from '#tokenizer.wasm'
import { LingpaiError } from '../errors.js'
import * as glue from '../wasm/lingpai_tokenizer_bg.js'

/** The exports of the module. */
export type Engine = typeof glue

let engine: Promise<Engine> | undefined

/** The module, ready for use. */
export function loadEngine(): Promise<Engine> {
  engine ??= start().catch((cause: unknown) => {
    engine = undefined
    throw new LingpaiError('internal', { message: 'WebAssembly did not start', cause })
  })
  return engine
}

async function start(): Promise<Engine> {
  const imports = { './lingpai_tokenizer_bg.js': glue as unknown as WebAssembly.ModuleImports }
  const exports = await load(imports)
  glue.__wbg_set_wasm(exports)
  ;(exports['__wbindgen_start'] as () => void)()
  return glue
}
