// Work for one tab at a time: a Web Lock where there are locks, which the browser frees when a tab dies; and a lease in the store,
// whose revision is the fence: a tab that was taken over while it stood still finds its writes refused.
import { loadStoreEngine } from './store-engine.js'
import type { Store } from './store.js'

/** A turn of this tab. */
export interface Turn {
  /** Goes up with each change of hands; 0 where tabs share no store. */
  readonly generation: number
  /**
   * To be among what each write expects: refused once another tab has taken over. Empty where tabs share no store.
   */
  readonly fence: { key: string; revision: number }[]
  /** Aborted when the turn is over, so that another tab may take over. */
  readonly signal: AbortSignal
}

/** Options of {@link lead}. */
export interface LeadOptions {
  /** How long a turn lasts at most. A tab that stands still longer is taken over. Default 15 000. */
  holdMs?: number
  /** Takes over whoever has the turn. */
  takeOver?: boolean
}

/** What became of it: the work's result, or how long the turn of the other tab may last at most. */
export type Led<T> = { led: true; value: T } | { led: false; waitMs: number }

const shortestWaitMs = 50

/**
 * Runs `work` if no other tab is doing work of that name now. Never waits for a turn: ask again later, and look first whether the
 * other tab has done it.
 */
export async function lead<T>(
  store: Store,
  name: string,
  work: (turn: Turn) => Promise<T>,
  { holdMs = 15_000, takeOver = false }: LeadOptions = {},
): Promise<Led<T>> {
  const key = `lease ${name}`
  const turn = (vacant: boolean) => takeTurn(store, key, holdMs, vacant || takeOver, work)
  const locks = globalThis.navigator?.locks as LockManager | undefined
  if (!locks) return turn(false)
  const lock = `lingpai:${name}`
  let begun: Promise<Led<T>> | undefined
  let failed = false
  const begin = (vacant: boolean) => {
    begun = turn(vacant)
    return begun.catch((error: unknown) => {
      failed = true
      throw error
    })
  }
  try {
    await locks.request(lock, { ifAvailable: true }, async (held) => {
      if (held) await begin(true)
    })
    if (begun) return await begun
    // Whoever has the lock may stand still: the lease says for how long it may have it.
    const waitMs = takeOver ? 0 : await leaseLeft(store, key, holdMs)
    if (waitMs > 0) return { led: false, waitMs }
    await locks.request(lock, { steal: true }, async () => {
      await begin(false)
    })
    return await begun!
  } catch (error) {
    const { name: kind } = (error ?? {}) as { name?: unknown }
    // A page without an origin of its own has no locks, and shares nothing.
    if (kind === 'SecurityError' && !begun) return turn(false)
    // Taken over. The work still runs, but what it writes is refused. What the work itself fails with is the caller's.
    if (kind === 'AbortError' && !failed) return { led: false, waitMs: shortestWaitMs }
    throw error
  }
}

async function takeTurn<T>(
  store: Store,
  key: string,
  holdMs: number,
  vacant: boolean,
  work: (turn: Turn) => Promise<T>,
): Promise<Led<T>> {
  const holder = idOfTurn()
  const { claimLease } = await loadStoreEngine()
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), holdMs)
  let fence: Turn['fence'] = []
  let generation = 0
  let text: string | undefined
  try {
    for (;;) {
      const [row] = await store.read([key])
      // What only this tab can see binds nobody.
      if (store.tier !== 'indexeddb') break
      const claim = claimLease(row?.value, holder, Date.now(), holdMs, vacant)
      if (typeof claim === 'number') return { led: false, waitMs: Math.max(claim, shortestWaitMs) }
      const expect = [{ key, revision: row?.revision ?? 0 }]
      const put = [{ key, value: claim }]
      const written = await store.write({ expect, put, durability: 'relaxed' })
      if (!written.committed) {
        // With the lock it can only have been a tab that was taken over; without, another one was faster.
        if (vacant) continue
        return { led: false, waitMs: shortestWaitMs }
      }
      const [mine] = await store.read([key])
      if (mine?.value !== claim) return { led: false, waitMs: shortestWaitMs }
      text = claim
      generation = Number.parseInt(claim, 10)
      fence = [{ key, revision: mine.revision }]
      break
    }
    return { led: true, value: await work({ generation, fence, signal: ending.signal }) }
  } finally {
    clearTimeout(timer)
    ending.abort()
    if (text !== undefined) await giveBack(store, key, fence, generation)
  }
}

// Its generation stays, so that the next one is another.
async function giveBack(store: Store, key: string, fence: Turn['fence'], generation: number) {
  const put = [{ key, value: `${generation} 0 ` }]
  await store.write({ expect: fence, put, durability: 'relaxed' }).catch(() => {})
}

async function leaseLeft(store: Store, key: string, holdMs: number): Promise<number> {
  const [row] = await store.read([key])
  // Taken a moment ago, and not written yet.
  if (!row || store.tier !== 'indexeddb') return shortestWaitMs
  const { claimLease } = await loadStoreEngine()
  const claim = claimLease(row.value, '-', Date.now(), holdMs, false)
  const released = / 0 $/.test(row.value)
  if (typeof claim === 'number') return Math.max(claim, shortestWaitMs)
  return released ? shortestWaitMs : 0
}

function idOfTurn(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
