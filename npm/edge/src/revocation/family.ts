// Revocation of whole visits, asked from the ledger and remembered for a bounded time.
import type { BurnOutcome, ReplayStore, RevocationSource, RevocationWithReplay } from '../types.js'
import { recently, type RecentlyOptions } from './recently.js'

/** Where the answer comes from: a ledger. */
export interface FamilyStore {
  isRevoked(family: string): Promise<boolean>
}

/** A ledger that uses up proofs too, and for which both are one transaction. */
export interface FamilyReplayStore extends FamilyStore, ReplayStore {
  /** Uses `key` up as `burn` does, unless the family has been ended. */
  burnInFamily(family: string, key: string, untilSeconds: number): Promise<BurnOutcome>
}

/** Options of {@link familyRevocation}. */
export type FamilyRevocationOptions = RecentlyOptions

/**
 * Refuses the tokens of visits (`sid`) that the ledger has ended. A revocation is noticed after `stalenessSeconds`. With 0, a
 * ledger that is the verifier's `replay` as well is asked once for each request, and not twice.
 *
 * Proofs are then used up in the visit's own object, and not where `replay` uses them up. So all verifiers that accept proofs
 * for one address have to be alike: each with 0 and with this same ledger as `replay`, or none of them. Where they differ, a proof
 * that one of them has used up is new to the other. Verifiers of different addresses may differ: a proof names its own.
 */
export function familyRevocation(
  ledger: FamilyStore | FamilyReplayStore,
  options: FamilyRevocationOptions = {},
): RevocationSource {
  const isRevoked = recently((sid) => ledger.isRevoked(sid), options)
  return {
    isRevoked: ({ sid }) => (sid === undefined ? false : isRevoked(sid)),
    withReplay: options.stalenessSeconds === 0 ? withReplay(ledger) : undefined,
  }
}

function withReplay(ledger: FamilyStore | FamilyReplayStore): RevocationWithReplay | undefined {
  if (!('burnInFamily' in ledger)) return undefined
  return {
    store: ledger,
    async burn({ sid }, key, untilSeconds) {
      if (sid !== undefined) return ledger.burnInFamily(sid, key, untilSeconds)
      return (await ledger.burn(key, untilSeconds)) === true ? 'burned' : 'used'
    },
  }
}
