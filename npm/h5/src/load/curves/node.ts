// Loads the module that has Curve25519 in Node, from the file beside this one; from text where a bundler for servers left that behind.
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
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(new URL('../../wasm/lingpai_h5_curves_bg.wasm', import.meta.url))
    return (await WebAssembly.instantiate(bytes, imports)).instance.exports
  } catch {
    return instantiateInline(imports)
  }
}
