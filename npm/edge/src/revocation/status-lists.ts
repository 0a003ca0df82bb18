// Status lists by address, kept in memory: bounded in number and bytes, fetched again before they are outdated, and never
// trusted for longer than they say. No request ever awaits the promise of another one, which Workers would never settle.
import { isLingpaiError, LingpaiError, type ErrorCode } from '../error.js'
import { fly, watch, type Pulse } from '../keys/flight.js'
import { extend } from '../keys/loads.js'
import { isWithin } from '../keys/pauses.js'
import type { StatusList } from './status-list.js'

/** A list as it came. Times are Unix milliseconds. */
export interface LoadedList {
  list: StatusList
  /** When the issuer made it. */
  issuedAt: number
  /** For how many seconds it is not to be asked for again, as it says itself. */
  ttl: number | undefined
  /** For how long it is not asked for again. */
  freshMs: number
  /** From when on it counts for nothing. */
  expiresAt: number
  /** Its server's name for this version. */
  etag: string | undefined
  /** Of the keys that it was verified with. */
  generation: number
}

/** What a cache of lists needs. */
export interface StatusListsOptions {
  /** Gives `known` again where that is what the server still has. */
  load(uri: string, known: LoadedList | undefined): Promise<LoadedList>
  now: () => number
  /** For how long a list that is due to be fetched again serves while that fails. */
  staleMs: number
  /** Within which a load has ended one way or the other, unless its request was cancelled. */
  timeoutMs: number
  /** The size of all lists together. */
  mostBytes: number
  /** Keeps the runtime going for a load whose request has gone. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined
  onEvent?: ((event: StatusListEvent) => void) | undefined
}

/** What became of an attempt to fetch a status list. */
export interface StatusListEvent {
  type: 'status_list'
  /** `failed`: none came that can be believed; where an older one is still good enough, it serves. */
  outcome: 'loaded' | 'failed'
  /** Why it failed. */
  code?: ErrorCode
}

/** A place for a list, and what became of the attempts to fill it. */
interface Entry {
  loaded?: LoadedList
  /** When it was last fetched, and how long it is not outdated from then on. */
  cameAt: number
  freshMs: number
  /** The latest attempt. */
  attempt?: Attempt
}

interface Attempt extends Pulse {
  readonly since: number
  failure?: LingpaiError
  /** For how long nobody asks again after the failure. */
  pauseMs?: number
}

const mostLists = 1000
/** A server that fails needs rest; it may ask for more than the least. */
const pauseMs = { least: 5000, most: 60_000 }
/** The part of its time after which a list is fetched ahead. */
const ahead = 0.8

/** Keeps lists. What is given out is the list at an address, not older than allowed; rejects where there is none. */
export function statusLists(options: StatusListsOptions): (uri: string) => Promise<StatusList> {
  const { load, now, staleMs, timeoutMs } = options
  const extended = (work: Promise<void>) => {
    extend(options.waitUntil, work)
    return work
  }
  const entries = new Map<string, Entry>()

  // A request that Workers cancel never ends what it began: a load counts as under way for a bounded time only.
  const isLoading = ({ attempt }: Entry) =>
    attempt !== undefined && !attempt.ended && isWithin(now(), attempt.since, timeoutMs + 1000)
  const isResting = ({ attempt }: Entry) =>
    attempt?.pauseMs !== undefined && isWithin(now(), attempt.since, attempt.pauseMs)

  function usable({ loaded, cameAt, freshMs }: Entry, extraMs: number): StatusList | undefined {
    if (!loaded || !isWithin(now(), cameAt, freshMs + extraMs)) return undefined
    return now() < loaded.expiresAt ? loaded.list : undefined
  }

  function report(event: StatusListEvent): void {
    try {
      options.onEvent?.(event)
    } catch {
      // It must not throw, and lists must not depend on that.
    }
  }

  async function renew(uri: string, entry: Entry): Promise<void> {
    const attempt: Attempt = { since: now(), beats: 0, ended: false }
    entry.attempt = attempt
    try {
      await fly(attempt, async () => {
        const loaded = await load(uri, entry.loaded)
        // A cache on the way may be behind: what was known to be revoked stays so.
        if (!entry.loaded || loaded.issuedAt >= entry.loaded.issuedAt) entry.loaded = loaded
        entry.cameAt = now()
        entry.freshMs = loaded.freshMs
      })
      makeRoom()
      report({ type: 'status_list', outcome: 'loaded' })
    } catch (cause) {
      const message = 'status list: not to be had'
      attempt.failure = new LingpaiError('temporarily_unavailable', { message, cause })
      const { retryAfterSeconds = 0 } = Object(cause) as { retryAfterSeconds?: number }
      attempt.pauseMs = Math.min(Math.max(retryAfterSeconds * 1000, pauseMs.least), pauseMs.most)
      const code = isLingpaiError(cause) ? cause.code : 'network_unavailable'
      report({ type: 'status_list', outcome: 'failed', code })
    }
  }

  /** Forgets what was not used for longest. */
  function makeRoom(): void {
    let bytes = 0
    for (const { loaded } of entries.values()) bytes += loaded?.list.bytes.byteLength ?? 0
    for (const [uri, { loaded }] of entries) {
      if (entries.size <= mostLists && (bytes <= options.mostBytes || entries.size === 1)) return
      entries.delete(uri)
      bytes -= loaded?.list.bytes.byteLength ?? 0
    }
  }

  function entryOf(uri: string): Entry {
    const entry = entries.get(uri) ?? { cameAt: 0, freshMs: 0 }
    // A Map keeps the order of insertion: what is used goes to the end.
    entries.delete(uri)
    entries.set(uri, entry)
    if (entries.size > mostLists) makeRoom()
    return entry
  }

  return async (uri) => {
    const entry = entryOf(uri)
    const fresh = usable(entry, 0)
    if (fresh) {
      // Ahead of need, and nobody waits for it.
      const isDue = now() >= entry.cameAt + entry.freshMs * ahead
      if (isDue && !isLoading(entry) && !isResting(entry)) void extended(renew(uri, entry))
      return fresh
    }
    const stale = usable(entry, staleMs)
    if (stale && (isLoading(entry) || isResting(entry))) return stale
    // What another request loads is waited for, unless it was lost with that request.
    for (let leftMs = timeoutMs; entry.attempt && isLoading(entry) && leftMs > 0;) {
      const { attempt } = entry
      const { waitedMs, lost } = await watch(attempt, leftMs)
      leftMs -= waitedMs
      // Whoever notices first takes over, and the others wait for that.
      if (lost) attempt.ended = true
    }
    // What the wait was for has come, or the next attempt is ours.
    if (!usable(entry, 0) && !isResting(entry)) await extended(renew(uri, entry))
    const list = usable(entry, staleMs)
    if (!list) throw entry.attempt?.failure ?? new LingpaiError('temporarily_unavailable')
    return list
  }
}
