// Visits in a Durable Object: redeemed once, refreshed in a chain, ended as a family. The core decides, the object stores.
import {
  decideLedger,
  isRevokedRecord,
  revokedRecord,
  type LedgerCommand,
  type LedgerDecision,
  type LedgerOutcome,
} from '../authority/ledger.js'
import type { BurnOutcome } from '../types.js'
import { entriesOf } from './entries.js'
import { ReplayLedger } from './replay-ledger.js'

const family = 'family'

/**
 * The Durable Object class of an authority: all that `ReplayLedger` keeps, and visits, one in each object. Declare it as
 * `new_sqlite_classes`, and export it from the main module of your Worker. Everything in an object has an end, at which an
 * alarm deletes it.
 */
export class VisitLedger extends ReplayLedger {
  readonly #entries = entriesOf(this.ctx)

  /** Decides a command about the family of this object. */
  async decide(command: LedgerCommand): Promise<LedgerOutcome> {
    const decision = this.ctx.storage.transactionSync(() => {
      const decision = decideLedger(this.#entries.record(family), command)
      this.#keep(decision)
      return decision
    })
    await this.#wakeFor(decision)
    return decision.outcome
  }

  /** Ends the family of this object. One that was never opened has nothing to end. */
  async revoke(): Promise<void> {
    const record = this.#entries.record(family)
    if (record === undefined) return
    const decision = revokedRecord(record)
    this.#keep(decision)
    await this.#wakeFor(decision)
  }

  /** Whether the family of this object has been ended. */
  isRevoked(): boolean {
    const record = this.#entries.record(family)
    return record !== undefined && isRevokedRecord(record)
  }

  /** Uses something up in the family of this object, unless it has been ended. */
  async burnUnlessRevoked(id: string, untilSeconds: number): Promise<BurnOutcome> {
    if (this.isRevoked()) return 'revoked'
    return (await this.burn(id, untilSeconds)) ? 'burned' : 'used'
  }

  #keep({ record, forgetAtSeconds }: LedgerDecision): void {
    if (record === undefined || forgetAtSeconds === undefined) return
    this.#entries.write(
      'INSERT OR REPLACE INTO entries (id, until, record) VALUES (?, ?, ?)',
      family,
      forgetAtSeconds,
      record,
    )
  }

  async #wakeFor({ forgetAtSeconds }: LedgerDecision): Promise<void> {
    if (forgetAtSeconds !== undefined) await this.#entries.wakeAt(forgetAtSeconds)
  }
}
