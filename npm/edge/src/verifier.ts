// Verifies a request or a token, in the order of PROTOCOL §5. What a token is worth on its own is decided in the core;
// what needs the request, the host or a store is put in order here.
import { acceptance } from './acceptance.js'
import { credentialsOf } from './credentials.js'
import { trapOf, type Engine, type VerifyGlue } from './engine.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { withHeader } from './headers.js'
import type { Issuer, IssuerKeySet } from './issuers.js'
import { scopeText } from './option-values.js'
import { readOptions, type VerifierOptions } from './options.js'
import { possession, type Possession, type Proof } from './possession.js'
import { problemResponse } from './problem.js'
import { proofStoreOf } from './proof-store.js'
import { refuseRevoked } from './revoked.js'
import { scopeIncludes } from './scope.js'
import type { Checked } from './token-check.js'
import type { Claims, RequestLike } from './types.js'
import { watchOf, type Watch } from './watch.js'

export type { Proof } from './possession.js'
export type { IssuerKeySet } from './issuers.js'

/** A token that may be acted upon. */
export interface Verified {
  readonly claims: Claims
  /** The token as it was presented, sealed or not. */
  readonly token: string
  /** What the issuer's options call it, where they name a tenant. */
  readonly tenant?: string
  /** The proof of possession that came with it, if the token is bound to a key. */
  readonly proof?: Proof
  /** Where the verifier gives nonces: a new one, to be sent as `DPoP-Nonce` because the proof's is about to end. */
  readonly nextNonce?: string
}

/** What one call demands beside the verifier's options. */
export interface DemandOptions {
  /** Scopes that the token must have, separated by spaces; beside those that the issuer's options demand. */
  requiredScope?: string | undefined
}

/** For callers that look at the token alone. */
export interface TokenOptions extends DemandOptions {
  /** Says that the caller checks the proof of a bound token. Without it such a token is refused: `proof_required`. */
  proofCheckedByCaller?: boolean | undefined
  /** Says that the caller asks for revocations, which `verifySync` cannot where the verifier has sources of them. */
  revocationCheckedByCaller?: boolean | undefined
}

/** Checks the tokens that callers of a service bring. */
export interface Verifier {
  /** Verifies a request with all that belongs to it, or a token alone. Rejects with a `LingpaiError`. */
  verify(input: RequestLike | string, options?: TokenOptions): Promise<Verified>
  /**
   * Verifies a token with keys at hand, in the module alone (EdDSA and HS256), without revocation. Throws
   * a `LingpaiError`: `temporarily_unavailable` where keys have not been loaded yet (see `ready`), and
   * `algorithm_not_allowed` for algorithms that need the host's WebCrypto, whose answers have to be awaited.
   */
  verifySync(token: string, options?: TokenOptions): Verified
  /** Loads the key sets ahead of the first token. */
  ready(): Promise<void>
  /** What is at hand of each issuer's keys, for operators: how old, from where, and how often its server has failed since. */
  keySets(): IssuerKeySet[]
  /** The answer to a request that was refused: problem document, challenge, and a nonce where one belongs. */
  refusal(error: unknown, options?: DemandOptions): Response
  /** Wraps a handler: it sees verified requests only; the others get a problem document with the right challenge. */
  protect<R extends RequestLike, A extends unknown[]>(
    handler: (request: R, verified: Verified, ...rest: A) => Response | Promise<Response>,
    options?: DemandOptions,
  ): (request: R, ...rest: A) => Promise<Response>
}

/** The type of `createVerifier`. */
export type CreateVerifier = (options: VerifierOptions) => Verifier

/** Gives `createVerifier` for a module. */
export function verifierOf(engine: Engine<VerifyGlue>): CreateVerifier {
  return (options) => createVerifier(engine, options)
}

function createVerifier(engine: Engine<VerifyGlue>, options: VerifierOptions): Verifier {
  const settings = readOptions(options)
  const { now, challenge, revocation, onEvent } = settings
  const { accept, acceptSync, ready, keySets } = acceptance(engine, settings)
  const proofs: Possession | undefined =
    settings.possession && possession(engine, settings.possession)
  const proofStore = proofStoreOf(settings.possession?.replay, revocation)

  async function verifyRequest(
    request: RequestLike,
    demands: DemandOptions | undefined,
    watch: Watch,
  ): Promise<Verified> {
    const { scheme, token, proof } = credentialsOf(request.headers)
    const [checked, issuer] = await accept(token, watch)
    const { claims, jkt } = checked
    watch.of(checked, issuer)
    if ((jkt !== undefined) !== (scheme === 'DPoP')) throw new LingpaiError('scheme_mismatch')
    requireScope(claims, demands)
    watch.enter('revocation')
    await refuseRevoked(jkt === undefined ? revocation : proofStore.askedBefore, claims)
    let proven: { proof: Proof; nextNonce?: string } | undefined
    if (jkt !== undefined) {
      watch.enter('proof')
      proven = await prove(request, token, proof, jkt, claims, watch)
      watch.proofIssuedAt = proven.proof.issuedAt
    }
    await useUp(checked, watch)
    return { claims, token, ...tenantOf(issuer), ...proven }
  }

  async function prove(
    request: RequestLike,
    token: string,
    proof: string | undefined,
    jkt: string,
    claims: Claims,
    watch: Watch,
  ): Promise<{ proof: Proof; nextNonce?: string }> {
    if (!proofs) {
      const message = 'proof_required (this verifier has no `publicOrigin` and `replay`)'
      throw new LingpaiError('proof_required', { message })
    }
    let asked = false
    try {
      return await proofs.prove(request, token, proof, jkt, now, (key, untilSeconds) => {
        asked = true
        watch.enter('replay')
        return proofStore.burn(claims, key, untilSeconds)
      })
    } catch (error) {
      // The order of refusals stays what it is, whichever question was put first.
      if (isLingpaiError(error) && error.code === 'token_revoked') watch.enter('revocation')
      if (asked) throw error
      watch.enter('revocation')
      await refuseRevoked(proofStore.askedWith, claims)
      watch.enter('proof')
      throw error
    }
  }

  async function verifyToken(
    token: string,
    options: TokenOptions | undefined,
    watch: Watch,
  ): Promise<Verified> {
    const [checked, issuer] = await accept(token, watch)
    const { claims, jkt } = checked
    watch.of(checked, issuer)
    requireProof(jkt, options)
    requireScope(claims, options)
    watch.enter('revocation')
    await refuseRevoked(revocation, claims)
    await useUp(checked, watch)
    return { claims, token, ...tenantOf(issuer) }
  }

  /** Last of all: a request that is refused for any other reason leaves the token as it was. */
  async function useUp({ claims }: Checked, watch: Watch): Promise<void> {
    if (!settings.singleUse) return
    watch.enter('replay')
    const text = engine.call(() => engine.glue.singleUse(JSON.stringify(claims)))
    const { burn, burnUntil } = JSON.parse(text) as { burn: string; burnUntil: number }
    let fresh: boolean
    try {
      fresh = await settings.singleUse.burn(burn, burnUntil)
    } catch (error) {
      throw new LingpaiError('storage_unavailable', { cause: error })
    }
    if (fresh !== true) throw new LingpaiError('replayed')
  }

  async function verify(
    input: RequestLike | string,
    options: TokenOptions | undefined,
    watch: Watch,
  ): Promise<Verified> {
    const request = typeof input === 'string' ? undefined : requestOf(input)
    try {
      const verified = await (request
        ? verifyRequest(request, options, watch)
        : verifyToken(input as string, options, watch))
      onEvent?.(watch.verified(now()))
      return verified
    } catch (error) {
      // A function of the service that throws, or an address that is none.
      const refusal = isLingpaiError(error) ? error : new LingpaiError('internal', { cause: error })
      reportRefusal(refusal, watch)
      throw refusal
    } finally {
      watch.end()
    }
  }

  function verifySync(token: string, options: TokenOptions | undefined, watch?: Watch): Verified {
    const [checked, issuer] = acceptSync(token, watch)
    watch?.of(checked, issuer)
    requireProof(checked.jkt, options)
    requireScope(checked.claims, options)
    return { claims: checked.claims, token, ...tenantOf(issuer) }
  }

  function reportRefusal(error: LingpaiError, watch: Watch): void {
    const trap = trapOf(error)
    if (trap) onEvent?.({ type: 'trap', recovered: trap.recovered })
    onEvent?.(watch.refused(error))
  }

  const measured = onEvent !== undefined

  function refusal(error: unknown, demands?: DemandOptions): Response {
    const more = scopeText('requiredScope', demands?.requiredScope ?? '')
    const scope = [challenge.scope, more].filter(Boolean).join(' ')
    const nonce =
      isLingpaiError(error) && error.code === 'use_dpop_nonce' ? proofs?.nonce(now()) : undefined
    return problemResponse(error, { ...challenge, scope, nonce })
  }

  return {
    verify: (input, options) => verify(input, options, watchOf(measured)),
    verifySync(token, options) {
      if (typeof token !== 'string') throw new TypeError('token: has to be a string')
      if (settings.singleUse) {
        throw new TypeError('verifySync: cannot use tokens up; `singleUse` needs verify()')
      }
      if (revocation.length > 0 && !options?.revocationCheckedByCaller) {
        throw new TypeError(
          'verifySync: cannot ask for revocations; say `revocationCheckedByCaller`',
        )
      }
      if (!onEvent) return verifySync(token, options)
      const watch = watchOf(measured)
      try {
        const verified = verifySync(token, options, watch)
        onEvent(watch.verified(now()))
        return verified
      } catch (error) {
        if (isLingpaiError(error)) reportRefusal(error, watch)
        throw error
      }
    },
    ready,
    keySets,
    refusal,
    protect(handler, demands) {
      scopeText('requiredScope', demands?.requiredScope ?? '')
      return async (request, ...rest) => {
        const timed = settings.serverTiming(request)
        const watch = watchOf(measured || timed)
        let verified: Verified
        try {
          verified = await verify(request, demands, watch)
        } catch (error) {
          return watch.stamped(refusal(error, demands), timed)
        }
        const response = await handler(request, verified, ...rest)
        const { nextNonce } = verified
        const answer =
          nextNonce === undefined ? response : withHeader(response, 'DPoP-Nonce', nextNonce)
        return watch.stamped(answer, timed)
      }
    },
  }
}

function tenantOf({ tenant }: Issuer): { tenant?: string } {
  return tenant === undefined ? {} : { tenant }
}

function requireProof(jkt: string | undefined, options: TokenOptions | undefined): void {
  if (jkt !== undefined && !options?.proofCheckedByCaller) throw new LingpaiError('proof_required')
}

function requireScope(claims: Claims, demands: DemandOptions | undefined): void {
  const required = demands?.requiredScope
  if (required !== undefined && !scopeIncludes(claims.scope, required)) {
    throw new LingpaiError('insufficient_scope')
  }
}

function requestOf(input: RequestLike): RequestLike {
  if (typeof input?.headers?.get !== 'function') {
    throw new TypeError('request: has to be a Request or a token')
  }
  return input
}
