// What operators are told of an issuer's key set. Nothing that a token says is in it, no `kid` either.

/** Something happened to a remote key set, or was served from it. */
export interface KeysEvent {
  type: 'keys'
  outcome: KeysOutcome
  /** Which set: its configured address without the query. */
  keySet: string
  /** With `failed`: what was wrong with the answer. */
  failure?: KeysFailure
  /** With `failed`: the answer's HTTP status, if one came. */
  status?: number
}

/**
 * - `loaded`: another set came from the issuer's server, or the same one in full. `not_modified`: it confirmed ours (304).
 * - `failed`: the server had no set for us.
 * - `cache_hit`: a set came from the shared cache. `cache_ignored`: an entry there was damaged, over, from the future, or no
 *   set. `cache_failed`: the shared cache could not be read or written, or not in time.
 * - `stale_served`: tokens are looked at with a set whose time is over, while its server fails. `pinned_served`: with the
 *   pinned keys, because no set has come yet. Both are told once between two attempts to load.
 * - `unknown_kid`: a token named a key that the set does not have.
 */
export type KeysOutcome =
  | 'loaded'
  | 'not_modified'
  | 'failed'
  | 'cache_hit'
  | 'cache_ignored'
  | 'cache_failed'
  | 'stale_served'
  | 'pinned_served'
  | 'unknown_kid'

/**
 * `network`: no connection, or none that held. `timeout`: no complete answer in time. `status`: neither 200 nor an expected
 * 304. `redirect`, `content_type`, `too_large`: as they say. `body`: cut off, or not UTF-8. `not_a_set`: something else
 * than a usable set of public keys.
 */
export type KeysFailure =
  | 'network'
  | 'timeout'
  | 'status'
  | 'redirect'
  | 'content_type'
  | 'too_large'
  | 'body'
  | 'not_a_set'
