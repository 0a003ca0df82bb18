// Refuses tokens that were issued to a subject before its cut-off, asked from a store and remembered for a bounded time.
import type { Claims, RevocationSource } from '../types.js'
import type { CutOffStore } from './cut-off.js'
import { recently, type RecentlyOptions } from './recently.js'

/** Options of {@link subjectRevocation}. */
export interface SubjectRevocationOptions extends RecentlyOptions {
  /**
   * The name under which tokens are cut off; those without one pass. Default: `sub`. Where several issuers are believed,
   * have `iss` in it. With `client_id` it is all tokens of a partner that can be cut off.
   */
  subjectOf?: ((claims: Claims) => string | undefined) | undefined
}

/**
 * Refuses the tokens that were issued to a subject (`sub`) before its cut-off. A new cut-off is noticed after
 * `stalenessSeconds`. Tokens without `iat` are refused where there is a cut-off; tokens without `sub` pass.
 *
 * What is issued after the cut-off is not cut off by it: give `cutOffs` to the authority as well, so that visits which
 * began before are not refreshed any more.
 *
 * @example
 * ```ts
 * const ledger = durableLedger(env.VISIT_LEDGER)
 * const verifier = createVerifier({
 *   …,
 *   revocation: [familyRevocation(ledger), subjectRevocation(ledger)],
 * })
 * // Whoever may do so: a password was changed, a device was lost.
 * const hour = 3600
 * await ledger.cutOff(sub, { untilSeconds: Math.floor(Date.now() / 1000) + hour })
 * ```
 */
export function subjectRevocation(
  store: Pick<CutOffStore, 'cutOffOf'>,
  options: SubjectRevocationOptions = {},
): RevocationSource {
  const { subjectOf = ({ sub }) => sub } = options
  const cutOffOf = recently((subject) => store.cutOffOf(subject), options)
  return {
    async isRevoked(claims) {
      const subject = subjectOf(claims)
      if (subject === undefined) return false
      const before = await cutOffOf(subject)
      return before !== undefined && (claims.iat === undefined || claims.iat < before)
    },
  }
}
