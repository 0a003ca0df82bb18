// The tables of a Durable Object and their version. Tables that an older version of this package has made are brought forward
// when the object starts, once and as a whole; those that a newer one has made are left alone and not served.
import { isLingpaiError, LingpaiError } from '../error.js'

/** A value of SQLite as it is bound. */
export type Bound = string | number | null

/** Runs a statement. */
export type Run = (query: string, ...bindings: Bound[]) => Record<string, unknown>[]

/** Tables in all their versions. */
export interface Schema {
  /** What they are called together; never changes. */
  name: string
  /** A table that every version has. */
  table: string
  /**
   * Statements that make the first version out of nothing, the second out of the first, and so on. What was released is not changed
   * any more: what comes later is a step of its own.
   */
  steps: readonly (readonly string[])[]
  /** The version of tables that were made when none was noted. @default 1 */
  unnoted?: (run: Run) => number
}

/**
 * The tables of one object. All of it throws `storage_unavailable` where a newer version has made them, or a step to this one failed.
 */
export interface Tables {
  /** Runs a statement. */
  run: Run
  /** Whether there are any: a question about something unknown leaves nothing behind. */
  exist(): boolean
  /** Makes them where there are none. Belongs into the transaction that needs them. */
  make(): void
  /** Whether an alarm may do its work. Where it may not, it comes again later: what has an end is not to miss it. */
  awake(): Promise<boolean>
}

/** What is used of an object's storage. */
export interface TableStorage {
  sql: { exec(query: string, ...bindings: Bound[]): { toArray(): Record<string, unknown>[] } }
  transactionSync<T>(closure: () => T): T
  setAlarm(milliseconds: number): Promise<void>
}

const laterMs = 3_600_000

/** The tables in an object's storage. To be called when the object is constructed: nothing else happens before. */
export function tablesOf(storage: TableStorage, schema: Schema): Tables {
  const { name, table, steps } = schema
  const exec: Run = (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray()
  const has = (table: string) =>
    exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).length > 0

  function notedVersion(): number | undefined {
    const [row] = has('versions') ? exec('SELECT version FROM versions WHERE name = ?', name) : []
    return row && Number(row['version'])
  }

  function bringForward(): void {
    const noted = notedVersion()
    const from = noted ?? (has(table) ? (schema.unnoted?.(exec) ?? 1) : 0)
    if (from > steps.length) throw newer(schema, from)
    for (const statement of steps.slice(from).flat()) exec(statement)
    // A first version is known by having no note: objects there are many of, one for each visit, have one table less.
    if (steps.length === 1 || noted === steps.length) return
    exec('CREATE TABLE IF NOT EXISTS versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL)')
    exec('INSERT OR REPLACE INTO versions (name, version) VALUES (?, ?)', name, steps.length)
  }

  let refusal: LingpaiError | undefined
  function begin(): void {
    try {
      // All of it or nothing: an object that is ended in the middle starts from the old tables again.
      if (has(table)) storage.transactionSync(bringForward)
      refusal = undefined
    } catch (error) {
      // Thrown from a constructor it would be nothing that a caller knows, and end the alarm's retries with it.
      refusal = isLingpaiError(error) ? error : failed(schema, error)
    }
  }
  begin()
  const checked = () => {
    if (refusal) throw refusal
  }
  return {
    run(query, ...bindings) {
      checked()
      return exec(query, ...bindings)
    },
    exist() {
      checked()
      return has(table)
    },
    make() {
      checked()
      if (!has(table)) bringForward()
    },
    async awake() {
      if (refusal) begin()
      if (refusal) await storage.setAlarm(Date.now() + laterMs)
      return refusal === undefined
    },
  }
}

function newer({ name, steps }: Schema, version: number): LingpaiError {
  const message = `storage_unavailable (tables "${name}" of version ${version}, later than ${steps.length})`
  return new LingpaiError('storage_unavailable', { message })
}

function failed({ name, steps }: Schema, cause: unknown): LingpaiError {
  const message = `storage_unavailable (tables "${name}" could not be brought to version ${steps.length})`
  return new LingpaiError('storage_unavailable', { message, cause })
}
