// A store over whatever a service has that is durable and has transactions: a Durable Object's storage, a table of a database, a
// key-value store. Revisions are kept here, so that the host needs none.
import { LingpaiError } from '../errors.js'
import type { Batch, Row, TokenizerStore, Written } from './store.js'

/** What happens inside of one transaction of the host. */
export interface DurableTransaction {
  /** The text under a key. */
  get(key: string): string | undefined | Promise<string | undefined>
  /** Keys and texts in the order of the keys: those that begin with `prefix` and come after `after`. */
  list(range: {
    prefix: string
    after?: string
    limit: number
  }): Iterable<[string, string]> | Promise<Iterable<[string, string]>>
  put(key: string, text: string): void | Promise<void>
  delete(key: string): void | Promise<void>
}

/** The host's storage. */
export interface DurableHost {
  /**
   * Runs `body` so that no other call sees or changes anything in between, and resolves only once all of it is durable. If
   * `body` rejects, nothing of it happened.
   */
  transaction<T>(body: (transaction: DurableTransaction) => Promise<T>): Promise<T>
  /** Called when the store is closed. */
  close?(): void | Promise<void>
}

const counterKey = 'revision'

/** Makes a store of it. Share one storage among all processes that share the install, and nothing else with it. */
export function createDurableStore(host: DurableHost): TokenizerStore {
  let closed = false
  const run = <T>(body: (transaction: DurableTransaction) => Promise<T>): Promise<T> => {
    if (closed) return Promise.reject(new LingpaiError('closed'))
    return host.transaction(body)
  }

  const write = async (transaction: DurableTransaction, batch: Batch): Promise<Written> => {
    const conflicts: { key: string; revision: number }[] = []
    for (const { key, revision } of batch.expect ?? []) {
      const found = parse(await transaction.get(`row/${key}`))?.revision ?? 0
      if (found !== revision) conflicts.push({ key, revision: found })
    }
    if (conflicts.length > 0) return { committed: false, conflicts }
    const revision = Number((await transaction.get(counterKey)) ?? 0) + 1
    for (const { key, value } of batch.put ?? []) {
      await transaction.put(`row/${key}`, `${revision} ${value}`)
    }
    for (const key of batch.delete ?? []) await transaction.delete(`row/${key}`)
    await transaction.put(counterKey, String(revision))
    return { committed: true, durability: 'strict' }
  }

  const close = async () => {
    if (closed) return
    closed = true
    await host.close?.()
  }

  return {
    tier: 'custom',
    read: (keys) =>
      run(async (transaction) => {
        const rows: (Row | undefined)[] = []
        for (const key of keys) rows.push(parse(await transaction.get(`row/${key}`)))
        return rows
      }),
    list: ({ prefix, after, limit }) =>
      run(async (transaction) => {
        const range = { prefix: `row/${prefix}`, limit, ...(after && { after: `row/${after}` }) }
        const found = [...(await transaction.list(range))]
        return found.map(([key, text]) => ({ key: key.slice(4), ...parse(text)! }))
      }),
    write: (batch) => run((transaction) => write(transaction, batch)),
    close,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close,
  } as TokenizerStore
}

function parse(text: string | undefined): Row | undefined {
  if (text === undefined) return undefined
  const space = text.indexOf(' ')
  return { value: text.slice(space + 1), revision: Number(text.slice(0, space)) }
}
