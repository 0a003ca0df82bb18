// Loads the module of tokenizers on Cloudflare Workers.
import * as imported from '../../wasm/lingpai_tokenizer_bg.wasm'
import { instantiateImported } from '../imported.js'

/** Instantiates the module. */
export async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  return instantiateImported(imported, imports)
}
