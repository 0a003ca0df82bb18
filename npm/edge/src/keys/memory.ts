// The first tier: the set in this instance's memory, and the pinned keys until there is one.
import { isWithin } from './pauses.js'
import type { KeysState } from './source.js'
import { skewMs, type StoredSet } from './stored.js'

/** What is at hand. Times are Unix milliseconds. */
export interface Memory<T> {
  /** What was made of the last set, however old. */
  value(): T | undefined
  set(): StoredSet | undefined
  isFresh(now: number): boolean
  /** Whether a newer set ought to be fetched, be it while this one serves. */
  isDue(now: number): boolean
  /** Whether the set serves at least while its server fails. */
  isUsable(now: number): boolean
  /** Whether the set was fetched so lately that it has every key that its issuer uses. */
  isNew(now: number): boolean
  /** The pinned keys, as long as no set has come. */
  pinned(now: number): T | undefined
  /** Keeps a set; throws where the text is none. The same text keeps what was made of it. */
  keep(set: StoredSet, source: 'network' | 'cache'): void
  /** A clock that was turned back would make a set last longer than its issuer allowed: its time is over now. */
  heedClock(now: number): void
  state(now: number, failures: number): KeysState
}

/** What memory needs to know. */
export interface MemoryOptions<T> {
  /** Makes what is kept of a set's text; throws where the text is none. */
  accept(text: string): T
  /** Called with what is replaced. */
  release: ((old: T) => void) | undefined
  pinned: T | undefined
  pinnedUntilMs: number
  staleMs: number
}

interface Kept<T> {
  value: T
  set: StoredSet
  source: 'network' | 'cache'
  refreshAt: number
}

const newMs = 5_000

/** Begins with nothing but the pinned keys. */
export function memory<T>(options: MemoryOptions<T>): Memory<T> {
  let { pinned } = options
  let kept: Kept<T> | undefined

  const isFresh = (now: number) => kept !== undefined && now < kept.set.freshUntil
  const isUsable = (now: number) => kept !== undefined && now < kept.set.staleUntil
  const pinnedNow = (now: number) => (now < options.pinnedUntilMs ? pinned : undefined)

  return {
    value: () => kept?.value,
    set: () => kept?.set,
    isFresh,
    isDue: (now) => kept === undefined || now >= kept.refreshAt,
    isUsable,
    isNew: (now) => kept !== undefined && isWithin(now, kept.set.fetchedAt, newMs),
    pinned: pinnedNow,
    keep(set, source) {
      const old = kept ? kept.value : pinned
      const value = kept?.set.text === set.text ? kept.value : options.accept(set.text)
      // Ahead of time, and not at the same moment in each instance.
      const part = 0.75 + Math.random() * 0.1
      const refreshAt = set.fetchedAt + (set.freshUntil - set.fetchedAt) * part
      kept = { value, set, source, refreshAt }
      pinned = undefined
      if (old !== undefined && old !== value) options.release?.(old)
    },
    heedClock(now) {
      if (!kept || now >= kept.set.fetchedAt - skewMs) return
      const staleUntil = now + options.staleMs
      const set = { ...kept.set, fetchedAt: now, freshUntil: now, staleUntil }
      kept = { ...kept, set, refreshAt: now }
    },
    state(now, failures) {
      if (!kept) {
        return pinnedNow(now) === undefined
          ? { source: 'none', condition: 'unusable', failures }
          : { source: 'pinned', condition: 'pinned', failures }
      }
      const { source, set } = kept
      return {
        source,
        condition: isFresh(now) ? 'fresh' : isUsable(now) ? 'stale' : 'unusable',
        fetchedAtMs: set.fetchedAt,
        freshUntilMs: set.freshUntil,
        staleUntilMs: set.staleUntil,
        failures,
      }
    },
  }
}
