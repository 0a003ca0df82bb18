// What a host stores of every identity, and what it stores of itself: which kind of host it is, and of which area. It is that for
// ever: whatever a binding or a migration may confuse, identifiers and data never meet in one object.
import type { DurableStorage } from 'cloudflare:workers'
import { tablesOf, type Schema } from '../schema.js'
import { decideFence, type FenceCommand, type FenceDecision } from './fence.js'

/** The kinds of hosts. */
export type HostKind = 'identity' | 'data'

/** One host's storage. */
export interface HostStore {
  /** Runs a statement. */
  sql(query: string, ...bindings: (string | number)[]): Record<string, unknown>[]
  /**
   * One transaction of a host of `area`. Refuses with an error where the object has become a host of another kind or area.
   */
  transaction<T>(area: string, body: () => T): T
  /** Decides about a command and keeps the entry; part of a transaction. */
  decide(id: string, command: FenceCommand): FenceDecision
  /** Whether anything has been stored yet. A question about something unknown leaves nothing behind. */
  exists(): boolean
}

/**
 * Tables of a host, with the one that its kind has beside those of all. Until the second version hosts
 * kept the name of a write without what it wrote: such a name tells no repetition from another write, and is forgotten. Until the
 * third, what was deleted left the digests of its last writes behind.
 */
function schemaWith(table: string): Schema {
  return {
    name: 'host',
    table: 'host',
    steps: [
      [
        'CREATE TABLE host (kind TEXT NOT NULL, area TEXT NOT NULL)',
        'CREATE TABLE entries (id TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID',
        table,
      ],
      [
        `UPDATE entries SET entry = json_set(entry, '$.recent', json((
          SELECT json_group_array(value) FROM json_each(entry, '$.recent') WHERE value LIKE '%.%')))`,
      ],
      [
        `UPDATE entries SET entry = json_remove(entry, '$.recent')
          WHERE json_extract(entry, '$.presence') = 'deleted'`,
      ],
    ],
  }
}

/** The storage of a host of a kind, with the table that it has beside those of all hosts. */
export function hostStore(storage: DurableStorage, kind: HostKind, table: string): HostStore {
  const { run: sql, exist: exists, make } = tablesOf(storage, schemaWith(table))

  function prepare(area: string): void {
    make()
    const [host] = sql('SELECT kind, area FROM host')
    if (host === undefined) sql('INSERT INTO host (kind, area) VALUES (?, ?)', kind, area)
    else if (host['kind'] !== kind || host['area'] !== area) {
      throw new Error('This object is a host of another kind or another area')
    }
  }

  return {
    sql,
    transaction: (area, body) =>
      storage.transactionSync(() => {
        prepare(area)
        return body()
      }),
    decide(id, command) {
      const [row] = sql('SELECT entry FROM entries WHERE id = ?', id)
      const before = row?.['entry'] as string | undefined
      const decision = decideFence(kind, before, command)
      const { entry } = decision
      if (entry !== undefined && entry !== before) {
        sql('INSERT OR REPLACE INTO entries (id, entry) VALUES (?, ?)', id, entry)
      }
      return decision
    },
    exists,
  }
}
