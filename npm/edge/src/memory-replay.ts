// A replay store in the memory of one process. Not for services of several processes, isolates or machines: each of them
// would accept the same proof once.
import { expiries } from './expiries.js'
import { whole } from './option-values.js'
import type { ReplayStore } from './types.js'

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayOptions {
  /** How many things that were used are remembered; when full, nothing is accepted until one ends. Default: 100 000. */
  maxEntries?: number | undefined
  /**
   * How many of them may be proofs of one key, so that one client cannot fill the store for all others; beyond that, its
   * further proofs are not accepted until one ends, about a minute after it was made. Default: a twentieth of `maxEntries`,
   * but at least 100: 70 requests a second of each client.
   */
  maxProofsPerKey?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** A replay store that says how much it holds. */
export interface MemoryReplayStore extends ReplayStore {
  /** How many things are remembered; those that have ended are dropped at the next use. */
  readonly size: number
}

const leastSeconds = 60
const fewProofs = 100

/**
 * Makes a store for a service that runs as one process, such as one Node server. It forgets with the process. When it is
 * full it rejects, and requests are refused with `storage_unavailable`: to forget a proof early is to accept it twice.
 */
export function memoryReplayStore(options: MemoryReplayOptions = {}): MemoryReplayStore {
  const maxEntries = whole('maxEntries', options.maxEntries ?? 100_000, 10_000_000)
  const maxProofsPerKey =
    options.maxProofsPerKey === undefined
      ? Math.max(Math.ceil(maxEntries / 20), fewProofs)
      : whole('maxProofsPerKey', options.maxProofsPerKey, maxEntries, 1)
  const now = options.now ?? Date.now
  const used = new Set<string>()
  const byEnd = expiries()
  /** Proof keys and how many of their proofs are in `used`. */
  const proofsOf = new Map<string, number>()

  function forget(entry: string): void {
    used.delete(entry)
    const key = proofKeyOf(entry)
    if (key === undefined) return
    const left = (proofsOf.get(key) ?? 0) - 1
    if (left > 0) proofsOf.set(key, left)
    else proofsOf.delete(key)
  }

  return {
    get size() {
      return used.size
    },
    // Nothing is awaited between looking and writing.
    async burn(entry, untilSeconds) {
      const seconds = now() / 1000
      for (const ended of byEnd.takeUntil(seconds)) forget(ended)
      if (used.has(entry)) return false
      if (used.size >= maxEntries) throw new Error('the replay store is full')
      const key = proofKeyOf(entry)
      if (key !== undefined) {
        const proofs = proofsOf.get(key) ?? 0
        if (proofs >= maxProofsPerKey)
          throw new Error('the replay store is full for this proof key')
        proofsOf.set(key, proofs + 1)
      }
      used.add(entry)
      // For a while in any case: the clock that `untilSeconds` was made with may be behind this one.
      byEnd.add(entry, Math.max(untilSeconds, Math.ceil(seconds) + leastSeconds))
      return true
    },
  }
}

/**
 * The owner in `proof/owner/id`: a key that a client made, who can make any number of proofs with it. What else is used once
 * belongs to an issuer, who makes as many as there are.
 */
function proofKeyOf(entry: string): string | undefined {
  return entry.startsWith('proof/') ? entry.slice(0, entry.lastIndexOf('/')) : undefined
}
