// Where a verifier gets its keys from, as its user sees it. Times are Unix milliseconds, and always the caller's.

/** Keys that may have to be fetched, in the form that was made of them. */
export interface KeySource<T> {
  /**
   * The keys, where they can be had without waiting: as `get` would serve them at once, so an outdated set only while its
   * server fails. A load that is due begins behind the caller's back.
   */
  current(now: number): T | undefined
  /** The keys, fetched where that is due; rejects with a `LingpaiError` that is retryable where there are none. */
  get(now: number): Promise<T>
  /**
   * Other keys than `get` gave, after one was looked for in vain; `undefined` where there are none, or where the last look
   * was just now. Rejects where it cannot be told, because the set at hand is outdated or pinned and its server fails.
   */
  renew(now: number): Promise<T | undefined>
  /** What is at hand, for operators. */
  state(now: number): KeysState
}

/** The state of a key set. */
export interface KeysState {
  /** Where the keys at hand come from: the options, the issuer's server, the shared cache, the pinned set. */
  source: 'configured' | 'network' | 'cache' | 'pinned' | 'none'
  /** `unusable`: too old, or none. */
  condition: 'fresh' | 'stale' | 'pinned' | 'unusable'
  /** When the issuer's server was asked for the set at hand. */
  fetchedAtMs?: number
  /** Until then it is used without asking. */
  freshUntilMs?: number
  /** Until then it serves while its server fails. */
  staleUntilMs?: number
  /** Failures of the server since its last good answer. */
  failures: number
}

/** Keys that never change. */
export function fixed<T>(value: T): KeySource<T> {
  return {
    current: () => value,
    get: async () => value,
    renew: async () => undefined,
    state: () => ({ source: 'configured', condition: 'fresh', failures: 0 }),
  }
}
