// When a key set may be asked for again: a failing server needs rest, and tokens of unknown keys cost it next to nothing.
import type { LingpaiError } from '../error.js'
import { skewMs } from './stored.js'

/** What has been asked lately. Times are Unix milliseconds. */
export interface Pauses {
  /** Whether the server has failed so lately that it is left alone. */
  afterFailure(now: number): boolean
  failed(error: LingpaiError, now: number, serving: boolean, retryAfterSeconds?: number): void
  succeeded(): void
  /** Failures since the last success. */
  failures(): number
  lastError(): LingpaiError | undefined
  /**
   * Whether an unknown key may be asked for now; if so, not again for a while. Where the last one to ask was `lost`, once
   * more.
   */
  spend(now: number, lost: boolean): boolean
}

const failureMs = { least: 5_000, most: 60_000 }
const unknownMs = 30_000

/** Nothing has been asked. */
export function pausing(): Pauses {
  let failure: { error: LingpaiError; since: number; pauseMs: number; count: number } | undefined
  let asked = -Infinity
  let askedAgain = -Infinity
  return {
    afterFailure: (now) => failure !== undefined && isWithin(now, failure.since, failure.pauseMs),
    failed(error, since, serving, retryAfterSeconds = 0) {
      const count = (failure?.count ?? 0) + 1
      // Longer and longer where there are other keys; where there are none, each pause is an outage.
      const own = serving ? failureMs.least * 2 ** Math.min(count - 1, 10) : failureMs.least
      const pauseMs = Math.min(Math.max(own, retryAfterSeconds * 1000), failureMs.most)
      failure = { error, since, pauseMs, count }
    },
    succeeded: () => (failure = undefined),
    failures: () => failure?.count ?? 0,
    lastError: () => failure?.error,
    spend(now, lost) {
      if (!isWithin(now, asked, unknownMs)) asked = now
      else if (lost && !isWithin(now, askedAgain, unknownMs)) askedAgain = now
      else return false
      return true
    },
  }
}

/** Whether less than `ms` have passed; a clock turned back far does not make it longer. */
export function isWithin(now: number, since: number, ms: number): boolean {
  return now > since - skewMs && now - since < ms
}
