// Loads the module that has Curve25519 from text.
import type { Engine } from '../../engine.js'
import type { Startable } from '../../wasm-instance.js'
import { instantiateText } from '../text.js'
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
  return instantiateText(base64, imports)
}
