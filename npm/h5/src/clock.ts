// The authority's time, as far as the page knows it: the module's rule, over the page's own clock.
import type { Engine } from './engine.js'

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
  /**
   * By how many milliseconds the page's clock went off since the last look: forward (it was set, or the device slept), or
   * back; 0 if it went on as it should.
   */
  look(): number
}

/** Makes a clock on top of the page's own (`now`, Unix milliseconds). */
export function createClock({ Clock }: Engine, now: () => number): Clock {
  const rule = new Clock()
  return {
    nowMs: () => rule.nowMs(now()),
    nowSeconds: () => Math.floor(rule.nowMs(now()) / 1000),
    offsetMs: () => rule.offsetMs(),
    set: (nowSeconds) => rule.set(now(), nowSeconds * 1000),
    restore: (offsetMs, formerSeconds) => rule.restore(now(), offsetMs, formerSeconds * 1000),
    hint: (issuedAtSeconds, expiresAtSeconds) =>
      rule.hint(now(), issuedAtSeconds * 1000, expiresAtSeconds * 1000),
    look: () => rule.look(now()),
  }
}
