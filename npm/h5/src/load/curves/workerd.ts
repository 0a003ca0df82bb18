// Loads the module that has Curve25519 on Cloudflare Workers, which allow WebAssembly only as an imported module.
import type { Engine } from '../../engine.js'
import type { Startable } from '../../wasm-instance.js'
import * as imported from '../../wasm/lingpai_h5_curves_bg.wasm'
import { startable } from './startable.js'

/** The module. */
export function find(): Startable<Engine> {
  return startable(instantiate)
}

// Instantiates the module, unless the bundler has done so.
async function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  // A namespace import, since tools that leak this condition into another build have no default export here.
  const namespace = imported as unknown as Record<string, unknown>
  const module = namespace['default']
  if (!(module instanceof WebAssembly.Module)) return namespace as WebAssembly.Exports
  return new WebAssembly.Instance(module, imports).exports
}
