// The record of a visit that outlives its tab: a sealed row of the store, which all tabs of this origin share. Whoever closes the
// visit leaves a mark there, and a refresh only ever takes the place of what it was made from: no other tab brings the visit back.
import { isSameParty, partyOf } from './holding.js'
import type { Records, VisitRecord } from './record.js'
import type { Store } from './store.js'
import type { Turn } from './lead.js'

/** A visit that tabs share. */
export interface SharedRecords extends Records {
  store: Store
  /** What its turns are called. */
  name: string
  look(): Promise<Shared>
  /** What is written until `during` ends is refused once the turn is over, or where `seen` is not what is there any more. */
  during<T>(turn: Turn, seen: Shared, work: () => Promise<T>): Promise<T>
  /** Waits until another tab says that something changed, or for so long. */
  change(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** What is there. */
export interface Shared {
  /** As it is stored. */
  text: string | undefined
  /** Whether the last thing that happened is that a tab closed the visit. A visit of this place that is older is over. */
  closed: boolean
  kept: VisitRecord | undefined
}

interface Stored extends Partial<VisitRecord> {
  version: number
  /** In place of the rest. */
  closed?: string
}

const version = 2
// Each one that is not enough means that another tab has written in between.
const attempts = 8
const durabilities = {
  indexeddb: 'strict',
  localstorage: 'best_effort',
  memory: 'memory',
} as const

/** The place for the record of a slot, by the slot's hash. `changed` is called when another tab says so. */
export function createSharedRecords(
  store: Store,
  slotHash: string,
  changed: () => void,
): SharedRecords {
  const key = `visit ${slotHash}`
  const name = `refresh ${slotHash}`
  let closed = false
  let refreshing: { fence: Turn['fence']; seen: Shared } | undefined
  let wake = () => {}
  // A hint, no more: pages in the back-forward cache miss it, and what counts is in the store.
  const channel =
    typeof BroadcastChannel === 'function' ? new BroadcastChannel(`lingpai:${key}`) : undefined
  if (channel) {
    channel.onmessage = () => {
      wake()
      changed()
    }
    // Node (tests, SSR) would not end otherwise.
    ;(channel as { unref?: () => void }).unref?.()
  }

  const look = async (): Promise<Shared & { revision: number }> => {
    const [row] = await store.read([key])
    const { revision = 0, value: text } = row ?? {}
    const { version: found, closed, token } = contentOf(text)
    const kept = found === version && token ? (contentOf(text) as VisitRecord) : undefined
    return { text, revision, closed: closed !== undefined, kept }
  }

  const records: SharedRecords = {
    store,
    name,
    durability: () => durabilities[store.tier],
    look,
    read: async () => (await look()).kept,
    async during({ fence }, seen, work) {
      refreshing = { fence, seen }
      try {
        return await work()
      } finally {
        refreshing = undefined
      }
    },
    async write(record) {
      const put = [{ key, value: JSON.stringify({ version, ...record }) }]
      const { fence = [], seen = undefined } = refreshing ?? {}
      for (let left = attempts; left > 0 && !closed; left--) {
        const expect = [...fence]
        if (seen) {
          const { text, revision } = await look()
          if (text !== seen.text) break
          // Also when it moved to another place meanwhile.
          expect.push({ key, revision })
        }
        // Its refresh token must not be lost once it was used.
        const written = await store.write({ expect, put, durability: 'strict' })
        if (written.committed) {
          channel?.postMessage('changed')
          return written.durability === 'volatile' ? 'memory' : written.durability
        }
        if (!written.conflicts.some((conflict) => conflict.key === key)) break
      }
      return 'memory'
    },
    wipe(record) {
      if (record) void mark(({ launch }) => launch === record.launch).catch(() => {})
    },
    async close(record) {
      closed = true
      await mark((kept) => isSameParty(partyOf(kept), partyOf(record))).catch(() => {})
      this.leave()
    },
    leave() {
      closed = true
      void store.close()
      channel?.close()
    },
    change: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          resolve()
        }
        const abort = () => {
          clearTimeout(timer)
          reject(signal.reason)
        }
        const timer = setTimeout(end, milliseconds)
        wake = end
        signal.addEventListener('abort', abort, { once: true })
        if (signal.aborted) abort()
      }),
  }

  // In place of the record, if it is the one that is meant.
  const mark = async (isMeant: (kept: VisitRecord) => boolean) => {
    for (let left = attempts; left > 0; left--) {
      const { kept, revision } = await look()
      if (!kept || !isMeant(kept)) return
      const put = [{ key, value: JSON.stringify({ version, closed: kept.launch }) }]
      const written = await store.write({
        expect: [{ key, revision }],
        put,
        durability: 'strict',
      })
      if (written.committed) return channel?.postMessage('changed')
    }
  }
  return records
}

function contentOf(text = '{}'): Partial<Stored> {
  try {
    return (JSON.parse(text) ?? {}) as Stored
  } catch {
    return {}
  }
}
