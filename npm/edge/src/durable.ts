// The ledger on Durable Objects: one object for each visit family, for each proof key, for each subject whose tokens were
// cut off; and for other things that are used once a bounded number for each of their owners.
// The only file that needs Cloudflare's runtime.
import { DurableObject } from 'cloudflare:workers'
import {
  decideLedger,
  isRevokedRecord,
  revokedRecord,
  type Ledger,
  type LedgerCommand,
  type LedgerDecision,
  type LedgerOutcome,
} from './authority/ledger.js'
import { readCutOff, type CutOffStore } from './revocation/cut-off.js'

export type { CutOff, CutOffStore } from './revocation/cut-off.js'
export type { Ledger, LedgerCommand, LedgerOutcome } from './authority/ledger.js'

const family = 'family'
const cutOff = 'cut-off'

/**
 * A Durable Object class with SQLite storage. Declare it in the migrations of your Worker as `new_sqlite_classes`, and
 * export it from its main module. Everything in an object has an end, at which an alarm deletes it.
 */
export class VisitLedger extends DurableObject {
  /** Decides a command about the family of this object. */
  async decide(command: LedgerCommand): Promise<LedgerOutcome> {
    const { storage } = this.ctx
    const decision = storage.transactionSync(() => {
      const decision = decideLedger(this.#record(family), command)
      this.#keep(decision)
      return decision
    })
    await this.#wakeAt(decision.forgetAtSeconds)
    return decision.outcome
  }

  /** Ends the family of this object. One that was never opened has nothing to end. */
  async revoke(): Promise<void> {
    const record = this.#record(family)
    if (record === undefined) return
    const decision = revokedRecord(record)
    this.#keep(decision)
    await this.#wakeAt(decision.forgetAtSeconds)
  }

  /** Whether the family of this object has been ended. */
  isRevoked(): boolean {
    const record = this.#record(family)
    return record !== undefined && isRevokedRecord(record)
  }

  /** Uses something up: `true` once, `false` from then on until `untilSeconds`. */
  async burn(id: string, untilSeconds: number): Promise<boolean> {
    this.#prepare()
    const written = this.ctx.storage.sql.exec(
      'INSERT INTO entries (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id',
      `burned ${id}`,
      untilSeconds,
    )
    const fresh = written.toArray().length > 0
    await this.#wakeAt(untilSeconds)
    return fresh
  }

  /** Moves the cut-off of this object's subject forward, never back, and gives where it is now. */
  async cutOff(beforeSeconds: number, untilSeconds: number): Promise<number> {
    this.#prepare()
    const { sql } = this.ctx.storage
    const kept = sql
      .exec(
        `INSERT INTO entries (id, until, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
          until = max(until, excluded.until),
          record = max(CAST(record AS INTEGER), CAST(excluded.record AS INTEGER))
        RETURNING record`,
        cutOff,
        untilSeconds,
        String(beforeSeconds),
      )
      .one()
    await this.#wakeAt(untilSeconds)
    return Number(kept['record'])
  }

  /** The cut-off of this object's subject, if there is one. */
  cutOffTime(): number | undefined {
    const record = this.#record(cutOff)
    return record === undefined ? undefined : Number(record)
  }

  /** Deletes what has come to its end. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage
    this.#prepare()
    sql.exec('DELETE FROM entries WHERE until <= ?', Math.floor(Date.now() / 1000))
    const next = sql.exec('SELECT min(until) AS until FROM entries').one()['until']
    if (typeof next === 'number') await this.ctx.storage.setAlarm(next * 1000)
    else await this.ctx.storage.deleteAll()
  }

  #record(id: string): string | undefined {
    // A question about something unknown leaves nothing behind.
    if (!this.#prepared()) return undefined
    const { sql } = this.ctx.storage
    const [row] = sql.exec('SELECT record FROM entries WHERE id = ?', id).toArray()
    return typeof row?.['record'] === 'string' ? row['record'] : undefined
  }

  #keep({ record, forgetAtSeconds }: LedgerDecision): void {
    if (record === undefined || forgetAtSeconds === undefined) return
    this.#prepare()
    this.ctx.storage.sql.exec(
      'INSERT OR REPLACE INTO entries (id, until, record) VALUES (?, ?, ?)',
      family,
      forgetAtSeconds,
      record,
    )
  }

  #prepare(): void {
    this.ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT) WITHOUT ROWID',
    )
  }

  #prepared(): boolean {
    const tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'entries'"
    return this.ctx.storage.sql.exec(tables).toArray().length > 0
  }

  /** One alarm serves all entries: at the first end, and then again as long as any is left. */
  async #wakeAt(seconds: number | undefined): Promise<void> {
    if (seconds === undefined) return
    const { storage } = this.ctx
    const alarm = await storage.getAlarm()
    if (alarm === null || alarm > seconds * 1000) await storage.setAlarm(seconds * 1000)
  }
}

/** What is used of a Durable Object namespace that is bound to {@link VisitLedger}. */
export interface LedgerNamespace {
  idFromName(name: string): unknown
  get(id: never): {
    decide(command: LedgerCommand): Promise<LedgerOutcome>
    revoke(): Promise<void>
    isRevoked(): Promise<boolean>
    burn(id: string, untilSeconds: number): Promise<boolean>
    cutOff(beforeSeconds: number, untilSeconds: number): Promise<number>
    cutOffTime(): Promise<number | undefined>
  }
}

/** What {@link durableLedger} gives: a ledger that knows the cut-offs of subjects as well. */
export interface DurableLedger extends Ledger, CutOffStore {}

/**
 * The ledger behind a binding: `durableLedger(env.VISIT_LEDGER)`. Serves authorities, and verifiers as `replay` and through
 * `familyRevocation` and `subjectRevocation`.
 */
export function durableLedger(namespace: LedgerNamespace): DurableLedger {
  const named = (name: string) => namespace.get(namespace.idFromName(name) as never)
  return {
    decide: (sid, command) => named(`visit/${sid}`).decide(command),
    revoke: (sid) => named(`visit/${sid}`).revoke(),
    isRevoked: (sid) => named(`visit/${sid}`).isRevoked(),
    burn(key, untilSeconds) {
      const cut = key.lastIndexOf('/')
      const [owner, id] = [key.slice(0, cut), key.slice(cut + 1)]
      // `kind/owner/id`. The proofs of one key meet in one object. An issuer's tokens and a partner's assertions are too
      // many for that, and go into 4096.
      const name = owner.startsWith('proof/') ? owner : `${owner}/${id.slice(0, 2)}`
      return named(name).burn(id, untilSeconds)
    },
    cutOff(subject, options) {
      const { beforeSeconds, untilSeconds } = readCutOff(subject, options)
      return named(`cutoff/${subject}`).cutOff(beforeSeconds, untilSeconds)
    },
    cutOffOf: (subject) => named(`cutoff/${subject}`).cutOffTime(),
  }
}
