// Loads the module that has Curve25519 in a page whose browser has not.
import type { Engine } from '../../engine.js'
import type { Startable } from '../../wasm-instance.js'
import { instantiateFetched } from '../fetched.js'
import { instantiateInline } from './inline.js'
import { startable } from './startable.js'

/** The module. */
export function find(): Startable<Engine> {
  return startable((imports) => {
    const url = new URL('../../wasm/lingpai_h5_curves_bg.wasm', import.meta.url)
    return instantiateFetched(url, imports, instantiateInline)
  })
}
