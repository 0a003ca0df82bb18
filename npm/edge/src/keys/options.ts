// The options about keys, read once.
import type { Jwk, JwkSet, SharedKey } from '../types.js'
import type { KeySetCache } from './cache.js'
import type { KeysEvent } from './event.js'

/**
 * Keys that are believed: the URL of a JWK Set (https, or http on loopback), a JWK Set, a list of public JWKs, or a key
 * shared with the issuer for HS256. A shared key is never taken from a set.
 */
export type Keys = string | URL | JwkSet | readonly Jwk[] | SharedKey

/** How a remote key set is obtained and kept. */
export interface KeySetOptions {
  /** How long to wait for the issuer's server, at most 60,000. Default: 5000. */
  keysTimeoutMs?: number | undefined
  /**
   * How long an outdated set serves while its server fails, at most 604,800. So long a key can outlive its removal in an
   * outage; without one, it ends with the set's `max-age`, at most an hour. Default: 3600.
   */
  keysStaleSeconds?: number | undefined
  /**
   * A cache that instances of this service share, such as `kvKeySets(env.KEY_SETS)`: a new instance then starts without
   * asking the issuer. Of no use for keys without a URL. Whoever can write to it decides which tokens are accepted.
   */
  keysCache?: KeySetCache | undefined
  /**
   * Public keys of the issuer as of the build. They serve from the first request on, so that a cold start waits for nobody,
   * until the first set has come from the issuer or the shared cache, and never again after that: each new instance accepts
   * a pinned key that the issuer has removed for as long as this takes, and while the issuer cannot be reached. A token that
   * names another key waits for the issuer.
   */
  pinnedKeys?: JwkSet | readonly Jwk[] | undefined
  /** The Unix time from which on the pinned keys are not used any more, whatever happens. Default: none. */
  pinnedUntilSeconds?: number | undefined
  /**
   * Keeps the runtime going for work that no request waits for, such as `waitUntil` of `cloudflare:workers`. Without it, where
   * a runtime ends such work with the request, one request in a while waits for a refresh.
   */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined
  /** The `fetch` that gets a remote key set. */
  fetch?: typeof fetch | undefined
}

/** Where keys come from, and how. */
export interface KeysOptions extends KeySetOptions {
  keys: Keys
  onEvent?: ((event: KeysEvent) => void) | undefined
}

/** {@link KeySetOptions} checked, with defaults. */
export interface KeySetSettings {
  timeoutMs: number
  staleMs: number
  cache: KeySetCache | undefined
  pinnedUntilMs: number
  waitUntil: ((work: Promise<unknown>) => void) | undefined
  fetch: typeof fetch
}

/** Checks the options of a remote set. */
export function readKeySetOptions(options: KeySetOptions): KeySetSettings {
  const { keysCache, waitUntil, pinnedUntilSeconds } = options
  if (keysCache && !(isFunction(keysCache.get) && isFunction(keysCache.put))) {
    throw new TypeError('keysCache: has to have `get` and `put`')
  }
  for (const name of ['waitUntil', 'fetch'] as const) {
    if (options[name] !== undefined && !isFunction(options[name])) {
      throw new TypeError(`${name}: has to be a function`)
    }
  }
  if (pinnedUntilSeconds !== undefined && !options.pinnedKeys) {
    throw new TypeError('pinnedUntilSeconds: there are no `pinnedKeys`')
  }
  return {
    timeoutMs: whole('keysTimeoutMs', options.keysTimeoutMs ?? 5000, 1, 60_000),
    staleMs: 1000 * whole('keysStaleSeconds', options.keysStaleSeconds ?? 3600, 0, 604_800),
    cache: keysCache,
    pinnedUntilMs:
      pinnedUntilSeconds === undefined
        ? Infinity
        : 1000 * whole('pinnedUntilSeconds', pinnedUntilSeconds, 0, 1e11),
    waitUntil,
    // Not bound at creation: Workers and tests replace the global.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  }
}

/** Refuses options that mean nothing where no set is fetched. */
export function refuseRemoteOptions(options: KeySetOptions): void {
  for (const name of ['pinnedKeys', 'pinnedUntilSeconds'] as const) {
    if (options[name] !== undefined) throw new TypeError(`${name}: only where keys are a URL`)
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${name}: has to be a whole number from ${least} to ${most}`)
  }
  return value
}
