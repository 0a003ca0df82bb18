// Where proofs are used up: the replay store, asked together with the source of revocations that shares it. A request then costs one
// question less; in a Durable Object that is a round trip. The two are different places, so that all verifiers of one address have to
// use the same of them: see `familyRevocation`.
import { LingpaiError } from './error.js'
import type { BurnOutcome, Claims, ReplayStore, RevocationSource } from './types.js'

/** How proofs are used up, and when the sources of revocations are asked. */
export interface ProofStore {
  /** To be asked before the proof is looked at. */
  readonly askedBefore: readonly RevocationSource[]
  /** Asked with `burn`, and by themselves where it does not come to that. */
  readonly askedWith: readonly RevocationSource[]
  /** Refuses a proof that was used before and, first, a token that has been revoked. */
  burn(claims: Claims, key: string, untilSeconds: number): Promise<void>
}

/** The store of a verifier. */
export function proofStoreOf(
  replay: ReplayStore | 'unchecked' | undefined,
  sources: readonly RevocationSource[],
): ProofStore {
  const shared = sources.find(({ withReplay }) => withReplay && withReplay.store === replay)
  const together = shared?.withReplay
  return {
    askedBefore: sources.filter((source) => source !== shared),
    askedWith: shared ? [shared] : [],
    async burn(claims, key, untilSeconds) {
      const outcome = await answerOf(async () => {
        if (together) return together.burn(claims, key, untilSeconds)
        return (await (replay as ReplayStore).burn(key, untilSeconds)) === true ? 'burned' : 'used'
      })
      if (outcome === 'revoked') throw new LingpaiError('token_revoked')
      if (outcome !== 'burned') throw new LingpaiError('proof_replayed')
    },
  }
}

/** A store that does not know refuses. */
async function answerOf(ask: () => Promise<BurnOutcome>): Promise<BurnOutcome> {
  try {
    return await ask()
  } catch (error) {
    throw new LingpaiError('storage_unavailable', { cause: error })
  }
}
