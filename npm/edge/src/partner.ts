// The partner's back-end: asks for an access token on one user's click, checks it, and writes the launch address.
import { limitedText } from './body.js'
import type { ErrorCode } from './codes.js'
import { errorCodes } from './codes.js'
import { LingpaiError } from './error.js'
import { engine } from './engine/full.js'
import { keysFrom, type Keys } from './keys/index.js'
import { text } from './option-values.js'
import type { Jwk } from './types.js'

export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export type { Keys } from './keys/index.js'
export type { Jwk, JwkSet } from './types.js'

/** An access token, checked. */
export interface OpenedAccessToken {
  /** The token, for the page. It is worth one visit and soon expires: hand it over at once, never log it. */
  accessToken: string
  clientId: string
  /** The origin of the page that may redeem it. */
  page: string
  scope: string
  /** Unix milliseconds. */
  expiresAt: number
  /** Thumbprint of the page's proof key, if the launch is bound to one. */
  jkt?: string
}

/** Whom the partner believes. */
export interface IssuerOptions {
  /** The authority's address. */
  issuer: string
  /** The issuer's keys. Default: what it publishes at `/.well-known/jwks.json`. */
  keys?: Keys | undefined
  fetch?: typeof fetch | undefined
  /** How far the issuer's clock may differ. Default: 5. */
  clockToleranceSeconds?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** Options of {@link openAccessToken}. */
export interface OpenOptions extends IssuerOptions {
  /** The partner's private encryption key. */
  privateKey: Jwk
}

/** Options of {@link clientAssertion}. */
export interface AssertionOptions {
  clientId: string
  /** The authority's address. */
  issuer: string
  /** The partner's private signing key. */
  privateKey: Jwk
  now?: (() => number) | undefined
}

/** Options of {@link requestAccessToken}. */
export interface RequestOptions extends IssuerOptions {
  clientId: string
  /** The partner's private signing key. */
  signingKey: Jwk
  /** The partner's private encryption key. */
  encryptionKey: Jwk
  /** The partner's own name for its user; the page never sees it. */
  subject: string
  /** The service that the visit is for. */
  audience: string
  /** What the visit may do, separated by spaces. */
  scope: string
  /** The origin of the page. */
  page: string
  /** Thumbprint of the page's proof key (bound launch). */
  jkt?: string | undefined
  /** How long to wait for each answer. Default: 10000. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

const maxAnswerBytes = 32 * 1024

/**
 * Opens the envelope in which an access token arrives and checks the token against the issuer's keys: encryption alone
 * would not tell who sent it. Rejects with a `LingpaiError`.
 */
export async function openAccessToken(
  envelope: string,
  options: OpenOptions,
): Promise<OpenedAccessToken> {
  const { privateKey, issuer, now = Date.now } = options
  if (typeof envelope !== 'string') throw new TypeError('envelope: has to be a string')
  text('issuer', issuer)
  const key = jwkText('privateKey', privateKey)
  const nowMs = now()
  const keys = await issuerKeys(options).get(nowMs)
  const tolerance = options.clockToleranceSeconds ?? 5
  const opened = JSON.parse(
    engine.call((glue) =>
      glue.openAccessToken(envelope, key, issuer, keys, Math.floor(nowMs / 1000), tolerance),
    ),
  ) as OpenedAccessToken
  return { ...opened, expiresAt: opened.expiresAt * 1000 }
}

/** Signs the assertion by which a partner authenticates; each is good for one request within a minute. */
export function clientAssertion(options: AssertionOptions): string {
  const { clientId, issuer, privateKey, now = Date.now } = options
  text('clientId', clientId)
  text('issuer', issuer)
  const key = jwkText('privateKey', privateKey)
  return engine.call((glue) =>
    glue.clientAssertion(clientId, issuer, key, Math.floor(now() / 1000)),
  )
}

/** The address that opens a page with an access token (fragment launch). Prefer a bound launch where the app has a bridge. */
export function launchUrl(h5Url: string | URL, accessToken: string): string {
  text('accessToken', accessToken)
  return engine.call((glue) => glue.launchUrl(String(h5Url), accessToken))
}

/** Asks the authority for an access token and opens it. Rejects with a `LingpaiError`. */
export async function requestAccessToken(options: RequestOptions): Promise<OpenedAccessToken> {
  const { issuer, clientId, signingKey, encryptionKey, now } = options
  for (const name of ['subject', 'audience', 'scope', 'page'] as const) {
    if (typeof options[name] !== 'string') throw new TypeError(`${name}: has to be a string`)
  }
  const form = new URLSearchParams({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion({ clientId, issuer, privateKey: signingKey, now }),
    subject: options.subject,
    audience: options.audience,
    scope: options.scope,
    page: options.page,
    ...(options.jkt === undefined ? {} : { jkt: options.jkt }),
  })
  const envelope = await post(`${issuer}/v1/access-tokens`, form, options)
  const opened = await openAccessToken(envelope, { ...options, privateKey: encryptionKey })
  checkAnswer(opened, options)
  return opened
}

/** Who could answer in the authority's place could hand us a token that was issued to somebody else. */
function checkAnswer(opened: OpenedAccessToken, asked: RequestOptions): void {
  const scopes = asked.scope.split(' ')
  const wider = opened.scope.split(' ').some((name) => name !== '' && !scopes.includes(name))
  if (opened.clientId !== asked.clientId) throw new LingpaiError('client_mismatch')
  if (opened.page !== asked.page) throw new LingpaiError('origin_mismatch')
  if (opened.jkt !== asked.jkt) throw new LingpaiError('key_binding_mismatch')
  if (wider) throw new LingpaiError('scope_exceeded')
}

async function post(url: string, form: URLSearchParams, options: RequestOptions): Promise<string> {
  const { fetch = globalThis.fetch, timeoutMs = 10_000, signal } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const init: RequestInit = {
    method: 'POST',
    // As text: some runtimes add a charset to a URLSearchParams body.
    body: form.toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/jose' },
    redirect: 'manual',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  }
  let status: number
  let body: string
  try {
    const response = await fetch(url, init)
    status = response.status
    body = await limitedText(response, maxAnswerBytes)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw new LingpaiError('network_unavailable', { cause: error })
  }
  if (status === 200) return body
  throw new LingpaiError(codeOf(body) ?? (status >= 500 ? 'server_error' : 'invalid_request'))
}

/** The finest code that an error document names and that we know. */
function codeOf(body: string): ErrorCode | undefined {
  try {
    const { error, error_description } = JSON.parse(body) as Record<string, unknown>
    const known = (code: unknown) => errorCodes.find((one) => one === code)
    return known(error_description) ?? known(error)
  } catch {
    return undefined
  }
}

/** Key sets by address, so that a busy back-end does not fetch one for each click. */
const fetched = new Map<string, ReturnType<typeof keysFrom<string>>>()
const mostFetched = 50

function issuerKeys(options: IssuerOptions): ReturnType<typeof keysFrom<string>> {
  const { keys = `${options.issuer}/.well-known/jwks.json`, fetch } = options
  const make = () => keysFrom<string>({ keys, fetch }, acceptPublic)
  if (fetch !== undefined || (typeof keys !== 'string' && !(keys instanceof URL))) return make()
  const url = String(keys)
  const known = fetched.get(url) ?? make()
  if (!fetched.has(url) && fetched.size < mostFetched) fetched.set(url, known)
  return known
}

function acceptPublic(keys: string, shared: boolean): string {
  if (shared) throw new TypeError('keys: have to be public keys')
  return keys
}

function jwkText(name: string, key: Jwk): string {
  if (typeof key !== 'object' || key === null || typeof key.kty !== 'string') {
    throw new TypeError(`${name}: has to be a JWK`)
  }
  return JSON.stringify(key)
}
