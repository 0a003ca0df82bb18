// Keys in the order in which they end: a binary heap of the distinct seconds, and the keys of each.

/** What ends when. */
export interface Expiries {
  /** Notes that `key` ends at `second`. */
  add(key: string, second: number): void
  /** Takes out the keys that have ended at or before `second`. */
  takeUntil(second: number): string[]
}

/** Makes an empty one. */
export function expiries(): Expiries {
  /** The children of `i` lie at `2i + 1` and `2i + 2`, and are not earlier. */
  const heap: number[] = []
  const keysAt = new Map<number, string[]>()
  const at = (index: number) => heap[index] ?? Infinity

  function swap(one: number, other: number): void {
    const second = at(one)
    heap[one] = at(other)
    heap[other] = second
  }

  function push(second: number): void {
    let index = heap.push(second) - 1
    for (;;) {
      const parent = (index - 1) >> 1
      if (index === 0 || at(parent) <= at(index)) return
      swap(parent, index)
      index = parent
    }
  }

  function pop(): void {
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    for (let index = 0; ;) {
      const left = 2 * index + 1
      const earlier = at(left + 1) < at(left) ? left + 1 : left
      if (at(index) <= at(earlier)) return
      swap(index, earlier)
      index = earlier
    }
  }

  return {
    add(key, second) {
      const keys = keysAt.get(second)
      if (keys) {
        keys.push(key)
        return
      }
      keysAt.set(second, [key])
      push(second)
    },
    takeUntil(second) {
      const over: string[] = []
      while (at(0) <= second) {
        for (const key of keysAt.get(at(0)) ?? []) over.push(key)
        keysAt.delete(at(0))
        pop()
      }
      return over
    },
  }
}
