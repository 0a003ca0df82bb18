// Loads the module that has Curve25519 on Cloudflare Workers.
import type { Engine } from '../../engine.js'
import * as imported from '../../wasm/lingpai_h5_curves_bg.wasm'
import type { Startable } from '../../wasm-instance.js'
import { instantiateImported } from '../imported.js'
import { startable } from './startable.js'

/** The module. */
export function find(): Startable<Engine> {
  return startable(async (imports) => instantiateImported(imported, imports))
}
