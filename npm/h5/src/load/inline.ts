// Loads the module that leaves Curve25519 to the browser from text, where its file cannot be fetched.
import { instantiateText } from './text.js'

/** Instantiates the module from its copy in base64, which is itself loaded only now. */
export async function instantiateInline(
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Exports> {
  const { base64 } = await import('../wasm/lingpai_h5_inline.js')
  return instantiateText(base64, imports)
}
