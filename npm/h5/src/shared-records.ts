// The record of a visit that outlives its tab: a sealed row of the store, which all tabs of this origin share. Whoever closes the
// visit leaves a mark there, so that no other tab brings it back.
import type { Records, VisitRecord } from './record.js'
import type { Store } from './store.js'
import type { Turn } from './lead.js'

/** A visit that tabs share. */
export interface SharedRecords extends Records {
  store: Store
  /** What its turns are called. */
  name: string
  /** Fingerprint of the launch whose visit was closed, by whichever tab, if that is the last thing that happened. */
  closedLaunch(): Promise<string | undefined>
  /** Within a turn, writes only as long as it lasts. */
  during(turn: Turn | undefined): void
  /** Waits until another tab says that something changed, or for so long. */
  change(milliseconds: number, signal: AbortSignal): Promise<void>
}

interface Stored extends Partial<VisitRecord> {
  version: number
  /** In place of the rest. */
  closed?: string
}

const version = 2
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
  // The launch of the visit that this page knows.
  let ours: string | undefined
  let fence: Turn['fence'] = []
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

  const stored = async () => {
    const [row] = await store.read([key])
    if (!row) return undefined
    try {
      const { revision, value } = row
      return { revision, content: JSON.parse(value) as Stored }
    } catch {
      return undefined
    }
  }

  const records: SharedRecords = {
    store,
    name,
    durability: () => durabilities[store.tier],
    async read() {
      const content = (await stored())?.content
      if (content?.version !== version || !content.token) return undefined
      ours ??= content.launch
      return content as VisitRecord
    },
    closedLaunch: async () => (await stored())?.content.closed,
    during(turn) {
      fence = turn?.fence ?? []
    },
    async write(record) {
      if (closed) return 'memory'
      const put = [{ key, value: JSON.stringify({ version, ...record }) }]
      // Its refresh token must not be lost once it was used.
      const written = await store.write({ expect: fence, put, durability: 'strict' })
      if (!written.committed) return 'memory'
      ours = record.launch
      channel?.postMessage('changed')
      return written.durability === 'volatile' ? 'memory' : written.durability
    },
    wipe() {
      void mark().catch(() => {})
    },
    async close() {
      closed = true
      await mark().catch(() => {})
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

  // In place of the record, if it is still ours.
  const mark = async () => {
    const found = await stored()
    if (!found || found.content.launch === undefined || found.content.launch !== ours) return
    const put = [{ key, value: JSON.stringify({ version, closed: ours }) }]
    const expect = [{ key, revision: found.revision }]
    await store.write({ expect, put, durability: 'strict' })
    channel?.postMessage('changed')
  }
  return records
}
