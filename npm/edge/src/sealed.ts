// Tokens that travel sealed to the edge (PROTOCOL §5), so that nobody on the way reads their claims: opened here with a
// ring of keys that rotates. What comes out is a signed token like any other.
import type { Engine, VerifyGlue } from './engine.js'
import { LingpaiError } from './error.js'
import { hostAgrees, hostDecrypts, hostPrivateKey, type HostAgreement } from './host-crypto.js'
import { usable } from './option-values.js'
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
  /** Rejects with a `TypeError` for a key that the host cannot use, which does not show before. */
  ready(): Promise<void>
}

/** Whether this is meant as a JWE, of five parts, and not as a JWS, of three. */
export function isSealed(token: string): boolean {
  const third = token.indexOf('.', token.indexOf('.', token.indexOf('.') + 1) + 1)
  return third > 0 && token.includes('.', third + 1)
}

/** Reads the ring. Throws a `TypeError` where a key does not do. */
export function unsealer(engine: Engine<VerifyGlue>, settings: UnsealSettings): Unsealer {
  const { glue, resource } = engine
  const ring = JSON.stringify(settings.keys)
  const held = usable('unsealKeys', () => resource(() => glue.unsealNew(ring), glue.unsealFree))
  const imported = new Map<string, CryptoKey>()

  async function privateKey(kid: string): Promise<CryptoKey> {
    const kept = imported.get(kid)
    if (kept) return kept
    const own = settings.keys.find(({ key }) => key.kid === kid)
    if (!own) throw new LingpaiError('unknown_key')
    const made = await hostPrivateKey(own.key)
    imported.set(kid, made)
    return made
  }

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
      const own = await privateKey(kid).catch(() => {
        // Our key, not the caller's fault
        throw new LingpaiError('internal', { message: 'internal (unsealKeys: key_unusable)' })
      })
      const agreed = await hostAgrees(own, epk)
      try {
        const begun = begin(agreed)
        if ('agree' in begun) throw new LingpaiError('internal')
        return await hostDecrypts(begun.key, sealed)
      } finally {
        agreed.fill(0)
      }
    },
    async ready() {
      for (const { key } of settings.keys) {
        if (key.crv !== 'P-256') continue
        await privateKey(String(key.kid)).catch(() => {
          throw new TypeError('unsealKeys: key_unusable')
        })
      }
    },
  }
}
