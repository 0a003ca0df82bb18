// Several issuers, each with a revocation of its own.
import { LingpaiError } from '../error.js'
import type { RevocationSource } from '../types.js'

/**
 * Asks the source of whoever issued the token, by the exact `iss`. Tokens of an issuer that is not listed are refused with
 * `issuer_mismatch`: name it with `'none'` if nothing knows of its revocations.
 *
 * @example
 * ```ts
 * revocation: revocationByIssuer({
 *   'https://gate.example': familyRevocation(ledger),
 *   'https://login.example': statusListRevocation({ issuer: 'https://login.example', keys, uris }),
 *   'https://machines.example': 'none',
 * })
 * ```
 */
export function revocationByIssuer(
  sources: Readonly<Record<string, RevocationSource | 'none'>>,
): RevocationSource {
  for (const [issuer, source] of Object.entries(sources)) {
    if (source !== 'none' && typeof source?.isRevoked !== 'function') {
      throw new TypeError(`${issuer}: has to be a RevocationSource or 'none'`)
    }
  }
  const byIssuer = new Map(Object.entries(sources))
  return {
    isRevoked(claims) {
      const source = byIssuer.get(claims.iss)
      if (source === undefined) throw new LingpaiError('issuer_mismatch')
      return source === 'none' ? false : source.isRevoked(claims)
    },
  }
}
