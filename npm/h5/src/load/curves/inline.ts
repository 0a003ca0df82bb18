// Loads the module that has Curve25519 from text, for runtimes that can neither fetch a file beside the code nor read one.
import type { Engine } from '../../engine.js'
import type { Startable } from '../../wasm-instance.js'
import { startable } from './startable.js'

/** The module. */
export function find(): Startable<Engine> {
  return startable(instantiateInline)
}

/** Instantiates the module from its copy in base64, which is itself loaded only now. */
export async function instantiateInline(
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Exports> {
  const { base64 } = await import('../../wasm/lingpai_h5_curves_inline.js')
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return (await WebAssembly.instantiate(bytes, imports)).instance.exports
}
