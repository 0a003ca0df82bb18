// Loads the module of stores in a page: as a file beside this one, compiled while it arrives. Where a bundler did not copy the
// file, or a policy forbids to fetch it, the same bytes come as a script.
import { instantiateInline } from './inline.js'

/** Instantiates the module. */
export async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  try {
    const response = await fetch(new URL('../../wasm/lingpai_store_bg.wasm', import.meta.url))
    return (await instantiate(response, imports)).instance.exports
  } catch {
    return instantiateInline(imports)
  }
}

async function instantiate(response: Response, imports: WebAssembly.Imports) {
  // Streaming insists on the MIME type, which some servers do not know.
  if (response.headers.get('content-type') === 'application/wasm') {
    return WebAssembly.instantiateStreaming(response, imports)
  }
  return WebAssembly.instantiate(await response.arrayBuffer(), imports)
}
