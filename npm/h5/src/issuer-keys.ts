// The issuer's public keys: given, or fetched from where the issuer publishes them, and fetched again when they rotate.
import { checked, type Check } from './browser-crypto.js'
import type { Engine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { askedWaitMs, type Http } from './http.js'
import { pause } from './waiting.js'

const attempts = 4

/** The issuer with its keys. */
export interface IssuerKeys {
  /**
   * Runs a check against the keys. One that fails for an unknown key runs again with keys fetched anew, once; keys that
   * were given are all there is. Where the keys cannot be had the error is retryable: that says nothing about the token,
   * which `token` gives.
   */
  check<T>(check: Check<T>, token: () => string | undefined, signal: AbortSignal): Promise<T>
  /** The keys as JSON, once there are some. */
  json(): string | undefined
}

/** Keeps the keys of an issuer. `known`: keys (JSON) that were given, or kept from before a reload. */
export function createIssuerKeys(
  engine: Pick<Engine, 'Issuer' | 'resendAfterMs'>,
  http: Http,
  issuer: string,
  known: { given?: string | undefined; kept?: string | undefined },
): IssuerKeys {
  let json = known.given
  let parsed = json === undefined ? undefined : new engine.Issuer(issuer, json)
  let fresh = json !== undefined
  if (json === undefined && known.kept !== undefined) {
    try {
      parsed = new engine.Issuer(issuer, known.kept)
      json = known.kept
    } catch {
      // Another version kept them. They are fetched anew.
    }
  }

  const fetchKeys = async (signal: AbortSignal) => {
    const url = `${issuer}/.well-known/jwks.json`
    const startedMs = performance.now()
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await http(url, { signal })
        parsed = readAnswer(answer)
        json = answer.body
        fresh = true
        return parsed
      } catch (thrown) {
        signal.throwIfAborted()
        const error = toLingpaiError(thrown)
        const elapsedMs = performance.now() - startedMs
        const { retryAfterMs } = error
        const waitMs = engine.resendAfterMs(attempt, elapsedMs, Math.random(), retryAfterMs)
        if (attempt === attempts || waitMs === undefined) throw error
        await pause(waitMs, signal)
      }
    }
  }

  // Whatever stands there instead of the keys: a limit, a portal, a deployment under way. None of it is for good.
  const readAnswer = (answer: Awaited<ReturnType<Http>>) => {
    const { status, body } = answer
    const retryAfterMs = askedWaitMs(answer, Date.now())
    try {
      if (status === 200) return new engine.Issuer(issuer, body)
    } catch (cause) {
      throw unavailable({ status, cause })
    }
    if (status === 429) throw new LingpaiError('rate_limited', { status, retryAfterMs })
    throw unavailable({ status, retryAfterMs })
  }

  return {
    json: () => json,
    async check(check, token, signal) {
      const keys = parsed ?? (await fetchKeys(signal))
      try {
        return await checked(keys, check, token)
      } catch (thrown) {
        const error = toLingpaiError(thrown)
        if (error.code !== 'key_not_found' || fresh) throw error
        return await checked(await fetchKeys(signal), check, token)
      } finally {
        // Keys rotate: those of this moment may be old when the next token comes.
        fresh = known.given !== undefined
      }
    },
  }
}

function unavailable(options: object): LingpaiError {
  const message = 'the issuer’s key set is not there'
  return new LingpaiError('temporarily_unavailable', { message, ...options })
}
