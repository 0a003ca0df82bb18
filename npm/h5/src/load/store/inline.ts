// Loads the module of stores from text.
import { instantiateText } from '../text.js'

/** Instantiates the module from its copy in base64, which is itself loaded only now. */
export async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  const { base64 } = await import('../../wasm/lingpai_store_inline.js')
  return instantiateText(base64, imports)
}
