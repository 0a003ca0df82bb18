// The issuer's public keys: given, or fetched from where the issuer publishes them, and fetched again when they rotate.
import type { Engine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import type { Http } from './http.js'
import { pause } from './waiting.js'
import type { Issuer } from './wasm/lingpai_h5_bg.js'

const attempts = 4

/** The issuer with its keys. */
export interface IssuerKeys {
  /**
   * Runs a check against the keys. One that fails for an unknown key runs again with keys fetched anew, once; keys that
   * were given are all there is.
   */
  check<T>(verify: (issuer: Issuer) => T, signal: AbortSignal): Promise<T>
  /** The keys as JSON, once there are some. */
  json(): string | undefined
}

/** Keeps the keys of an issuer. `known`: keys (JSON) that were given, or kept from before a reload. */
export function createIssuerKeys(
  engine: Engine,
  http: Http,
  issuer: string,
  known: { given?: string | undefined; kept?: string | undefined },
): IssuerKeys {
  let json = known.given ?? known.kept
  let parsed = json === undefined ? undefined : new engine.Issuer(issuer, json)
  let fresh = known.given !== undefined

  const fetchKeys = async (signal: AbortSignal) => {
    const url = `${issuer}/.well-known/jwks.json`
    for (let attempt = 1; ; attempt++) {
      try {
        const { status, body } = await http(url, { signal })
        if (status >= 500) throw new LingpaiError('temporarily_unavailable', { status })
        if (status !== 200)
          throw new LingpaiError('key_not_found', { message: 'no key set there', status })
        parsed = new engine.Issuer(issuer, body)
        json = body
        fresh = true
        return parsed
      } catch (thrown) {
        const error = toLingpaiError(thrown)
        if (!error.retryable || attempt === attempts) throw error
        await pause(engine.resendAfterMs(attempt, 0, Math.random()) ?? 0, signal)
      }
    }
  }

  return {
    json: () => json,
    async check(verify, signal) {
      const keys = parsed ?? (await fetchKeys(signal))
      try {
        return verify(keys)
      } catch (thrown) {
        const error = toLingpaiError(thrown)
        if (error.code !== 'key_not_found' || fresh) throw error
        return verify(await fetchKeys(signal))
      } finally {
        // Keys rotate: those of this moment may be old when the next token comes.
        fresh = known.given !== undefined
      }
    },
  }
}
