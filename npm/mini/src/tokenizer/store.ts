// The rows of one user at one gateway, in the platform's storage. There is one of it for all tokenizers of the process, and a
// mini-program has one process: what lies in memory is what was kept, or the store says that it is not durable.
import type { Engine } from '../engine/engine'
import type { Host } from '../host'
import type { Kit } from '../kit'
import {
  emptyPage,
  mostPages,
  pageSize,
  readHead,
  readPage,
  sizeOf,
  writeHead,
  writePage,
} from './pages'
import type { Head, Page } from './pages'
import { fenceKey, type Batch, type ListedRow, type Row } from './rows'

/** A store of small rows. */
export interface RowStore {
  /** Whether the last thing that was to be kept was kept. */
  readonly durable: boolean
  /** The rows of these keys, `undefined` where there is none. All of one moment. */
  read(keys: readonly string[]): Promise<(Row | undefined)[]>
  /** Rows whose key begins with `prefix` and comes after `after`, in the order of their keys. */
  list(range: { prefix: string; after?: string | undefined; limit: number }): Promise<ListedRow[]>
  /**
   * Whether it was committed; not where a row has another revision. Resolves once it is kept. Where it cannot be, it lives in
   * memory, until the store is read again; unless it is strict, then it rejects with `storage_unavailable`.
   */
  write(batch: Batch): Promise<boolean>
  /** What reading found missing, once: nothing at all where there was something, or some of the pages. */
  takeLoss(): boolean
}

interface State {
  head: Head
  pages: Page[]
  /** Where each row is. */
  where: Map<string, Page>
}

const timeoutMs = 10_000

/** The store under a name. `expected`: there was one. */
export function createRowStore(
  { LingpaiError, within, toLingpaiError }: Kit,
  host: Host,
  engine: Engine,
  name: string,
  expected: boolean,
): RowStore {
  let state: State = blank()
  /** Whether memory is what the platform has. */
  let synced = false
  let durable = true
  let lost = false
  /** Lives in memory alone: there is no other process from which it could protect. */
  let fence: ListedRow | undefined
  let last: Promise<unknown> = Promise.resolve()

  // One after the other. Where the platform never calls back, who waits gives up, but nobody else begins: what was asked for
  // may still happen.
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return within(host, timeoutMs, turn).catch((thrown) => {
      const { code } = toLingpaiError(thrown)
      if (code !== 'network_unavailable') throw thrown
      durable = false
      throw new LingpaiError('storage_unavailable', { cause: thrown })
    })
  }

  async function sync(): Promise<void> {
    if (synced) return
    try {
      const { revision } = state.head
      state = await load()
      // What was read before must not be mistaken for what is read now.
      state.head.revision = Math.max(state.head.revision, revision)
      synced = durable = true
    } catch (_) {
      durable = false
    }
  }

  async function load(): Promise<State> {
    const texts = [await host.storage.get(headKey(0)), await host.storage.get(headKey(1))]
    const heads = texts.map((text) => readHead(engine, text))
    const newest = heads.reduce((one, other) =>
      one === undefined || (other !== undefined && other.generation > one.generation) ? other : one,
    )
    if (newest === undefined) {
      lost = lost || expected || texts.some((text) => text !== undefined)
      return blank()
    }
    const loaded: State = { head: newest, pages: [], where: new Map() }
    for (const named of newest.pages) {
      const page = readPage(engine, await host.storage.get(pageKey(named[0])), named)
      // What it held is gone; the account knows how much that was.
      if (page === undefined) lost = true
      else {
        loaded.pages.push(page)
        page.rows.forEach((_, key) => loaded.where.set(key, page))
      }
    }
    return loaded
  }

  const rowOf = (key: string): ListedRow | undefined => {
    if (key === fenceKey) return fence
    const page = state.where.get(key)
    return page && page.rows.get(key)
  }

  /** Makes the change in pages that are copies, and gives what would be the state. */
  function changed({ put = [], delete: deleted = [] }: Batch): { next: State; dirty: Page[] } {
    const next: State = {
      head: { ...state.head },
      pages: state.pages.slice(),
      where: new Map(state.where),
    }
    const dirty: Page[] = []
    const copy = (page: Page): Page => {
      if (dirty.indexOf(page) >= 0) return page
      const own = { ...page, rows: new Map(page.rows) }
      own.rows.forEach((_, key) => next.where.set(key, own))
      next.pages[next.pages.indexOf(page)] = own
      dirty.push(own)
      return own
    }
    const takeOut = (key: string): Page | undefined => {
      const page = next.where.get(key)
      if (page === undefined) return undefined
      const own = copy(page)
      own.size -= sizeOf(own.rows.get(key) as ListedRow)
      own.rows.delete(key)
      next.where.delete(key)
      return own
    }
    for (const key of deleted) {
      if (key === fenceKey) fence = undefined
      else takeOut(key)
    }
    for (const { key, value } of put) {
      const row = { key, value, revision: (next.head.revision += 1) }
      if (key === fenceKey) {
        fence = row
        continue
      }
      const room = (page: Page) => page.size === 0 || page.size + sizeOf(row) <= pageSize
      const before = takeOut(key)
      let page =
        before && room(before) ? before : dirty.filter(room)[0] || next.pages.filter(room)[0]
      if (page === undefined) next.pages.push((page = emptyPage()))
      const own = copy(page)
      own.rows.set(key, row)
      own.size += sizeOf(row)
      next.where.set(key, own)
    }
    next.pages = next.pages.filter(({ rows }) => rows.size > 0)
    return { next, dirty: dirty.filter(({ rows }) => rows.size > 0) }
  }

  async function keep(next: State, dirty: readonly Page[]): Promise<void> {
    if (next.pages.length > mostPages)
      throw new LingpaiError('storage_unavailable', { message: 'too much waits' })
    const taken = state.pages.map(({ place }) => place)
    for (const page of dirty) {
      const { text, checksum } = writePage(engine, page)
      let place = 0
      while (taken.indexOf(place) >= 0) place += 1
      taken.push(place)
      await host.storage.set(pageKey(place), text)
      Object.assign(page, { place, checksum })
    }
    next.head.generation += 1
    next.head.pages = next.pages.map(({ place, checksum }) => [place as number, checksum])
    // From here on nobody knows what the platform has, until it says that the head was kept.
    synced = false
    await host.storage.set(headKey(next.head.generation % 2), writeHead(engine, next.head))
    synced = durable = true
  }

  async function write(batch: Batch): Promise<boolean> {
    const { strict } = batch
    await sync()
    for (const { key, revision } of batch.expect || []) {
      const row = rowOf(key)
      if ((row ? row.revision : 0) !== revision) return false
    }
    if (strict && !synced) throw new LingpaiError('storage_unavailable')
    const fenceBefore = fence
    const { next, dirty } = changed(batch)
    const before = state
    if (synced && (dirty.length > 0 || next.pages.length !== before.pages.length)) {
      try {
        await keep(next, dirty)
      } catch (thrown) {
        durable = false
        if (strict) {
          fence = fenceBefore
          throw toLingpaiError(thrown)
        }
        synced = false
      }
    }
    state = next
    // Nobody waits for that.
    if (synced) inTurn(() => sweep(before)).catch(() => {})
    return true
  }

  /** Frees the places that no page has any more. Where this is cut short, the next page takes the place. */
  async function sweep(before: State): Promise<void> {
    const used = state.pages.map(({ place }) => place)
    for (const { place } of before.pages) {
      if (place !== undefined && used.indexOf(place) < 0)
        await host.storage.remove(pageKey(place)).catch(() => {})
    }
  }

  const headKey = (side: number) => `${name}.${side ? 'b' : 'a'}`
  const pageKey = (place: number) => `${name}.${place}`

  return {
    get durable() {
      return durable
    },
    read: (keys) =>
      inTurn(async () => {
        await sync()
        return keys.map(rowOf)
      }),
    list: ({ prefix, after = '', limit }) =>
      inTurn(async () => {
        await sync()
        const keys: string[] = []
        state.where.forEach((_, key) => {
          if (key.indexOf(prefix) === 0 && key > after) keys.push(key)
        })
        return keys
          .sort()
          .slice(0, limit)
          .map((key) => rowOf(key) as ListedRow)
      }),
    write: (batch) => inTurn(() => write(batch)),
    takeLoss() {
      const had = lost
      lost = false
      return had
    },
  }
}

const blank = (): State => ({
  head: { generation: 0, revision: 0, pages: [] },
  pages: [],
  where: new Map(),
})
