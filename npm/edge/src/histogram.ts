// Counts numbers by size, in buckets with fixed bounds.
import type { HistogramSnapshot } from './metrics.js'

/** A histogram being filled. */
export interface Histogram {
  observe(value: number): void
  snapshot(): HistogramSnapshot
}

/** Makes an empty one. `bounds` rise; each belongs to the bucket that it ends. */
export function histogram(bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0)
  let count = 0
  let sum = 0
  return {
    observe(value) {
      if (!Number.isFinite(value)) return
      count++
      sum += value
      const index = bounds.findIndex((bound) => value <= bound)
      if (index >= 0) counts[index] = (counts[index] ?? 0) + 1
    },
    snapshot() {
      let below = 0
      const buckets = bounds.map((atMost, index) => ({
        atMost,
        count: (below += counts[index] ?? 0),
      }))
      return { buckets, count, sum }
    },
  }
}
