// The demo's bank: accounts with play money in a Durable Object. A transfer happens once for its key, whoever asks how often.

import { DurableObject } from 'cloudflare:workers'
import type { OperationOutcome } from '@lingpai/edge/operations'
import { bindingProblem, type Env } from '../bindings'

export interface Account {
  id: string
  name: 'current' | 'savings'
  /** In fen. */
  balance: number
}

interface Transfer {
  key: string
  subject: string
  account: string
  details: Readonly<Record<string, unknown>>
}

const opening = [
  ['current', 1_250_000],
  ['savings', 8_800_000],
] as const

/** The bank of a deployment. */
export function bankOf(env: Env) {
  const namespace = env.DEMO_BANK
  if (!namespace) throw bindingProblem('DEMO_BANK', 'is missing')
  return namespace.get(namespace.idFromName('bank'))
}

export class DemoBank extends DurableObject {
  readonly #sql = this.ctx.storage.sql

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS accounts
      (id TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT NOT NULL, balance INTEGER NOT NULL)`)
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS transfers
      (key TEXT PRIMARY KEY, outcome TEXT NOT NULL)`)
  }

  /** The user's accounts; a new user gets two. */
  accounts(subject: string): Account[] {
    const found = () =>
      this.#sql
        .exec<Account & Record<string, SqlStorageValue>>(
          'SELECT id, name, balance FROM accounts WHERE subject = ? ORDER BY name',
          subject,
        )
        .toArray()
    if (found().length === 0) {
      for (const [name, balance] of opening) {
        this.#sql.exec('INSERT INTO accounts VALUES (?, ?, ?, ?)', newId(), subject, name, balance)
      }
    }
    return found()
  }

  owns(subject: string, id: string): boolean {
    const rows = this.#sql.exec('SELECT 1 FROM accounts WHERE id = ? AND subject = ?', id, subject)
    return rows.toArray().length > 0
  }

  exists(id: string): boolean {
    return this.#sql.exec('SELECT 1 FROM accounts WHERE id = ?', id).toArray().length > 0
  }

  /** Moves money, once for each key. */
  transfer({ key, subject, account, details }: Transfer): OperationOutcome {
    return this.ctx.storage.transactionSync(() => {
      const known = this.#outcome(key)
      if (known) return known
      const outcome = this.#move(subject, account, details)
      this.#sql.exec('INSERT INTO transfers VALUES (?, ?)', key, JSON.stringify(outcome))
      return outcome
    })
  }

  /** What became of a key. One that never came is used up by asking, so that it never will. */
  outcomeOf(key: string): OperationOutcome {
    const never = { refused: 'never_begun' }
    this.#sql.exec('INSERT OR IGNORE INTO transfers VALUES (?, ?)', key, JSON.stringify(never))
    return this.#outcome(key) ?? never
  }

  #move(subject: string, account: string, details: Transfer['details']): OperationOutcome {
    const { amount, currency, to } = details
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount <= 0) {
      return { refused: 'bad_amount' }
    }
    if (currency !== 'CNY' || typeof to !== 'string' || to.length > 64) {
      return { refused: 'bad_details' }
    }
    const paid = this.#sql
      .exec<{
        balance: number
      }>(
        'UPDATE accounts SET balance = balance - ?1 WHERE id = ?2 AND subject = ?3 AND balance >= ?1 RETURNING balance',
        amount,
        account,
        subject,
      )
      .toArray()
    const [row] = paid
    return row
      ? { result: { to, amount, balance: row.balance } }
      : { refused: 'insufficient_funds' }
  }

  #outcome(key: string): OperationOutcome | undefined {
    const [row] = this.#sql
      .exec<{ outcome: string }>('SELECT outcome FROM transfers WHERE key = ?', key)
      .toArray()
    return row && (JSON.parse(row.outcome) as OperationOutcome)
  }
}

/** Letters and digits, as accounts of real banks have them. */
function newId(): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte % 10)
  return `XM-6222${digits.join('')}`
}
