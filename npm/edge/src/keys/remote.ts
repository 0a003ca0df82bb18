// A JWK Set behind a URL: kept in memory, shared through a cache, fetched seldom and ahead of time; it survives outages of
// its server, and tokens cannot make it fetch. No request awaits the promise of another one.
import { failed } from './download.js'
import type { KeysEvent, KeysOutcome } from './event.js'
import { extend, loading, type Report } from './loads.js'
import { memory as inMemory, type MemoryOptions } from './memory.js'
import type { KeySetSettings } from './options.js'
import { pausing } from './pauses.js'
import type { KeySource } from './source.js'

/** Where the set lies and what is made of it. */
export interface RemoteOptions<T> extends KeySetSettings, MemoryOptions<T> {
  url: URL
  onEvent: ((event: KeysEvent) => void) | undefined
}

/** Keeps the set at a URL. */
export function remote<T>(options: RemoteOptions<T>): KeySource<T> {
  const { url, waitUntil } = options
  const report: Report = (outcome, more) => {
    try {
      options.onEvent?.({ type: 'keys', outcome, keySet: url.origin + url.pathname, ...more })
    } catch {
      // It must not throw, and keys must not depend on that.
    }
  }
  const pauses = pausing()
  const memory = inMemory(options)
  const loads = loading(options, memory, pauses, report)

  let reportedOf = 0
  /** Once between two loads: an outage is no reason to flood a log. */
  function reportOnce(outcome: KeysOutcome): void {
    if (reportedOf !== loads.count()) report(outcome)
    reportedOf = loads.count()
  }

  async function get(now: number): Promise<T> {
    memory.heedClock(now)
    const lost = loads.wasLost(now)
    const load = begin(now)
    // What began behind a request's back was lost before: this time somebody has to wait for it.
    const isOurs = lost && load !== undefined
    if (isOurs || !standsIn(now)) await (load ?? arrival(now))
    else if (memory.value() === undefined) await loads.pastCache()
    return served(now)
  }

  /** Begins a load that is due. */
  function begin(now: number): Promise<void> | undefined {
    if (!memory.isDue(now) || !loads.mayBegin(now)) return undefined
    const load = loads.load(now)
    extend(waitUntil, load)
    return load
  }

  /** Whether something serves without waiting: a fresh set, or what stands in while the server fails or is first asked. */
  function standsIn(now: number): boolean {
    if (memory.isFresh(now)) return true
    return memory.isUsable(now) ? pauses.failures() > 0 : memory.pinned(now) !== undefined
  }

  function served(now: number): T {
    const value = memory.value()
    if (value !== undefined && memory.isFresh(now)) return value
    if (value !== undefined && memory.isUsable(now)) {
      reportOnce('stale_served')
      return value
    }
    const pinned = memory.pinned(now)
    if (pinned === undefined) throw pauses.lastError() ?? failed('timeout').error
    reportOnce('pinned_served')
    return pinned
  }

  /** Waits for the load of another request, and takes over one that was lost. */
  async function arrival(now: number): Promise<void> {
    if ((await loads.landing(now)) && !pauses.afterFailure(now)) await loads.load(now)
  }

  async function renew(now: number): Promise<T | undefined> {
    memory.heedClock(now)
    report('unknown_kid')
    const before = memory.value()
    if (before === undefined) {
      await (loads.mayBegin(now) ? loads.load(now) : arrival(now))
    } else {
      const lost = loads.isUnderWay(now) ? await loads.landing(now) : loads.wasLost(now)
      const mayAsk = (lost || loads.mayBegin(now)) && !pauses.afterFailure(now)
      if (memory.value() === before && mayAsk && !memory.isNew(now) && pauses.spend(now, lost)) {
        await loads.load(now, 'unknown_kid')
      }
    }
    const after = memory.value()
    if (after !== before) return after
    const error = pauses.lastError()
    // The key may be one that the issuer has published meanwhile.
    if (error && !memory.isFresh(now)) throw error
    return undefined
  }

  return {
    current(now) {
      memory.heedClock(now)
      void begin(now)
      return standsIn(now) ? served(now) : undefined
    },
    get,
    renew,
    state: (now) => memory.state(now, pauses.failures()),
  }
}
