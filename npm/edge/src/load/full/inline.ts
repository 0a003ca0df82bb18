// Gives the compiled module wherever code may compile WebAssembly. The bytes travel as text: a file beside the code
// would be lost by bundlers for servers, and Deno reads none without permission.
import { base64 } from '../../wasm/lingpai_edge_inline.js'

/** The compiled module. Compiles on the first call, not on import. */
export function load(): WebAssembly.Module | WebAssembly.Exports {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return new WebAssembly.Module(bytes)
}
