// The options of createTokenizer, checked once: wrong usage is a TypeError that names the option.
import { checkServiceUrl, readKeys, type JsonWebKeySet } from '../options.js'
import type { Page } from '../page.js'
import { borrow } from '../visit-keys.js'
import type { Visit } from '../visit.js'
import type { TokenizerEvent } from './events.js'
import type { TokenizerStore } from './store.js'

/** How a service without a visit gets to the vault. */
export interface Authorization {
  /** `fetch` that adds the service's own token (and proof) with the scopes `tokenize:<field>`. */
  fetch: typeof fetch
  /**
   * A DPoP proof by the key that policies are bound to. Left out, policies have to be without `cnf`.
   */
  prove?: (request: {
    method: string
    url: string
    token: string
    nonce?: string
  }) => string | Promise<string>
  /** Thumbprint (RFC 7638) of that key. */
  proofKeyThumbprint?: string
}

/** Options of {@link createTokenizer}. */
export interface TokenizerOptions {
  /** The visit whose user the values belong to. Give this or `authorization`. */
  visit?: Visit
  /** For services: how requests are authorised. */
  authorization?: Authorization
  /** Base address of the gateway. Default: the visit's. */
  gateway?: string
  /** Base address of the issuer whose policies are accepted. Default: the visit's. */
  issuer?: string
  /** The issuer's JWK Set. Default: the visit's, or what `{issuer}/.well-known/jwks.json` says. */
  keys?: JsonWebKeySet
  /**
   * Where operations wait while the vault is away; closed with the tokenizer only if it opened it. Default: the store of
   * `@lingpai/h5/store` in pages, memory elsewhere. Without a durable store nothing is given out that the vault does not know.
   */
  store?: TokenizerStore
  /**
   * For services: an HMAC key (SHA-256, `sign`) that is not extractable and the same in each process that shares the
   * store, so that the same value gets the same token. Pages keep one of their own.
   */
  lookupKey?: CryptoKey
  /** How long the vault has for an answer before the value is tokenized without it. Default 2000. */
  onlineTimeoutMs?: number
  /** Unix time in milliseconds. Default `Date.now`. */
  now?: () => number
  /** Told about everything that happens. No event holds a value, a token or a key. */
  onEvent?: (event: TokenizerEvent) => void
  /** Gives up. */
  signal?: AbortSignal
}

/** Options that were checked, with the defaults in place. */
export interface Settings {
  page: Page | undefined
  visit: Visit | undefined
  authorization: Authorization | undefined
  gateway: string
  issuer: string
  keys: string | undefined
  store: TokenizerStore | undefined
  lookupKey: CryptoKey | undefined
  onlineTimeoutMs: number
  now: () => number
  onEvent: ((event: TokenizerEvent) => void) | undefined
  signal: AbortSignal | undefined
}

/** Checks the options. */
export function readOptions(options: TokenizerOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: an object')
  const { visit, authorization, store, lookupKey, onEvent, signal } = options
  if (!visit === !authorization) throw new TypeError('visit: give this or authorization')
  const page = visit && borrow(visit)
  if (visit && !page) throw new TypeError('visit: what openVisit gave')
  if (authorization) checkAuthorization(authorization)
  const gateway = options.gateway ?? page?.settings.gateway
  const issuer = options.issuer ?? page?.settings.issuer
  checkServiceUrl('gateway', gateway)
  checkServiceUrl('issuer', issuer)
  const { now = Date.now, onlineTimeoutMs = 2_000 } = options
  if (!(onlineTimeoutMs > 0)) throw new TypeError('onlineTimeoutMs: a number of milliseconds')
  for (const [name, value] of Object.entries({ now, onEvent })) {
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${name}: a function`)
  }
  if (store !== undefined && typeof store?.write !== 'function') {
    throw new TypeError('store: what openStore gives, or a store of your own')
  }
  if (lookupKey && (lookupKey.extractable || lookupKey.algorithm?.name !== 'HMAC')) {
    throw new TypeError('lookupKey: an HMAC key that is not extractable')
  }
  const given = options.keys ?? page?.settings.keys
  return {
    ...{ page, visit, authorization, gateway, issuer, store, lookupKey, onlineTimeoutMs },
    ...{ now, onEvent, signal },
    keys: given && readKeys(given),
  }
}

function checkAuthorization(authorization: Authorization): void {
  const { fetch, prove, proofKeyThumbprint } = authorization
  if (typeof fetch !== 'function') throw new TypeError('authorization.fetch: a function')
  if (prove !== undefined && typeof prove !== 'function')
    throw new TypeError('authorization.prove: a function')
  if (!prove !== !proofKeyThumbprint)
    throw new TypeError('authorization.proofKeyThumbprint: together with prove')
}
