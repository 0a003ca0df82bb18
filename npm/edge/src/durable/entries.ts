// What one Durable Object keeps: entries by id, each with an end, at which an alarm deletes it.

/** What is used of a Durable Object's state. */
export interface State {
  storage: {
    sql: { exec(query: string, ...bindings: (string | number)[]): { toArray(): Row[] } }
    getAlarm(): Promise<number | null>
    setAlarm(milliseconds: number): Promise<void>
    deleteAll(): Promise<void>
  }
}

type Row = Record<string, unknown>

/** The entries of an object. Not methods of its class: those can be called from wherever it is bound. */
export interface Entries {
  /** What is kept under an id, if anything is. A question about something unknown leaves nothing behind. */
  record(id: string): string | undefined
  /** Runs a statement on the table `entries (id, until, record)`, which is made before. */
  write(query: string, ...bindings: (string | number)[]): Row[]
  /** Sees to it that an alarm comes at the first end; it comes again as long as anything is left. */
  wakeAt(seconds: number): Promise<void>
  /** Deletes what has come to its end. */
  sweep(nowSeconds: number): Promise<void>
}

/** The entries in an object's storage. */
export function entriesOf({ storage }: State): Entries {
  const { sql } = storage
  const exists = () =>
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'entries'").toArray()
      .length > 0

  function write(query: string, ...bindings: (string | number)[]): Row[] {
    sql.exec(
      'CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT) WITHOUT ROWID',
    )
    return sql.exec(query, ...bindings).toArray()
  }

  return {
    record(id) {
      if (!exists()) return undefined
      const [row] = sql.exec('SELECT record FROM entries WHERE id = ?', id).toArray()
      return typeof row?.['record'] === 'string' ? row['record'] : undefined
    },
    write,
    async wakeAt(seconds) {
      const alarm = await storage.getAlarm()
      if (alarm === null || alarm > seconds * 1000) await storage.setAlarm(seconds * 1000)
    },
    async sweep(nowSeconds) {
      write('DELETE FROM entries WHERE until <= ?', nowSeconds)
      const [row] = write('SELECT min(until) AS until FROM entries')
      const next = row?.['until']
      if (typeof next === 'number') await storage.setAlarm(next * 1000)
      else await storage.deleteAll()
    },
  }
}
