// The record and its place. In memory it is always the newest; what the platform would not keep is told, and goes on living
// until the process ends.
import type { Engine } from './engine/engine'
import { toLingpaiError } from './errors'
import type { MiniEvent } from './events'
import { heard } from './gateway'
import type { Host } from './host'
import { emptyRecord, readRecord, writeRecord, type MiniRecord } from './record'

/** The record at hand. */
export interface Store {
  readonly record: MiniRecord
  /** Whether it could be read. If not it lives in memory, and what lies in the storage is left as it is. */
  readonly known: boolean
  /** Whether the last commit was kept. */
  readonly durable: boolean
  /** Whether it was closed. */
  readonly closed: boolean
  /** Changes the record, then keeps it. One commit after the other; never rejects. */
  commit(change: (record: MiniRecord) => void): Promise<void>
  /** From now on nothing is changed any more: whatever is under way comes too late. Resolves once nothing is written any more. */
  close(): Promise<void>
  /** Goes on with another instance of the module. */
  use(engine: Engine): void
}

/** Those of this process: who opens a record twice opens the same, and neither writes over what the other has. */
const stores: Record<string, Store> = {}

const mostReads = 3
const pauseMs = 300

/** Opens the record of an owner. */
export async function openStore(
  host: Host,
  engine: Engine,
  key: string,
  owner: string,
  emit: (event: MiniEvent) => void,
): Promise<Store> {
  const name = [host.id, key, owner].join()
  const opened = () => {
    const open = stores[name]
    if (open) open.use(engine)
    return open
  }
  const open = opened()
  if (open && open.known) return open
  let [durable, closed, known] = [true, false, false]
  const failed = (error: unknown) => {
    durable = false
    emit({ type: 'storage-failed', error: toLingpaiError(error) })
  }
  let kept: string | undefined
  for (let reads = 1; !known && reads <= mostReads; reads++) {
    try {
      kept = await heard(host, host.storage.get(key))
      known = true
    } catch (error) {
      if (reads < mostReads) await host.wait(pauseMs)
      else failed(error)
    }
  }
  // Somebody else was faster, or there was nothing new.
  const other = opened()
  if (other && (other.known || !known)) return other
  const found = kept === undefined ? undefined : parse(engine, kept, owner)
  if (kept !== undefined && found === undefined) emit({ type: 'record-dropped' })
  const record = found || emptyRecord(owner)
  let last: Promise<void> = Promise.resolve()
  return (stores[name] = {
    record,
    known,
    get durable() {
      return durable
    },
    get closed() {
      return closed
    },
    close() {
      closed = true
      delete stores[name]
      if (other) void other.close()
      return last
    },
    use: (another) => void (engine = another),
    commit(change) {
      if (closed) return last
      change(record)
      if (!known) return last
      const write = async () => {
        try {
          await heard(host, host.storage.set(key, writeRecord(engine, record)))
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

/** Removes what lies under a key, whosever it is, also where it could not be read. */
export async function forget(host: Host, key: string): Promise<void> {
  const place = [host.id, key, ''].join()
  const those = Object.keys(stores).filter((name) => name.indexOf(place) === 0)
  await Promise.all(those.map((name) => (stores[name] as Store).close()))
  await heard(host, host.storage.remove(key))
}

function parse(engine: Engine, text: string, owner: string): MiniRecord | undefined {
  try {
    return readRecord(engine, text, owner)
  } catch (_) {
    return undefined
  }
}
