// The places a verifier's keys come from, as one.
import { usable } from '../option-values.js'
import type { SharedKey } from '../types.js'
import { readKeySetOptions, refuseRemoteOptions, type KeysOptions } from './options.js'
import { remote } from './remote.js'
import { fixed, type KeySource } from './source.js'

export { cacheApiKeySets, kvKeySets } from './cache.js'
export type { CacheLike, KeySetCache, KvNamespaceLike } from './cache.js'
export type { KeysEvent, KeysFailure, KeysOutcome } from './event.js'
export type { Keys, KeySetOptions, KeysOptions } from './options.js'
export type { KeySource, KeysState } from './source.js'

/**
 * Makes something of keys: once of fixed ones, again for each other set that comes from a server. `accept` throws where the
 * text is no set; `release` gets what has been replaced.
 */
export function keysFrom<T>(
  options: KeysOptions,
  accept: (keys: string, shared: boolean) => T,
  release?: (old: T) => void,
): KeySource<T> {
  const { keys, pinnedKeys } = options
  if (typeof keys === 'string' || keys instanceof URL) {
    const url = secureUrl(keys)
    const settings = readKeySetOptions(options)
    return remote({
      ...settings,
      url,
      accept: (text) => accept(text, false),
      release,
      pinned:
        pinnedKeys && usable('pinnedKeys', () => accept(setText('pinnedKeys', pinnedKeys), false)),
      onEvent: options.onEvent,
    })
  }
  if (typeof keys !== 'object' || keys === null) throw new TypeError(`keys: ${expected}`)
  refuseRemoteOptions(options)
  return fixed(
    usable('keys', () =>
      'kty' in keys
        ? accept(JSON.stringify(sharedOnly(keys as SharedKey)), true)
        : accept(setText('keys', keys), false),
    ),
  )
}

const expected = 'give the URL of a JWK Set, a JWK Set, an array of JWKs, or a shared key'

function setText(name: string, keys: unknown): string {
  if (typeof keys !== 'object' || keys === null || 'kty' in keys) {
    throw new TypeError(`${name}: has to be a JWK Set or an array of JWKs`)
  }
  return JSON.stringify(Array.isArray(keys) ? { keys } : keys)
}

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
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('keys: the URL has to be without a user and password')
  }
  return url
}
