// A vault in Durable Objects: one object for each holder of installs, and a fixed number of shards for values and tokens. The
// core decides, the objects store.
import { DurableObject } from 'cloudflare:workers'

import type { Resource } from '../engine.js'
import { engine } from '../engine/full.js'
import { tablesOf, type Run, type Tables } from './schema.js'
import * as audit from './vault/audit.js'
import * as holder from './vault/holder.js'
import * as owners from './vault/owners.js'
import { begin, factOf, goOn, isRotating, keyChanged, type Rotation } from './vault/rotation.js'
import type {
  Actor,
  AuditEntry,
  Registered,
  Registration,
  TokenBinding,
  TokenClaim,
  TokenClaimed,
  TokenMeaning,
} from './vault/rows.js'
import * as shard from './vault/shard.js'
import { sweepHolder, sweepShard } from './vault/sweep.js'
import { endingTables, holderSchema, shardSchema } from './vault/tables.js'

const seconds = () => Math.floor(Date.now() / 1000)

/**
 * The Durable Object class of a vault. Declare it as `new_sqlite_classes`, export it from the main module of your Worker, and
 * bind the data keys as `VAULT_DATA_KEYS`, or say in a subclass where they are: records are brought under a new key by alarms,
 * in the object itself. What has an end is deleted by an alarm.
 */
export class TokenVault extends DurableObject {
  /** Where the data keys are bound: the JSON text of the ring that `createVault` is given. */
  static dataKeysOf(env: unknown): string | undefined {
    return (env as { VAULT_DATA_KEYS?: string }).VAULT_DATA_KEYS
  }

  /** An object has the tables of either. */
  readonly #holderTables = tablesOf(this.ctx.storage, holderSchema)
  readonly #shardTables = tablesOf(this.ctx.storage, shardSchema)
  #keys: { text: string; resource: Resource } | undefined

  /** Decides about a policy for an install of this holder. */
  async grant(command: string): Promise<unknown> {
    const { granted, forgetAt } = this.#holder((run) => holder.grant(run, command))
    await this.#wakeAt(forgetAt)
    return granted
  }

  /** Admits operations: the result of each, or `null` for one that is to be worked on. */
  async admit(
    policy: holder.PolicyFacts,
    requests: holder.AdmissionRequest[],
  ): Promise<(holder.OperationResult | null)[]> {
    const { results, forgetAt } = this.#holder((run) =>
      holder.admit(run, policy, requests, seconds()),
    )
    await this.#wakeAt(forgetAt)
    return results
  }

  /** Remembers the results of operations, and gives what is remembered. */
  settle(results: holder.OperationResult[]): holder.OperationResult[] {
    return this.#holder((run) => holder.settle(run, results))
  }

  /** Grants a lease of up to `count` tokens; 0 where this holder has its share. */
  async leaseOf(
    wanted: { lease: string; field: string; count: number; share: number },
    untilSeconds: number,
  ): Promise<number> {
    const granted = this.#holder((run) => holder.lease(run, wanted, untilSeconds, seconds()))
    if (granted > 0) await this.#wakeAt(untilSeconds)
    return granted
  }

  /** Lets this holder, who has been erased, ask for nothing more until `untilSeconds`. */
  async close(untilSeconds: number): Promise<void> {
    this.#holder((run) => holder.close(run, untilSeconds))
    await this.#wakeAt(untilSeconds)
  }

  /** Takes from all rates or from none: nothing, the seconds to wait, or that this holder has been erased. */
  async take(rates: holder.Rate[], periodSeconds: number): Promise<number | 'erased' | undefined> {
    const now = seconds()
    const wait = this.#holder((run) => holder.take(run, rates, periodSeconds, now))
    await this.#wakeAt(now + periodSeconds)
    return wait
  }

  /** Registers values, which are this holder's from now on: the first writer's canonical token counts. */
  async register(
    tenant: string,
    holder: string,
    registrations: Registration[],
  ): Promise<(Registered | null)[]> {
    const { registered, outdated } = this.#shard((run) => {
      owners.assertNotErased(run, holder)
      const registered = shard.register(run, registrations)
      owners.own(
        run,
        holder,
        registered.flatMap((row) => (row ? [row.value] : [])),
      )
      return { registered, outdated: keyChanged(run, tenant, registrations[0]?.record) }
    })
    if (outdated) await this.ctx.storage.setAlarm(Date.now())
    return registered
  }

  /** Draws counts that nobody else gets. */
  draw(field: string, count: number, limit: number): { first: number; count: number } | null {
    return this.#shard((run) => shard.draw(run, field, count, limit))
  }

  /** Leases tokens of this shard to a proof key. */
  async lease(
    leased: { lease: string; field: string; holder: string; tokens: string[] },
    untilSeconds: number,
  ): Promise<void> {
    this.#shard((run) => shard.lease(run, leased, untilSeconds))
    await this.#wakeAt(untilSeconds)
  }

  /** Says whether tokens may stand for values, or do already. */
  claim(claims: TokenClaim[]): TokenClaimed[] {
    return this.#shard((run) => shard.claim(run, claims))
  }

  /** Binds tokens to values. */
  bind(bindings: TokenBinding[]): TokenMeaning[] {
    return this.#shard((run) => shard.bind(run, bindings))
  }

  /** What tokens of this shard, whose number is `own`, stand for. */
  meaning(
    tokens: { token: string; field: string; count?: number }[],
    own: number,
  ): (TokenMeaning | null)[] {
    return this.#shard((run) => shard.meaning(run, tokens, own))
  }

  /** The canonical tokens of values of this shard; `other` for one that has not the fingerprint that was wanted of it. */
  canonical(
    values: string[],
    wanted?: (string | null)[],
  ): ((Registered & { other?: true }) | null)[] {
    return this.#shard((run) => shard.canonical(run, values, wanted))
  }

  /** Gives records to be opened, and writes that into the audit trail. */
  async reveal(items: audit.Audited[], keepSeconds: number): Promise<(string | null)[]> {
    const now = seconds()
    const records = this.#shard((run) => audit.reveal(run, items, now, keepSeconds))
    await this.#wakeAt(now + keepSeconds)
    return records
  }

  /** Erases values, and writes that into the audit trail. */
  async erase(items: audit.Audited[], keepSeconds: number): Promise<boolean[]> {
    const now = seconds()
    const erased = this.#shard((run) => audit.erase(run, items, now, keepSeconds))
    await this.#wakeAt(now + keepSeconds)
    return erased
  }

  /** Erases a batch of the values that are one holder's alone, and lets this holder register none until `untilSeconds`. */
  async eraseOwner(
    owner: { tenant: string; holder: string; by: Actor },
    untilSeconds: number,
    keepSeconds: number,
  ): Promise<owners.OwnerErased> {
    const now = seconds()
    const erased = this.#shard((run) =>
      owners.eraseOwner(run, owner, untilSeconds, now, keepSeconds),
    )
    await this.#wakeAt(Math.min(untilSeconds, now + keepSeconds))
    return erased
  }

  /** Entries of the audit trail after `seq`. */
  trail(afterSeq: number, limit: number): AuditEntry[] {
    return this.#shard((run) => audit.trail(run, afterSeq, limit))
  }

  /** How many values are under which data key. */
  recordKeys(): { kid: string; number: number }[] {
    const query =
      'SELECT kid, count(*) AS number FROM values_ WHERE kid IS NOT NULL GROUP BY kid ORDER BY kid'
    return this.#shard((run) =>
      run(query).map(({ kid, number }) => ({ kid: String(kid), number: Number(number) })),
    )
  }

  /** How many rows are kept of this holder, by table. */
  rowCounts(): Record<string, number> {
    const count = (run: Run, table: string) =>
      Number(run(`SELECT count(*) AS number FROM ${table}`)[0]?.['number'])
    return this.#holder((run) =>
      Object.fromEntries(endingTables.map((table) => [table, count(run, table)])),
    )
  }

  /** Begins to bring all values under the data key that seals now; alarms go on with it. */
  async rotate(): Promise<Rotation> {
    // "Nothing left" would make somebody take the old key away.
    if (this.#dataKeys() === undefined) throw new Error('TokenVault has no data keys to rotate to')
    const rotation = this.#withKeys(begin) ?? { left: 0, more: false }
    if (rotation.more) await this.ctx.storage.setAlarm(Date.now())
    return rotation
  }

  /** Deletes what has come to its end, and goes on with a rotation. */
  override async alarm(): Promise<void> {
    const now = seconds()
    if (!(await this.#holderTables.awake()) || !(await this.#shardTables.awake())) return
    if (this.#holderTables.exist()) {
      const next = this.#holder((run) => sweepHolder(run, now))
      if (next === undefined) await this.ctx.storage.deleteAll()
      else await this.#wakeAt(next)
    }
    if (this.#shardTables.exist()) {
      const next = this.#shard((run) => sweepShard(run, now))
      // Alarms come for each lease and each entry that ends: they look at values only while these are being rotated.
      if (this.#shard(isRotating) && this.#withKeys(goOn))
        await this.ctx.storage.setAlarm(Date.now())
      else if (next !== undefined) await this.#wakeAt(next)
    }
  }

  #dataKeys(): string | undefined {
    return (this.constructor as typeof TokenVault).dataKeysOf(this.env)
  }

  /** Works on the values with the data keys; nothing where there is neither a key nor a value. */
  #withKeys<T>(
    work: (run: Run, keys: Resource, tenant: string, nowSeconds: number) => T,
  ): T | undefined {
    const text = this.#dataKeys()
    if (text === undefined) return undefined
    if (this.#keys?.text !== text) {
      this.#keys?.resource.free()
      const { glue, resource } = engine
      const made = resource(() => glue.dataKeysNew(text), glue.dataKeysFree)
      this.#keys = { text, resource: made }
    }
    const keys = this.#keys.resource
    return this.#shard((run) => {
      const tenant = factOf(run, 'tenant')
      return tenant === undefined ? undefined : work(run, keys, tenant, seconds())
    })
  }

  #holder<T>(work: (run: Run) => T): T {
    return this.#transaction(this.#holderTables, work)
  }

  #shard<T>(work: (run: Run) => T): T {
    return this.#transaction(this.#shardTables, work)
  }

  #transaction<T>(tables: Tables, work: (run: Run) => T): T {
    return this.ctx.storage.transactionSync(() => {
      tables.make()
      return work(tables.run)
    })
  }

  async #wakeAt(untilSeconds: number | undefined): Promise<void> {
    if (untilSeconds === undefined) return
    const alarm = await this.ctx.storage.getAlarm()
    if (alarm === null || alarm > untilSeconds * 1000) {
      await this.ctx.storage.setAlarm(untilSeconds * 1000)
    }
  }
}
