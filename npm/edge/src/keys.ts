// The three places a verifier's keys come from, as one.
import { isLingpaiError } from './error.js'
import { remote, type KeysEvent, type Remote } from './remote.js'
import type { Jwk, JwkSet, SharedKey } from './types.js'

/**
 * Keys that are believed: the URL of a JWK Set (https, or http on loopback), a JWK Set, a list of public JWKs, or a key
 * shared with the issuer for HS256. A shared key is never taken from a set.
 */
export type Keys = string | URL | JwkSet | readonly Jwk[] | SharedKey

/** How keys are obtained. */
export interface KeysOptions {
  keys: Keys
  fetch?: typeof fetch | undefined
  keysTimeoutMs?: number | undefined
  keysStaleSeconds?: number | undefined
  onEvent?: ((event: KeysEvent) => void) | undefined
}

/** Makes something of keys, once for fixed ones and again for each set that is fetched. */
export function keysFrom<T>(
  options: KeysOptions,
  accept: (keys: string, shared: boolean) => T,
  release?: (old: T) => void,
): Remote<T> {
  const { keys } = options
  if (typeof keys === 'string' || keys instanceof URL) {
    return remote({
      url: secureUrl(keys),
      accept: (text) => accept(text, false),
      ...(release ? { release } : {}),
      // Not bound at creation: Workers and tests replace the global.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      timeoutMs: options.keysTimeoutMs ?? 5000,
      staleSeconds: options.keysStaleSeconds ?? 3600,
      onEvent: options.onEvent,
    })
  }
  if (typeof keys !== 'object' || keys === null) throw new TypeError(`keys: ${expected}`)
  try {
    return fixed(
      'kty' in keys
        ? accept(JSON.stringify(sharedOnly(keys as SharedKey)), true)
        : accept(JSON.stringify(Array.isArray(keys) ? { keys } : keys), false),
    )
  } catch (error) {
    // Keys that do not do are wrong usage here, and an outage where they are fetched. The message never shows them.
    if (isLingpaiError(error) && error.code !== 'internal') {
      throw new TypeError(`keys: ${error.message}`)
    }
    throw error
  }
}

const expected = 'give the URL of a JWK Set, a JWK Set, an array of JWKs, or a shared key'

function sharedOnly(key: SharedKey): SharedKey {
  if (key.kty !== 'oct')
    throw new TypeError(`keys: ${expected}; a single public JWK goes into an array`)
  return key
}

function secureUrl(text: string | URL): URL {
  if (!URL.canParse(String(text))) throw new TypeError('keys: not an absolute URL')
  const url = new URL(text)
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new TypeError('keys: the URL has to be https (http on loopback only)')
  }
  return url
}

function fixed<T>(value: T): Remote<T> {
  return {
    current: () => value,
    get: async () => value,
    renew: async () => undefined,
  }
}
