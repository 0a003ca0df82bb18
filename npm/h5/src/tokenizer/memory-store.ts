// A store in memory: for tests, and for services that accept that nothing is given out while the vault is away.
import { LingpaiError } from '../errors.js'
import type { Batch, Row, TokenizerStore, Written } from './store.js'

/** Makes an empty one. It dies with the process, and a tokenizer treats it so. */
export function createMemoryStore(): TokenizerStore {
  const rows = new Map<string, Row>()
  let revision = 0
  const write = (batch: Batch): Written => {
    if (batch.least) throw new LingpaiError('storage_unavailable')
    const conflicts = (batch.expect ?? [])
      .map(({ key }) => ({ key, revision: rows.get(key)?.revision ?? 0 }))
      .filter((found, index) => found.revision !== batch.expect![index]!.revision)
    if (conflicts.length > 0) return { committed: false, conflicts }
    for (const { key, value } of batch.put ?? []) rows.set(key, { value, revision: ++revision })
    for (const key of batch.delete ?? []) rows.delete(key)
    return { committed: true, durability: 'volatile' }
  }
  const close = async () => rows.clear()
  return {
    tier: 'memory',
    read: async (keys) => keys.map((key) => rows.get(key)),
    list: async ({ prefix, after = '', limit }) =>
      [...rows.keys()]
        .filter((key) => key.startsWith(prefix) && key > after)
        .sort()
        .slice(0, limit)
        .map((key) => ({ key, ...rows.get(key)! })),
    write: async (batch) => write(batch),
    close,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close,
  } as TokenizerStore
}
