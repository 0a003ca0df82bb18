// Tokens that travel sealed to the edge (PROTOCOL §5), so that nobody on the way reads their claims: opened here with a
// ring of keys that rotates. What comes out is a signed token like any other.
import type { Engine, VerifyGlue } from './engine.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { hostAgrees, hostDecrypts, type HostAgreement } from './host-crypto.js'
import type { RingKey } from './types.js'

/** How sealed tokens are treated. */
export interface UnsealSettings {
  keys: readonly RingKey[]
  /** Whether a token has to be sealed. */
  required: boolean
}

/** Opens sealed tokens. */
export interface Unsealer {
  readonly required: boolean
  /** Gives the token inside. Rejects with `unknown_key`, `decryption_failed`, or what is wrong with the text. */
  open(sealed: string, nowMs: number): Promise<string>
}

/** Whether this is meant as a JWE: it has more parts than the three of a JWS. */
export function isSealed(token: string): boolean {
  const second = token.indexOf('.', token.indexOf('.') + 1)
  return second > 0 && token.includes('.', second + 1)
}

/** Reads the ring. Throws a `TypeError` where a key does not do. */
export function unsealer(engine: Engine<VerifyGlue>, settings: UnsealSettings): Unsealer {
  const { glue, resource } = engine
  const ring = JSON.stringify(settings.keys)
  const held = heldOf(() => resource(() => glue.unsealNew(ring), glue.unsealFree))
  return {
    required: settings.required,
    async open(sealed, nowMs) {
      const seconds = Math.floor(nowMs / 1000)
      const begin = (agreed?: Uint8Array) =>
        JSON.parse(held.use((number) => glue.unseal(number, sealed, seconds, agreed))) as
          { key: string } | { agree: HostAgreement }
      const answer = begin()
      if ('key' in answer) return hostDecrypts(answer.key, sealed)
      const { kid, epk } = answer.agree
      const own = settings.keys.find(({ key }) => key.kid === kid)
      if (!own) throw new LingpaiError('unknown_key')
      const agreed = await hostAgrees(own.key, epk)
      try {
        const begun = begin(agreed)
        if ('agree' in begun) throw new LingpaiError('internal')
        return await hostDecrypts(begun.key, sealed)
      } finally {
        agreed.fill(0)
      }
    },
  }
}

function heldOf<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (isLingpaiError(error) && error.code !== 'internal') {
      throw new TypeError(`unsealKeys: ${error.message}`)
    }
    throw error
  }
}
