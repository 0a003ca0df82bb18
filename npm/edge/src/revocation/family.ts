// Revocation of whole visits, asked from the ledger and remembered for a bounded time.
import type { RevocationSource } from '../types.js'
import { recently, type RecentlyOptions } from './recently.js'

/** Where the answer comes from: a ledger. */
export interface FamilyStore {
  isRevoked(family: string): Promise<boolean>
}

/** Options of {@link familyRevocation}. */
export type FamilyRevocationOptions = RecentlyOptions

/** Refuses the tokens of visits (`sid`) that the ledger has ended. A revocation is noticed after `stalenessSeconds`. */
export function familyRevocation(
  ledger: FamilyStore,
  options: FamilyRevocationOptions = {},
): RevocationSource {
  const isRevoked = recently((sid) => ledger.isRevoked(sid), options)
  return {
    isRevoked: ({ sid }) => (sid === undefined ? false : isRevoked(sid)),
  }
}
