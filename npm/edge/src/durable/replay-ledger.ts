// What is used once, and from when on a subject's tokens count, in a Durable Object. Needs no WebAssembly, so that a Worker
// that only verifies bundles no more of it than its verifier.
import { DurableObject } from 'cloudflare:workers'
import { entriesOf } from './entries.js'

const cutOff = 'cut-off'

/**
 * The Durable Object class of a service that verifies and does not issue: each object keeps what was used up of one owner, or
 * the cut-off of one subject. With SQLite storage: declare it in the migrations of your Worker as `new_sqlite_classes`, and
 * export it from its main module. Everything in an object has an end, at which an alarm deletes it.
 */
export class ReplayLedger extends DurableObject {
  readonly #entries = entriesOf(this.ctx)

  /** Uses something up: `true` once, `false` from then on until `untilSeconds`. */
  async burn(id: string, untilSeconds: number): Promise<boolean> {
    const written = this.#entries.write(
      'INSERT INTO entries (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id',
      `burned ${id}`,
      untilSeconds,
    )
    await this.#entries.wakeAt(untilSeconds)
    return written.length > 0
  }

  /** Moves the cut-off of this object's subject forward, never back, and gives where it is now. */
  async cutOff(beforeSeconds: number, untilSeconds: number): Promise<number> {
    const [kept] = this.#entries.write(
      `INSERT INTO entries (id, until, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
        until = max(until, excluded.until),
        record = max(CAST(record AS INTEGER), CAST(excluded.record AS INTEGER))
      RETURNING record`,
      cutOff,
      untilSeconds,
      String(beforeSeconds),
    )
    await this.#entries.wakeAt(untilSeconds)
    return Number(kept?.['record'])
  }

  /** The cut-off of this object's subject, if there is one. */
  cutOffTime(): number | undefined {
    const record = this.#entries.record(cutOff)
    return record === undefined ? undefined : Number(record)
  }

  /** Deletes what has come to its end. */
  override async alarm(): Promise<void> {
    await this.#entries.sweep(Math.floor(Date.now() / 1000))
  }
}
