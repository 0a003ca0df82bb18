// Loads the module that has Curve25519 in a page whose browser has not: as a file beside this one, compiled while it arrives. Where a
// bundler did not copy the file, or a policy forbids to fetch it, the same bytes come as a script.
import type { Engine } from '../../engine.js'
import type { Startable } from '../../wasm-instance.js'
import { instantiateInline } from './inline.js'
import { startable } from './startable.js'

/** The module. */
export function find(): Startable<Engine> {
  return startable(instantiate)
}

async function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  try {
    const response = await fetch(new URL('../../wasm/lingpai_h5_curves_bg.wasm', import.meta.url))
    return (await compile(response, imports)).instance.exports
  } catch {
    return instantiateInline(imports)
  }
}

async function compile(response: Response, imports: WebAssembly.Imports) {
  // Streaming insists on the MIME type, which some servers do not know.
  if (response.headers.get('content-type') === 'application/wasm') {
    return WebAssembly.instantiateStreaming(response, imports)
  }
  return WebAssembly.instantiate(await response.arrayBuffer(), imports)
}
