// A replay store in the memory of one process. Not for services of several processes, isolates or machines: each of them
// would accept the same proof once.
import { expiries } from './expiries.js'
import { whole } from './options.js'
import type { ReplayStore } from './types.js'

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayOptions {
  /** How many things that were used are remembered; when full, nothing is accepted until one ends. Default: 100 000. */
  maxEntries?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** A replay store that says how much it holds. */
export interface MemoryReplayStore extends ReplayStore {
  /** How many things are remembered; those that have ended are dropped at the next use. */
  readonly size: number
}

const leastSeconds = 60

/**
 * Makes a store for a service that runs as one process, such as one Node server. It forgets with the process. When it is
 * full it rejects, and requests are refused with `storage_unavailable`: to forget a proof early is to accept it twice.
 */
export function memoryReplayStore(options: MemoryReplayOptions = {}): MemoryReplayStore {
  const maxEntries = whole('maxEntries', options.maxEntries ?? 100_000, 10_000_000)
  const now = options.now ?? Date.now
  const used = new Set<string>()
  const byEnd = expiries()
  return {
    get size() {
      return used.size
    },
    // Nothing is awaited between looking and writing.
    async burn(key, untilSeconds) {
      const seconds = now() / 1000
      for (const ended of byEnd.takeUntil(seconds)) used.delete(ended)
      if (used.has(key)) return false
      if (used.size >= maxEntries) throw new Error('the replay store is full')
      used.add(key)
      // For a while in any case: the clock that `untilSeconds` was made with may be behind this one.
      byEnd.add(key, Math.max(untilSeconds, Math.ceil(seconds) + leastSeconds))
      return true
    },
  }
}
