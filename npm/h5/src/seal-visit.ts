// A visit for people with a transport of their own: seals the request and opens its answer, and touches nothing else.
import { agree, checked } from './browser-crypto.js'
import { loadEngine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import type { Granted } from './exchange.js'
import type { VisitClaims } from './holding.js'
import { checkServiceUrl, readKeys, type JsonWebKeySet } from './options.js'

/** Options of {@link sealVisit}. */
export interface SealVisitOptions {
  /** The access token that the launch brought. */
  accessToken: string
  /** Base address of the issuer whose tokens are accepted. */
  issuer: string
  /** The issuer's JWK Set. */
  keys: JsonWebKeySet
  /** Base address of the gateway. If given, the access token has to be redeemable there. */
  gateway?: string
  /** Thumbprint (RFC 7638) of your DPoP key; the visit token will be bound to it. */
  proofKeyThumbprint?: string
  /** Unix time in milliseconds, for `clockOffsetMs`. Default `Date.now`. */
  now?: () => number
}

/** A sealed request, and the one answer that it accepts. */
export interface SealedVisit {
  /** The body of `POST {gateway}/v1/visits`, `application/jose`. May be sent again as it is while no answer came. */
  request: string
  /** SHA-256 of the request (base64url), which its answer names. */
  requestHash: string
  /**
   * Opens the answer and checks all of it. Rejects with the authority's refusal, with `answer_mismatch` for the answer to
   * another request, or with what does not hold.
   */
  open(response: string): Promise<VisitAnswer>
}

/** A visit that was granted. */
export interface VisitAnswer {
  /** The visit token. */
  token: string
  claims: VisitClaims
  refreshToken?: string
  /** The gateway's key for the next request, a JWK. */
  appKey: object
  /** How far the authority's clock is ahead of yours, in milliseconds. */
  clockOffsetMs: number
}

/** Seals the request that redeems an access token. R stays inside, and is wiped with the object. */
export async function sealVisit(options: SealVisitOptions): Promise<SealedVisit> {
  const { accessToken, issuer, gateway, proofKeyThumbprint, now = Date.now } = options
  if (typeof accessToken !== 'string') throw new TypeError('accessToken: a string')
  checkServiceUrl('issuer', issuer)
  if (gateway !== undefined) checkServiceUrl('gateway', gateway)
  const keys = readKeys(options.keys)
  const engine = await loadEngine()
  try {
    const trusted = new engine.Issuer(issuer, keys)
    const visitsUrl = gateway && `${gateway}/v1/visits`
    const token = await checked(
      trusted,
      (issuer, vouched) => engine.AccessToken.verify(accessToken, issuer, visitsUrl, vouched),
      () => accessToken,
    )
    const { appKey } = JSON.parse(token.facts()) as { appKey: object }
    const agreed = await agree(engine, JSON.stringify(appKey))
    const exchange = engine.Exchange.sealVisit(token, proofKeyThumbprint, ...agreed)
    token.free()
    return {
      request: exchange.request,
      requestHash: exchange.requestHash,
      async open(response) {
        if (typeof response !== 'string') throw new TypeError('response: a string')
        try {
          const opening = checked(
            trusted,
            (issuer, vouched) => exchange.open(response, issuer, vouched),
            () => exchange.unverifiedToken(response),
          )
          return answerOf(JSON.parse(await opening), now())
        } catch (error) {
          throw toLingpaiError(error)
        }
      },
    }
  } catch (error) {
    throw toLingpaiError(error)
  }
}

type Opened = Granted & { nowSeconds: number; code?: Granted[keyof Granted] }

function answerOf(opened: Opened, nowMs: number): VisitAnswer {
  if (opened.code !== undefined) throw new LingpaiError(opened.code as LingpaiError['code'])
  const { token, claims, refreshToken, appKey, nowSeconds } = opened
  return {
    token,
    claims: JSON.parse(claims),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    appKey: JSON.parse(appKey),
    clockOffsetMs: nowSeconds * 1000 - nowMs,
  }
}
