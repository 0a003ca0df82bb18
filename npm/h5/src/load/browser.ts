// Finds the module for a page, and loads it: as a file beside this one, compiled while it arrives. Where a bundler did not copy the
// file, or a policy forbids to fetch it, the same bytes come as a script.
import { hasCurve25519 } from '../browser-curves.js'
import type { Engine } from '../engine.js'
import { createGlue } from '../wasm/lingpai_h5_bg.js'
import type { Startable } from '../wasm-instance.js'
import { instantiateInline } from './inline.js'

/** The module that this browser needs. It is known before anything is opened, sent or spent. */
export async function find(): Promise<Startable<Engine>> {
  if (!(await hasCurve25519())) return (await import('./curves/browser.js')).find()
  return { imported: './lingpai_h5_bg.js', createGlue, instantiate }
}

async function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  try {
    const response = await fetch(new URL('../wasm/lingpai_h5_bg.wasm', import.meta.url))
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
