// Loads the module of tokenizers in a page.
import { instantiateFetched } from '../fetched.js'
import { load as inline } from './inline.js'

/** Instantiates the module. */
export function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  const url = new URL('../../wasm/lingpai_tokenizer_bg.wasm', import.meta.url)
  return instantiateFetched(url, imports, inline)
}
