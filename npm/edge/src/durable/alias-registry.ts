// Aliases in Durable Objects: one object for each visit, with its aliases and operations, and shards for the names that are or
// were aliases. The core decides, the object stores; neither account nor alias ever gets here in the clear.
import { DurableObject } from 'cloudflare:workers'
import { isLingpaiError, type ErrorCode } from '../error.js'
import {
  admitted,
  adopted,
  checkRoom,
  decideBegin,
  decideClose,
  decideRelease,
  decideSettle,
  endOf,
  forgotten,
  type AliasRecord,
  type Attempt,
  type Claim,
  type OperationState,
  type Verdict,
} from '../operations/store.js'
import { entriesOf } from './entries.js'

/** What happened to an alias. Holds no account, no alias and no user. */
export interface AliasAudit {
  event: 'opened' | 'used' | 'closed' | 'claimed' | 'adopted' | 'expired'
  /** The alias's name in the store. */
  name: string
  operation: string
  atSeconds: number
}

/** An alias that was closed where it was opened, and has gone over to another visit. */
export interface ClosedElsewhere {
  /** The name of that visit. */
  at: string
  /** When the alias ends. */
  untilSeconds: number
}

/** What to do about an attempt, and the name of the visit that the alias came from, if it came from one. */
export type BegunHere = Verdict & { origin?: string }

const auditSeconds = 24 * 3600
const hour = 3600

/**
 * The Durable Object class behind `durableAliases`. With SQLite storage: declare it in the migrations of your Worker as
 * `new_sqlite_classes`, and export it from its main module. Everything in an object has an end, at which an alarm deletes it.
 */
export class AliasRegistry extends DurableObject {
  readonly #entries = entriesOf(this.ctx)

  /** Says why this visit may have no other alias now, if it may not. Leaves nothing behind. */
  room(nowSeconds: number): ErrorCode | undefined {
    return refusalOf(() => checkRoom(this.#open(nowSeconds)))
  }

  /** Counts an alias that this subject wants: nothing, or the seconds to wait where there were `most` within the hour. */
  async take(most: number, nowSeconds: number): Promise<number | undefined> {
    const until = (Math.floor(nowSeconds / hour) + 1) * hour
    const counted = this.ctx.storage.transactionSync(() => {
      // Each hour has a row of its own: one that is over counts no more, whether or not an alarm has deleted it.
      const id = `taken ${until}`
      const taken = Number(this.#entries.record(id) ?? 0)
      if (taken >= most) return false
      this.#write(id, until, String(taken + 1))
      return true
    })
    if (!counted) return until - nowSeconds
    await this.#entries.wakeAt(until)
    return undefined
  }

  /** Takes a name of this shard. */
  async reserve(name: string, untilSeconds: number): Promise<boolean> {
    const written = this.#entries.write(
      'INSERT INTO entries (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id',
      `name ${name}`,
      untilSeconds,
    )
    await this.#entries.wakeAt(untilSeconds)
    return written.length > 0
  }

  /** Keeps an alias of this visit, if it is admitted. */
  async open(name: string, alias: AliasRecord, nowSeconds: number): Promise<ErrorCode | undefined> {
    const refused = this.ctx.storage.transactionSync(() => {
      const refused = refusalOf(() =>
        this.#keep(name, admitted(alias, this.#open(nowSeconds), nowSeconds)),
      )
      if (refused === undefined) this.#note('opened', name, alias, nowSeconds)
      return refused
    })
    if (refused === undefined) await this.#entries.wakeAt(endOf(alias))
    return refused
  }

  /** Begins an operation of this visit. The alias is gone when its execution begins. */
  async begin(name: string, operation: string, attempt: Attempt): Promise<BegunHere> {
    const begun = this.ctx.storage.transactionSync(() => {
      const alias = this.#entries.record(`alias ${name}`)
      const begun = decideBegin(alias, this.#entries.record(`operation ${operation}`), attempt)
      if ('execute' in begun.verdict && alias !== undefined) {
        this.#end('used', name, alias, attempt.now)
      }
      this.#keepOperation(operation, begun)
      return begun
    })
    if (begun.operation !== undefined) await this.#entries.wakeAt(begun.operationUntilSeconds)
    const origin = this.#entries.record(`origin ${name}`)
    return { ...begun.verdict, ...(origin !== undefined && { origin }) }
  }

  /** Gives an operation of this visit its outcome. */
  async settle(
    operation: string,
    hash: string,
    answer: string | undefined,
    nowSeconds: number,
  ): Promise<OperationState | undefined> {
    const settled = this.ctx.storage.transactionSync(() => {
      const record = this.#entries.record(`operation ${operation}`)
      const settled = decideSettle(record, hash, answer, nowSeconds)
      this.#keepOperation(operation, settled)
      return settled
    })
    return (settled.verdict as OperationState | null) ?? undefined
  }

  /**
   * Deletes an alias of this visit. One that has gone over to another visit, or is on its way there, has to be buried in both: this
   * says where the other is.
   */
  close(name: string, secret: string, nowSeconds: number): ClosedElsewhere | undefined {
    return this.ctx.storage.transactionSync(() => {
      const alias = this.#entries.record(`alias ${name}`)
      const { closes, at } = decideClose(alias, secret)
      if (!closes || alias === undefined) return undefined
      if (at === undefined) {
        this.#end('closed', name, alias, nowSeconds)
        return undefined
      }
      // What points to the other visit stays until that has done its part: the same secret may have to close it again.
      this.#keep(name, forgotten(alias))
      return { at, untilSeconds: endOf(alias) }
    })
  }

  /** Deletes an alias whose closing secret was right, and lets it not come, or not come back, before it would have ended. */
  async bury(name: string, untilSeconds: number, nowSeconds: number): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      const alias = this.#entries.record(`alias ${name}`)
      if (alias !== undefined) this.#end('closed', name, alias, nowSeconds)
      else this.#write(`gone ${name}`, untilSeconds + 60, '')
    })
    await this.#entries.wakeAt(untilSeconds + 60)
  }

  /** Lets another visit have an alias of this one. It stays here until `forget`, so that a lost answer loses nothing. */
  release(name: string, claim: Claim): AliasRecord | undefined {
    return this.ctx.storage.transactionSync(() => {
      const alias = this.#entries.record(`alias ${name}`)
      const released = unlessInvalid(() => decideRelease(alias, claim))
      if (!released) return undefined
      this.#keep(name, released.left)
      this.#note('claimed', name, released.left, claim.now)
      return released.taken
    })
  }

  /** Deletes the account of an alias that another visit has taken over. */
  forget(name: string): void {
    const left = this.#entries.record(`alias ${name}`)
    if (left !== undefined) this.#keep(name, forgotten(left))
  }

  /** Takes over an alias that another visit, the `origin`, has released. Never one that was used or closed here. */
  async adopt(
    name: string,
    alias: AliasRecord,
    nowSeconds: number,
    origin: string,
  ): Promise<boolean> {
    const has = this.ctx.storage.transactionSync(() => {
      if (this.#entries.record(`gone ${name}`) !== undefined) return false
      const held = this.#entries.record(`alias ${name}`)
      const taken = unlessInvalid(() => adopted(held, alias))
      if (taken === undefined) return false
      this.#keep(name, taken)
      this.#write(`origin ${name}`, endOf(alias), origin)
      this.#note('adopted', name, alias, nowSeconds)
      return true
    })
    if (has) await this.#entries.wakeAt(endOf(alias))
    return has
  }

  /** What happened to the aliases of this visit within a day. */
  audit(): AliasAudit[] {
    return this.#entries
      .write("SELECT record FROM entries WHERE id LIKE 'audit %' ORDER BY id")
      .map((row) => JSON.parse(String(row['record'])) as AliasAudit)
  }

  /** Deletes what has come to its end. */
  override async alarm(): Promise<void> {
    if (!(await this.#entries.awake())) return
    const nowSeconds = Math.floor(Date.now() / 1000)
    const over = this.#entries.write(
      "SELECT id, record FROM entries WHERE id LIKE 'alias %' AND until <= ?",
      nowSeconds,
    )
    for (const { id, record } of over) {
      this.#note('expired', String(id).slice('alias '.length), String(record), nowSeconds)
    }
    await this.#entries.sweep(nowSeconds)
  }

  /** How many aliases this visit has open. */
  #open(nowSeconds: number): number {
    return this.#entries.count("id LIKE 'alias %' AND until > ?", nowSeconds)
  }

  #keep(name: string, alias: AliasRecord): void {
    this.#write(`alias ${name}`, endOf(alias), alias)
  }

  /** Deletes an alias. Its name stays for as long as another visit might hand it over again. */
  #end(event: AliasAudit['event'], name: string, alias: AliasRecord, nowSeconds: number): void {
    this.#entries.write('DELETE FROM entries WHERE id = ?', `alias ${name}`)
    this.#write(`gone ${name}`, endOf(alias) + 60, '')
    this.#note(event, name, alias, nowSeconds)
  }

  #keepOperation(
    operation: string,
    kept: { operation: string | undefined; operationUntilSeconds: number },
  ): void {
    if (kept.operation === undefined) return
    this.#write(`operation ${operation}`, kept.operationUntilSeconds, kept.operation)
  }

  #note(event: AliasAudit['event'], name: string, alias: AliasRecord, atSeconds: number): void {
    const { operation } = JSON.parse(alias) as { operation: string }
    const audit: AliasAudit = { event, name, operation, atSeconds }
    const until = atSeconds + auditSeconds
    // In the order in which it happened, also within a second.
    this.#write(`audit ${Date.now()} ${name} ${event}`, until, JSON.stringify(audit))
  }

  #write(id: string, until: number, record: string): void {
    this.#entries.write(
      'INSERT OR REPLACE INTO entries (id, until, record) VALUES (?, ?, ?)',
      id,
      until,
      record,
    )
  }
}

function refusalOf(decide: () => void): ErrorCode | undefined {
  try {
    decide()
    return undefined
  } catch (error) {
    if (isLingpaiError(error)) return error.code
    throw error
  }
}

function unlessInvalid<T>(decide: () => T): T | undefined {
  try {
    return decide()
  } catch (error) {
    if (isLingpaiError(error) && error.code === 'alias_invalid') return undefined
    throw error
  }
}
