// Revocation of whole visits, asked from the ledger and remembered for a bounded time.
import type { RevocationSource } from './types.js'

/** Where the answer comes from: a ledger. */
export interface FamilyStore {
  isRevoked(family: string): Promise<boolean>
}

/** Options of {@link familyRevocation}. */
export interface FamilyRevocationOptions {
  /** How long a "not revoked" may be old. Default: 10; at most 30. */
  stalenessSeconds?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

const most = 2000

/** Refuses the tokens of visits (`sid`) that the ledger has ended. A revocation is noticed after `stalenessSeconds`. */
export function familyRevocation(
  ledger: FamilyStore,
  options: FamilyRevocationOptions = {},
): RevocationSource {
  const { stalenessSeconds = 10, now = Date.now } = options
  if (!(stalenessSeconds >= 0 && stalenessSeconds <= 30)) {
    throw new TypeError('stalenessSeconds: has to be from 0 to 30')
  }
  const askedAt = new Map<string, number>()
  return {
    async isRevoked({ sid }) {
      if (sid === undefined) return false
      const asked = askedAt.get(sid)
      if (asked !== undefined && now() - asked < stalenessSeconds * 1000) return false
      askedAt.delete(sid)
      const at = now()
      if (await ledger.isRevoked(sid)) return true
      if (askedAt.size >= most) askedAt.delete(askedAt.keys().next().value as string)
      askedAt.set(sid, at)
      return false
    },
  }
}
