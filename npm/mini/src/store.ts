// The record and its place. In memory it is always the newest; what the platform would not keep is told, and goes on living
// until the process ends.
import type { Engine } from './engine/engine'
import { toLingpaiError } from './errors'
import type { MiniEvent } from './events'
import type { Host } from './host'
import { emptyRecord, readRecord, writeRecord, type MiniRecord } from './record'

/** The record at hand. */
export interface Store {
  readonly record: MiniRecord
  /** Whether the last commit was kept. */
  readonly durable: boolean
  /** Whether it was closed. */
  readonly closed: boolean
  /** Changes the record, then keeps it. One commit after the other; never rejects. */
  commit(change: (record: MiniRecord) => void): Promise<void>
  /** From now on nothing is changed or kept any more: whatever is under way comes too late. */
  close(): void
}

/** Those of this process: who opens a record twice opens the same, and neither writes over what the other has. */
const stores: Record<string, Store> = {}

/** Opens the record of an owner. */
export async function openStore(
  host: Host,
  engine: Engine,
  key: string,
  owner: string,
  emit: (event: MiniEvent) => void,
): Promise<Store> {
  const name = [host.id, key, owner].join()
  const open = stores[name]
  if (open !== undefined) return open
  let [durable, closed] = [true, false]
  const failed = (error: unknown) => {
    durable = false
    emit({ type: 'storage-failed', error: toLingpaiError(error) })
  }
  const kept = await host.storage.get(key).catch((error) => void failed(error))
  const found = kept === undefined ? undefined : parse(engine, kept, owner)
  if (kept !== undefined && found === undefined) emit({ type: 'record-dropped' })
  const record = found || emptyRecord(owner)
  let last: Promise<void> = Promise.resolve()
  return (stores[name] = stores[name] || {
    record,
    get durable() {
      return durable
    },
    get closed() {
      return closed
    },
    close() {
      closed = true
      delete stores[name]
    },
    commit(change) {
      if (closed) return last
      change(record)
      const write = async () => {
        try {
          await host.storage.set(key, writeRecord(engine, record))
          durable = true
        } catch (error) {
          failed(error)
        }
      }
      last = last.then(write)
      return last
    },
  })
}

function parse(engine: Engine, text: string, owner: string): MiniRecord | undefined {
  try {
    return readRecord(engine, text, owner)
  } catch (_) {
    return undefined
  }
}
