// What one Durable Object keeps: entries by id, each with an end, at which an alarm deletes it.

import { tablesOf, type Schema, type TableStorage } from './schema.js'

/** What is used of a Durable Object's state. */
export interface State {
  storage: TableStorage & {
    getAlarm(): Promise<number | null>
    deleteAll(): Promise<void>
  }
}

type Row = Record<string, unknown>

/** The entries of an object. Not methods of its class: those can be called from wherever it is bound. */
export interface Entries {
  /** What is kept under an id, if anything is. A question about something unknown leaves nothing behind. */
  record(id: string): string | undefined
  /** How many entries there are for which this holds. As above. */
  count(where: string, ...bindings: (string | number)[]): number
  /** Runs a statement on the table `entries (id, until, record)`, which is made before. */
  write(query: string, ...bindings: (string | number)[]): Row[]
  /** Sees to it that an alarm comes at the first end; it comes again as long as anything is left. */
  wakeAt(seconds: number): Promise<void>
  /** Whether an alarm may do its work; see `Tables`. */
  awake(): Promise<boolean>
  /** Deletes what has come to its end. */
  sweep(nowSeconds: number): Promise<void>
}

const schema: Schema = {
  name: 'entries',
  table: 'entries',
  steps: [
    [
      'CREATE TABLE entries (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT) WITHOUT ROWID',
    ],
  ],
}

/** The entries in an object's storage. */
export function entriesOf({ storage }: State): Entries {
  const tables = tablesOf(storage, schema)
  const { run, awake } = tables

  function write(query: string, ...bindings: (string | number)[]): Row[] {
    tables.make()
    return run(query, ...bindings)
  }

  return {
    record(id) {
      if (!tables.exist()) return undefined
      const [row] = run('SELECT record FROM entries WHERE id = ?', id)
      return typeof row?.['record'] === 'string' ? row['record'] : undefined
    },
    count(where, ...bindings) {
      if (!tables.exist()) return 0
      const [row] = run(`SELECT count(*) AS number FROM entries WHERE ${where}`, ...bindings)
      return Number(row?.['number'])
    },
    write,
    async wakeAt(seconds) {
      const alarm = await storage.getAlarm()
      if (alarm === null || alarm > seconds * 1000) await storage.setAlarm(seconds * 1000)
    },
    awake,
    async sweep(nowSeconds) {
      if (!(await awake())) return
      write('DELETE FROM entries WHERE until <= ?', nowSeconds)
      const [row] = write('SELECT min(until) AS until FROM entries')
      const next = row?.['until']
      if (typeof next === 'number') await storage.setAlarm(next * 1000)
      else await storage.deleteAll()
    },
  }
}
