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
  /** A former offset, from before a reload. */
  restore(offsetMs: number): void
  /** The authority issued something at this time that ends at that: a raw clock outside of it is wrong. */
  hint(issuedAtSeconds: number, expiresAtSeconds: number): void
}

/** Makes a clock on top of the page's own (`now`, Unix milliseconds). */
export function createClock(now: () => number): Clock {
  let offset = 0
  // A clock that is turned back would make an expired token look alive; the monotonic one cannot be turned back, but may
  // stand still while the device sleeps. Whichever is later is closer to the truth.
  let since: { ms: number; monotonic: number } | undefined
  const clock: Clock = {
    nowMs() {
      const wall = now() + offset
      return since ? Math.max(wall, since.ms + performance.now() - since.monotonic) : wall
    },
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    offsetMs: () => offset,
    set(nowSeconds) {
      offset = nowSeconds * 1000 - now()
      since = { ms: nowSeconds * 1000, monotonic: performance.now() }
    },
    restore(offsetMs) {
      offset = offsetMs
      since = { ms: now() + offsetMs, monotonic: performance.now() }
    },
    hint(issuedAtSeconds, expiresAtSeconds) {
      const seconds = clock.nowSeconds()
      if (seconds < issuedAtSeconds || seconds >= expiresAtSeconds)
        offset = issuedAtSeconds * 1000 - now()
    },
  }
  return clock
}
