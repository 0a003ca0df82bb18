// Visits in a Durable Object: redeemed once, refreshed in a chain, ended as a family. The core decides, the object stores.
import {
  decideClaim,
  decideLedger,
  isRevokedRecord,
  revokedRecord,
  type LedgerCommand,
  type LedgerDecision,
  type LedgerOutcome,
  type LoginClaim,
} from '../authority/ledger.js'
import { askPlatform, type Asked, type LoginCall } from '../exchange/ask.js'
import type { BurnOutcome } from '../types.js'
import { entriesOf } from './entries.js'
import { ReplayLedger } from './replay-ledger.js'

const family = 'family'
const claim = 'claim'

type Keep = Pick<LedgerDecision, 'record' | 'forgetAtSeconds'>

/**
 * The Durable Object class of an authority: all that `ReplayLedger` keeps, and visits, one in each object. Declare it as
 * `new_sqlite_classes`, and export it from the main module of your Worker. Everything in an object has an end, at which an
 * alarm deletes it.
 */
export class VisitLedger extends ReplayLedger {
  readonly #entries = entriesOf(this.ctx)
  /** The platform's answer about this object's login code, until something has been granted for it. Never stored. */
  #asked: Promise<Asked> | undefined

  /** Decides a command about the family of this object. */
  async decide(command: LedgerCommand): Promise<LedgerOutcome> {
    const decision = this.ctx.storage.transactionSync(() => {
      const decision = decideLedger(this.#entries.record(family), command)
      this.#keep(family, decision)
      return decision
    })
    this.#asked = undefined
    await this.#wakeFor(decision)
    return decision.outcome
  }

  /** Ends the family of this object. One that was never opened has nothing to end. */
  async revoke(): Promise<void> {
    const record = this.#entries.record(family)
    if (record === undefined) return
    const decision = revokedRecord(record)
    this.#keep(family, decision)
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

  /**
   * Claims the login code of this object and asks its platform about it: once, however many ask here. What the first one is
   * told is what its holder is told again; others are refused.
   */
  async ask(attempt: LoginClaim, call: LoginCall): Promise<Asked> {
    const decision = this.ctx.storage.transactionSync(() => {
      const decision = decideClaim(
        this.#entries.record(claim),
        this.#entries.record(family),
        attempt,
      )
      this.#keep(claim, decision)
      return decision
    })
    // What was answered about the code when it was last claimed is nothing for whoever claims it anew.
    if (decision.standing === 'first') this.#asked = undefined
    await this.#wakeFor(decision)
    if (decision.standing === 'used') return { refused: 'code_used' }
    if (decision.outcome !== undefined) return { outcome: decision.outcome }
    // This object outlives the requests that wait here: one that is cancelled takes nothing from the others.
    const asked = (this.#asked ??= askPlatform(call))
    const answer = await asked
    if (!('settled' in answer && answer.settled) && this.#asked === asked) this.#asked = undefined
    return answer
  }

  #keep(id: string, { record, forgetAtSeconds }: Keep): void {
    if (record === undefined || forgetAtSeconds === undefined) return
    this.#entries.write(
      'INSERT OR REPLACE INTO entries (id, until, record) VALUES (?, ?, ?)',
      id,
      forgetAtSeconds,
      record,
    )
  }

  async #wakeFor({ forgetAtSeconds }: Keep): Promise<void> {
    if (forgetAtSeconds !== undefined) await this.#entries.wakeAt(forgetAtSeconds)
  }
}
