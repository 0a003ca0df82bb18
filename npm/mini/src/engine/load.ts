// Which module runs here: WebAssembly where the platform has it, the symmetric part as JavaScript where it has not.
import { LingpaiError } from '../errors'
import { heard } from '../gateway'
import type { Host } from '../host'
import { engineOf, type Ability, type Engine, type Exports } from './engine'

/** Loads the module. Where WebAssembly fails although the platform has it, that is told and JavaScript goes on. */
export async function loadEngine(
  host: Host,
  directory: string,
  wanted: 'proofs' | 'visits',
  failed: (cause: unknown) => void,
): Promise<Engine> {
  if (host.instantiate !== undefined) {
    const name = wanted === 'visits' ? 'lingpai_mini_visit' : 'lingpai_mini'
    try {
      return wasm(await heard(host, host.instantiate(`${directory}/${name}.wasm`, {})), wanted)
    } catch (cause) {
      failed(cause)
    }
  }
  return javascript()
}

/** The symmetric part, which runs everywhere. */
export function javascript(): Engine {
  // Said literally, as build tools of mini-programs want it, from where the bundle lies; not before it is needed.
  const symmetric = require('./wasm/lingpai_mini_symmetric.js') as { instantiate(): Exports }
  return engineOf(symmetric.instantiate(), 'javascript', 'symmetric')
}

/** What `instantiate` gave: an instance by the documentation, a pair with one on real devices. */
export function wasm(given: unknown, ability: Ability): Engine {
  const it = given as { exports?: unknown; instance?: { exports?: unknown } } | undefined
  const exports = (it && it.instance ? it.instance.exports : it && it.exports) as
    Exports | undefined
  if (!exports || typeof exports.lp_call !== 'function') {
    throw new LingpaiError('internal', { message: 'no instance' })
  }
  return engineOf(exports, 'wasm', ability)
}

declare function require(path: string): unknown
