// Loads of a key set, one at a time: the shared cache first, then the issuer's server; what comes from there is shared.
import { LingpaiError } from '../error.js'
import type { KeySetCache } from './cache.js'
import { download, failed, type Answer, type Failed } from './download.js'
import type { KeysEvent, KeysOutcome } from './event.js'
import { beatMs, fly, watch, within, type Flight } from './flight.js'
import { lifeSeconds } from './freshness.js'
import type { Memory } from './memory.js'
import type { KeySetSettings } from './options.js'
import { isWithin, type Pauses } from './pauses.js'
import { readStored, writeStored, type StoredSet } from './stored.js'

/** Loading into memory. Times are Unix milliseconds. */
export interface Loads {
  /** Whether a load may begin: none is under way, and the server has not just failed. */
  mayBegin(now: number): boolean
  isUnderWay(now: number): boolean
  /** How many have begun. */
  count(): number
  /** Whether a load began and never ended, because the runtime ended it together with its request. */
  wasLost(now: number): boolean
  /** Loads. Never rejects: what came of it is in memory and in the pauses. */
  load(now: number, reason?: Reason): Promise<void>
  /** Waits until a load under way is past the shared cache. */
  pastCache(): Promise<void>
  /** Waits until no load is under way any more; says whether the last one was lost, to the first who notices. */
  landing(now: number): Promise<boolean>
}

/** Why there is a load: the set's time, or a token that names a key which it does not have. */
export type Reason = 'due' | 'unknown_kid'

/** Tells operators. */
export type Report = (outcome: KeysOutcome, more?: Partial<KeysEvent>) => void

/** The shared cache is near; what takes longer is as good as nothing. */
const cacheTimeoutMs = 500

/** Loads from the tiers behind memory. */
export function loading<T>(
  options: KeySetSettings & { url: URL },
  memory: Memory<T>,
  pauses: Pauses,
  report: Report,
): Loads {
  const { url, cache, timeoutMs, staleMs } = options
  let flight: Flight | undefined
  /** How many have begun, and which of them brought what is kept. */
  let begun = 0
  let keptOf = 0
  let lastEntry: string | undefined

  // A request that Workers cancel never ends what it began: a load counts as under way for a bounded time only.
  const isUnderWay = (now: number) =>
    flight !== undefined && isWithin(now, flight.since, timeoutMs + 1000)

  async function load(now: number, reason: Reason = 'due'): Promise<void> {
    const own: Flight = { number: ++begun, since: now, beats: 0, asksServer: false, ended: false }
    flight = own
    let shared: StoredSet | undefined
    try {
      await fly(own, async () => {
        if (await fromCache(own, reason)) return
        own.asksServer = true
        shared = await fromServer(own, reason)
      })
    } catch (error) {
      fail(failed('network', { cause: error }), own)
    } finally {
      if (flight === own) flight = undefined
    }
    if (!shared) return
    if (options.waitUntil) extend(options.waitUntil, toCache(shared))
    else await within(toCache(shared), cacheTimeoutMs)
  }

  /** Whether the shared cache had what is wanted. */
  async function fromCache(own: Flight, reason: Reason): Promise<boolean> {
    if (!cache) return false
    const now = own.since
    try {
      const found = await within(lookUp(cache, url.href), cacheTimeoutMs)
      if (found === undefined) throw new TypeError('late')
      const { entry } = found
      // What is known already would look new for a while, if the machine that wrote it has a fast clock.
      if (entry === undefined || entry === lastEntry) return false
      lastEntry = entry
      const set = readStored(entry, { url, now, staleMs })
      if (!set) throw new LingpaiError('temporarily_unavailable')
      if ((memory.set()?.fetchedAt ?? -Infinity) >= set.fetchedAt) return false
      memory.keep(set, 'cache')
      keptOf = own.number
    } catch (error) {
      report(error instanceof LingpaiError ? 'cache_ignored' : 'cache_failed')
      return false
    }
    report('cache_hit')
    return reason === 'unknown_kid' ? memory.isNew(now) : !memory.isDue(now)
  }

  /** Asks the server; gives what others may have, too. */
  async function fromServer(own: Flight, reason: Reason): Promise<StoredSet | undefined> {
    const known = memory.set()
    // A server whose ETags are wrong must not hide a new key.
    const anew = reason === 'unknown_kid'
    const etag = anew ? undefined : known?.etag
    const answer = await download({ ...options, anew, etag }, own.since)
    if (answer.outcome === 'failed') {
      fail(answer, own)
      return undefined
    }
    // A newer load has brought something meanwhile.
    if (keptOf > own.number) return undefined
    const set = setOf(answer, own.since, known)
    try {
      memory.keep(set, 'network')
    } catch (error) {
      fail(failed('not_a_set', { status: 200, cause: error }), own)
      return undefined
    }
    keptOf = own.number
    pauses.succeeded()
    report(answer.outcome)
    return cache && answer.life?.shareable !== false ? set : undefined
  }

  function setOf(
    answer: Exclude<Answer, Failed>,
    fetchedAt: number,
    known: StoredSet | undefined,
  ): StoredSet {
    const isNew = answer.outcome === 'loaded'
    const { text, etag } = isNew ? answer : (known as StoredSet)
    const before = known ? (known.freshUntil - known.fetchedAt) / 1000 : 0
    const seconds = answer.life?.seconds ?? (isNew ? lifeSeconds.usual : before)
    const freshUntil = fetchedAt + Math.max(seconds, lifeSeconds.least) * 1000
    const staleUntil = freshUntil + staleMs
    return { text, fetchedAt, freshUntil, staleUntil, ...(etag === undefined ? {} : { etag }) }
  }

  async function toCache(set: StoredSet): Promise<void> {
    const seconds = Math.ceil((set.staleUntil - set.fetchedAt) / 1000)
    try {
      await cache?.put(url.href, writeStored(url, set), seconds)
    } catch {
      report('cache_failed')
    }
  }

  function fail({ error, failure, status, retryAfterSeconds }: Failed, own: Flight): void {
    // The failure of a load that was given up says nothing of the newer one.
    if (flight !== own) return
    const serving = memory.isUsable(own.since) || memory.pinned(own.since) !== undefined
    pauses.failed(error, own.since + own.beats * beatMs, serving, retryAfterSeconds)
    report('failed', { failure, ...(status === undefined ? {} : { status }) })
  }

  return {
    isUnderWay,
    count: () => begun,
    mayBegin: (now) => !isUnderWay(now) && !pauses.afterFailure(now),
    wasLost: (now) => flight !== undefined && !isUnderWay(now),
    load,
    async pastCache() {
      const watched = flight
      if (cache && watched) await watch(watched, cacheTimeoutMs, () => watched.asksServer)
    },
    async landing(now) {
      for (let leftMs = timeoutMs; flight && isUnderWay(now) && leftMs > 0;) {
        const watched = flight
        const { lost, waitedMs } = await watch(watched, leftMs)
        if (flight === watched) return lost
        leftMs -= Math.max(waitedMs, 1)
      }
      return flight !== undefined && !isUnderWay(now)
    },
  }
}

async function lookUp(cache: KeySetCache, address: string): Promise<{ entry: string | undefined }> {
  return { entry: await cache.get(address) }
}

/** Has the runtime wait for what no request waits for. */
export function extend(waitUntil: KeySetSettings['waitUntil'], work: Promise<void>): void {
  try {
    waitUntil?.(work)
  } catch {
    // Outside of a request there is nothing to prolong.
  }
}
