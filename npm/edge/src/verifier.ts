// Verifies a request or a token, in the order of PROTOCOL §5. What a token is worth on its own is decided in the core;
// what needs the request or a store is put in order here.
import { credentialsOf, type Credentials } from './credentials.js'
import type { Engine, Resource, VerifyGlue } from './engine.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { keysFrom } from './keys/index.js'
import { problemResponse } from './problem.js'
import { readOptions, type VerifierEvent, type VerifierOptions } from './options.js'
import { seenTokens } from './seen.js'
import type { Claims, RequestLike } from './types.js'

/** A token that may be acted upon. */
export interface Verified {
  readonly claims: Claims
  /** The token as it was presented. */
  readonly token: string
  /** The proof of possession that came with it, if the token is bound to a key. */
  readonly proof?: { readonly jkt: string; readonly jti: string }
}

/** For callers that look at the token alone. */
export interface TokenOptions {
  /** Says that the caller checks the proof of a bound token. Without it such a token is refused: `proof_required`. */
  proofCheckedByCaller?: boolean | undefined
}

/** Checks tokens of one issuer for one service. */
export interface Verifier {
  /** Verifies a request with all that belongs to it, or a token alone. Rejects with a `LingpaiError`. */
  verify(input: RequestLike | string, options?: TokenOptions): Promise<Verified>
  /**
   * Verifies a token with keys at hand, without revocation. Throws a `LingpaiError`; `temporarily_unavailable` where a
   * remote key set has not been loaded yet (see `ready`).
   */
  verifySync(token: string, options?: TokenOptions): Verified
  /** Loads a remote key set ahead of the first token. */
  ready(): Promise<void>
  /** Wraps a handler: it sees verified requests only; the others get a problem document with the right challenge. */
  protect<R extends RequestLike, A extends unknown[]>(
    handler: (request: R, verified: Verified, ...rest: A) => Response | Promise<Response>,
  ): (request: R, ...rest: A) => Promise<Response>
}

/** What the core says about a token, for as long as it says so: `from` ≤ now < `until`, in Unix seconds. */
interface Checked {
  claims: Claims
  from?: number
  until: number
  jkt?: string
}

/** Makes a verifier. Throws a `TypeError` that names the option where one is wrong. */
export type CreateVerifier = (options: VerifierOptions) => Verifier

/** What makes verifiers that work with a module. */
export function verifierOf(engine: Engine<VerifyGlue>): CreateVerifier {
  return (options) => createVerifier(engine, options)
}

function createVerifier(engine: Engine<VerifyGlue>, options: VerifierOptions): Verifier {
  const { call, glue, resource } = engine
  const settings = readOptions(options)
  const seen = seenTokens<Checked>(settings.cacheSize)
  const config = JSON.stringify(settings.policy)
  const keys = keysFrom<Resource>(
    options,
    (text, shared) => {
      const verifier = resource(() => glue.verifierNew(config, text, shared), glue.verifierFree)
      // Tokens of a key that is gone are not to be believed any longer.
      seen.clear()
      return verifier
    },
    (old) => old.free(),
  )

  function check(verifier: Resource, token: string, now: number): Checked {
    const known = seen.get(token)
    if (known && (known.from === undefined || now >= known.from) && now < known.until) return known
    const text = verifier.use((number) => glue.verifierVerify(number, token, now, 3))
    const checked = JSON.parse(text) as Checked
    deepFreeze(checked.claims)
    seen.set(token, checked)
    return checked
  }

  async function checkWithKeys(token: string, nowMs: number): Promise<Checked> {
    const verifier = await keys.get(nowMs)
    try {
      return check(verifier, token, seconds(nowMs))
    } catch (error) {
      if (!isLingpaiError(error) || error.code !== 'key_not_found') throw error
      const renewed = await keys.renew(nowMs)
      if (renewed === undefined) throw error
      return check(renewed, token, seconds(nowMs))
    }
  }

  async function refuseRevoked(claims: Claims): Promise<void> {
    if (!settings.revocation) return
    let revoked: boolean
    try {
      revoked = await settings.revocation.isRevoked(claims)
    } catch (error) {
      throw new LingpaiError('storage_unavailable', { cause: error })
    }
    if (revoked) throw new LingpaiError('token_revoked')
  }

  async function checkProof(
    request: RequestLike,
    { proof, token }: Credentials,
    jkt: string,
  ): Promise<{ jkt: string; jti: string }> {
    const { possession } = settings
    if (!possession) {
      const message = 'proof_required (this verifier has no `publicOrigin` and `replay`)'
      throw new LingpaiError('proof_required', { message })
    }
    if (proof === undefined) throw new LingpaiError('proof_required')
    const url = possession.publicOrigin + pathOf(request.url)
    const { method } = request
    const window = possession.windowSeconds
    // Not the time at which the request came: keys and revocation may have taken a while.
    const nowMs = settings.now()
    const text = call(() =>
      glue.proofVerify(proof, method, url, token, jkt, seconds(nowMs), window, 3),
    )
    const checked = JSON.parse(text) as { jti: string; burn: string; burnUntil: number }
    // Burned last: a request that is refused for another reason uses nothing up.
    if (possession.replay !== 'unchecked') {
      let fresh: boolean
      try {
        fresh = await possession.replay.burn(checked.burn, checked.burnUntil)
      } catch (error) {
        throw new LingpaiError('storage_unavailable', { cause: error })
      }
      if (fresh !== true) throw new LingpaiError('proof_replayed')
    }
    return { jkt, jti: checked.jti }
  }

  async function verifyRequest(request: RequestLike): Promise<Verified> {
    const nowMs = settings.now()
    const credentials = credentialsOf(request.headers)
    const { scheme, token } = credentials
    const { claims, jkt } = await checkWithKeys(token, nowMs)
    if ((jkt !== undefined) !== (scheme === 'DPoP')) throw new LingpaiError('scheme_mismatch')
    await refuseRevoked(claims)
    if (jkt === undefined) return { claims, token }
    return { claims, token, proof: await checkProof(request, credentials, jkt) }
  }

  async function verifyToken(token: string, options?: TokenOptions): Promise<Verified> {
    const { claims, jkt } = await checkWithKeys(token, settings.now())
    requireProof(jkt, options)
    await refuseRevoked(claims)
    return { claims, token }
  }

  async function verify(input: RequestLike | string, options?: TokenOptions): Promise<Verified> {
    try {
      const request = typeof input === 'string' ? undefined : requestOf(input)
      const verified = await (request
        ? verifyRequest(request)
        : verifyToken(String(input), options))
      report({ type: 'verified' })
      return verified
    } catch (error) {
      if (isLingpaiError(error)) report({ type: 'refused', code: error.code })
      throw error
    }
  }

  function report(event: VerifierEvent): void {
    settings.onEvent?.(event)
  }

  return {
    verify,
    verifySync(token, options) {
      if (typeof token !== 'string') throw new TypeError('token: has to be a string')
      const nowMs = settings.now()
      const verifier = keys.current(nowMs)
      if (!verifier) {
        const message = 'the key set has not been loaded: await ready() first'
        throw new LingpaiError('temporarily_unavailable', { message })
      }
      const { claims, jkt } = check(verifier, token, seconds(nowMs))
      requireProof(jkt, options)
      return { claims, token }
    },
    async ready() {
      await keys.get(settings.now())
    },
    protect:
      (handler) =>
      async (request, ...rest) => {
        let verified: Verified
        try {
          verified = await verify(request)
        } catch (error) {
          return problemResponse(error, settings.challenge)
        }
        return handler(request, verified, ...rest)
      },
  }
}

function requireProof(jkt: string | undefined, options: TokenOptions | undefined): void {
  if (jkt !== undefined && !options?.proofCheckedByCaller) throw new LingpaiError('proof_required')
}

function requestOf(input: RequestLike): RequestLike {
  if (typeof input?.headers?.get !== 'function') {
    throw new TypeError('request: has to be a Request or a token')
  }
  return input
}

/** The path as the request line has it: `URL` leaves escapes alone, the core brings them into normal form. */
function pathOf(url: string): string {
  return new URL(url, 'http://localhost').pathname
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
}
