// What is kept about people and apps on platforms, in Durable Objects: sealed sessions, links between accounts, and in memory
// the access tokens of apps. Needs no WebAssembly: what is sealed stays sealed here.
import { DurableObject } from 'cloudflare:workers'
import { callPlatform, type PlatformCall } from '../exchange/call.js'
import { readAppToken, type HeldToken } from '../exchange/app-token.js'
import type { AppToken, SessionTimes } from '../exchange/store.js'
import { entriesOf } from './entries.js'

const [current, previous, link] = ['current', 'previous', 'link']

/** The last second of the year 9999: links have no end. */
const never = 253_402_300_799

/**
 * The Durable Object class of an exchange: each object keeps the sessions of one user of one app, or one link, or the access
 * token of one app. With SQLite storage: declare it as `new_sqlite_classes`, and export it from the main module of your
 * Worker. Sessions have an end, at which an alarm deletes them.
 */
export class PlatformSessions extends DurableObject {
  readonly #entries = entriesOf(this.ctx)
  #token: HeldToken | undefined
  #asking: Promise<AppToken> | undefined

  /** Keeps a session in place of the one before, which serves a little longer. */
  async keep(sealed: string, times: SessionTimes): Promise<void> {
    const { nowSeconds, untilSeconds, previousUntilSeconds } = times
    this.ctx.storage.transactionSync(() => {
      this.#entries.write(
        `INSERT OR REPLACE INTO entries (id, until, record)
          SELECT ?, min(until, ?), record FROM entries WHERE id = ? AND until > ? AND record <> ?`,
        previous!,
        previousUntilSeconds,
        current!,
        nowSeconds,
        sealed,
      )
      this.#write(current!, untilSeconds, sealed)
    })
    await this.#entries.wakeAt(Math.min(untilSeconds, previousUntilSeconds))
  }

  /** The sessions that serve, the latest first. */
  sessions(nowSeconds: number): string[] {
    if (this.#entries.record(current!) === undefined) return []
    const rows = this.#entries.write(
      'SELECT record FROM entries WHERE id IN (?, ?) AND until > ? ORDER BY id',
      current!,
      previous!,
      nowSeconds,
    )
    return rows.map((row) => String(row['record']))
  }

  /** Writes a link if there is none, and gives the one that there is. */
  link(value: string): string {
    const kept = this.#entries.record(link!)
    if (kept !== undefined) return kept
    this.#write(link!, never, value)
    return value
  }

  /** Deletes all of this object. */
  async forget(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  /** The access token of this object's app. It is in memory alone: an object that starts anew asks again. */
  async accessToken(call: PlatformCall, stale?: string): Promise<AppToken> {
    const held = this.#token
    if (held && held.token !== stale && held.renewAtMs > Date.now()) return { token: held.token }
    const asking = (this.#asking ??= this.#ask(call))
    try {
      return await asking
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  async #ask(call: PlatformCall): Promise<AppToken> {
    const answer = await callPlatform(call)
    const held = readAppToken(answer, Date.now())
    if (!held) return answer
    this.#token = held
    return { token: held.token }
  }

  #write(id: string, until: number, record: string): void {
    this.#entries.write(
      'INSERT OR REPLACE INTO entries (id, until, record) VALUES (?, ?, ?)',
      id,
      until,
      record,
    )
  }

  /** Deletes what has come to its end. */
  override async alarm(): Promise<void> {
    await this.#entries.sweep(Math.floor(Date.now() / 1000))
  }
}
