// The module that has Curve25519, whichever way it is loaded.
import type { Engine } from '../../engine.js'
import { createGlue } from '../../wasm/lingpai_h5_curves_bg.js'
import type { Startable } from '../../wasm-instance.js'

/** That module. It exports what the other does. */
export function startable(instantiate: Startable<Engine>['instantiate']): Startable<Engine> {
  const glue = createGlue as unknown as () => Engine
  return { imported: './lingpai_h5_curves_bg.js', createGlue: glue, instantiate }
}
