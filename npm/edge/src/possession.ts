// Proof of possession (RFC 9449) at a service: the proof fits the request, the token and the nonce, and is used up.
import type { Engine, VerifyGlue } from './engine.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { hostIsFaster, hostVerifies, type HostCheck } from './host-crypto.js'
import { usable } from './option-values.js'
import type { ReplayStore, RequestLike } from './types.js'

/** A proof that came with a token and fits it. */
export interface Proof {
  /** The thumbprint of the key that made it. */
  readonly jkt: string
  readonly jti: string
  /** Its `iat`, Unix seconds. */
  readonly issuedAt: number
}

/** How proofs are checked. */
export interface PossessionSettings {
  /** What clients have to have in `htu`, for a request. */
  publicUrl: (request: RequestLike) => string
  replay: ReplayStore | 'unchecked'
  windowSeconds: number
  /** Secrets in base64url, the first one for new nonces; and how long a nonce is the newest. */
  nonces: { secrets: readonly string[]; periodSeconds: number; audience: string } | undefined
}

/** Uses up a proof that is right, or refuses. Called last: a request that is refused for another reason uses nothing up. */
export type Burn = (key: string, untilSeconds: number) => Promise<void>

/** Checks proofs. */
export interface Possession {
  /** Checks a proof, and uses it up by `burn`. */
  prove(
    request: RequestLike,
    token: string,
    proof: string | undefined,
    jkt: string,
    now: () => number,
    burn: Burn,
  ): Promise<{ proof: Proof; nextNonce?: string }>
  /** A nonce for the client's next proof, where this verifier gives them. */
  nonce(nowMs: number): string | undefined
}

interface Checked {
  jkt: string
  jti: string
  iat: number
  nonce?: string
  burn: string
  burnUntil: number
}

const longestUrl = 4096
const longestMethod = 64

const host = { mayBeAsked: 0, agrees: 1, disagrees: 2, mayNot: 3, preferred: 4 } as const

/** Makes the check. Throws a `TypeError` where a secret does not do. */
export function possession(engine: Engine<VerifyGlue>, settings: PossessionSettings): Possession {
  const { glue, call } = engine
  const { replay, windowSeconds } = settings
  const nonces = settings.nonces && noncesOf(engine, settings.nonces)

  return {
    async prove(request, token, proof, jkt, now, burn) {
      if (proof === undefined) throw new LingpaiError('proof_required')
      const url = settings.publicUrl(request)
      const { method } = request
      // More than the core reads is not even handed over.
      if (url.length > longestUrl) throw new LingpaiError('proof_url_mismatch')
      if (method.length > longestMethod) throw new LingpaiError('proof_method_mismatch')
      const check = (nowMs: number, verdict: number) => {
        const seconds = Math.floor(nowMs / 1000)
        const text = call(() =>
          glue.proofVerify(proof, method, url, token, jkt, seconds, windowSeconds, verdict),
        )
        return JSON.parse(text) as Checked | { host: HostCheck }
      }
      // Not the time at which the request came: keys and revocation may have taken a while.
      let checked = check(now(), hostIsFaster() ? host.preferred : host.mayBeAsked)
      if ('host' in checked) {
        const verdict = await verdictOn(checked.host, proof)
        checked = check(now(), verdict)
        if ('host' in checked) throw new LingpaiError('internal')
      }
      const nextNonce = nonces?.next(checked.nonce, now())
      if (replay !== 'unchecked') await burn(checked.burn, checked.burnUntil)
      const { jti, iat: issuedAt } = checked
      return { proof: { jkt, jti, issuedAt }, ...(nextNonce === undefined ? {} : { nextNonce }) }
    },
    nonce: (nowMs) => nonces?.issue(nowMs),
  }
}

/** A key that the host cannot use is the client's fault here: it came with the proof. */
async function verdictOn(check: HostCheck, proof: string): Promise<number> {
  try {
    return (await hostVerifies(check, proof)) ? host.agrees : host.disagrees
  } catch (error) {
    if (!isLingpaiError(error) || error.code === 'internal') throw error
    // A host without Ed25519: the module has it.
    if (error.code === 'algorithm_not_allowed') return host.mayNot
    throw new LingpaiError('invalid_dpop_proof', { message: `invalid_dpop_proof (${error.code})` })
  }
}

interface Nonces {
  issue(nowMs: number): string
  /** A newer nonce if the proof's is the last but one. Refuses one that is none of ours: `use_dpop_nonce`. */
  next(given: string | undefined, nowMs: number): string | undefined
}

function noncesOf(
  { glue, resource }: Engine<VerifyGlue>,
  { secrets, periodSeconds, audience }: NonNullable<PossessionSettings['nonces']>,
): Nonces {
  const text = JSON.stringify(secrets)
  const held = usable('nonceSecrets', () => resource(() => glue.noncesNew(text), glue.noncesFree))
  const issue = (nowMs: number) =>
    held.use((number) => glue.nonceIssue(number, audience, Math.floor(nowMs / 1000), periodSeconds))
  return {
    issue,
    next(given, nowMs) {
      const seconds = Math.floor(nowMs / 1000)
      const ours =
        given !== undefined &&
        held.use((number) => glue.nonceCheck(number, audience, given, seconds, periodSeconds))
      if (!ours) throw new LingpaiError('use_dpop_nonce')
      const newest = issue(nowMs)
      return newest === given ? undefined : newest
    },
  }
}
