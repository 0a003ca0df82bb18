// The authority's time, as far as the page knows it. The page's own clock may be wrong, jump, or be turned back.

/** A clock that follows the authority's answers. */
export interface Clock {
  /** The authority's time, Unix milliseconds. */
  nowMs(): number
  /** The same in whole seconds. */
  nowSeconds(): number
  /** How far the authority's clock is ahead of the page's, in milliseconds. */
  offsetMs(): number
  /** The authority said what time it is. */
  set(nowSeconds: number): void
  /**
   * A former offset, from before a reload, and the authority's time back then, which is over. Returns whether the page's
   * clock can have run on since; one that was turned back says too little until the authority is heard again.
   */
  restore(offsetMs: number, formerSeconds: number): boolean
  /** The authority issued something at this time that ends at that: a raw clock outside of it is wrong. */
  hint(issuedAtSeconds: number, expiresAtSeconds: number): void
}

// What a device may correct its clock by without having been wrong.
const adjustmentMs = 5_000

/** Makes a clock on top of the page's own (`now`, Unix milliseconds). */
export function createClock(now: () => number): Clock {
  let offset = 0
  // A clock that is turned back would make an expired token look alive; the monotonic one cannot be turned back, but may
  // stand still while the device sleeps. Whichever is later is closer to the truth.
  let since: { ms: number; monotonic: number } | undefined
  const startAt = (ms: number) => {
    offset = ms - now()
    since = { ms, monotonic: performance.now() }
  }
  const clock: Clock = {
    nowMs() {
      const wall = now() + offset
      return since ? Math.max(wall, since.ms + performance.now() - since.monotonic) : wall
    },
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    offsetMs: () => offset,
    set: (nowSeconds) => startAt(nowSeconds * 1000),
    restore(offsetMs, formerSeconds) {
      const ms = now() + offsetMs
      const formerMs = formerSeconds * 1000
      startAt(Math.max(ms, formerMs))
      return ms >= formerMs - adjustmentMs
    },
    hint(issuedAtSeconds, expiresAtSeconds) {
      const seconds = clock.nowSeconds()
      if (seconds < issuedAtSeconds || seconds >= expiresAtSeconds) startAt(issuedAtSeconds * 1000)
    },
  }
  return clock
}
