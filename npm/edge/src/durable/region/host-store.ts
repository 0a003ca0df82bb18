// What a host stores of every identity, and what it stores of itself: which kind of host it is, and of which area. It is that for
// ever: whatever a binding or a migration may confuse, identifiers and data never meet in one object.
import type { DurableStorage } from 'cloudflare:workers'
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

/** The storage of a host of a kind, with `tables` beside those that all hosts have. */
export function hostStore(
  storage: DurableStorage,
  kind: HostKind,
  tables: readonly string[],
): HostStore {
  let ready = false
  const sql = (query: string, ...bindings: (string | number)[]) =>
    storage.sql.exec(query, ...bindings).toArray()
  const exists = () =>
    ready || sql("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'host'").length > 0

  function prepare(area: string): void {
    if (!exists()) {
      sql('CREATE TABLE host (kind TEXT NOT NULL, area TEXT NOT NULL)')
      sql('CREATE TABLE entries (id TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID')
      for (const table of tables) sql(table)
      sql('INSERT INTO host (kind, area) VALUES (?, ?)', kind, area)
    }
    const [host] = sql('SELECT kind, area FROM host')
    if (host?.['kind'] !== kind || host['area'] !== area) {
      throw new Error('This object is a host of another kind or another area')
    }
  }

  return {
    sql,
    transaction(area, body) {
      const result = storage.transactionSync(() => {
        prepare(area)
        return body()
      })
      ready = true
      return result
    },
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
