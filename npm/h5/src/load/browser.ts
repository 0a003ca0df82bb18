// Finds the module for a page, and loads it.
import { hasCurve25519 } from '../browser-curves.js'
import type { Engine } from '../engine.js'
import { createGlue } from '../wasm/lingpai_h5_bg.js'
import type { Startable } from '../wasm-instance.js'
import { instantiateFetched } from './fetched.js'
import { instantiateInline } from './inline.js'

/** The module that this browser needs. It is known before anything is opened, sent or spent. */
export async function find(): Promise<Startable<Engine>> {
  if (!(await hasCurve25519())) return (await import('./curves/browser.js')).find()
  return { imported: './lingpai_h5_bg.js', createGlue, instantiate }
}

function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  const url = new URL('../wasm/lingpai_h5_bg.wasm', import.meta.url)
  return instantiateFetched(url, imports, instantiateInline)
}
