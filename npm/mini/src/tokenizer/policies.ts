// Policies: asked for while the vault is there, verified, kept, and found again when it is not. Pools are filled on the way.
import type { LingpaiError } from '../errors'
import { operations } from './operations'
import { checkOpen, see, type AccountFacts, type Parts } from './parts'
import { accountKey, rowFields, type Batch } from './rows'

/** What a policy says that was verified. */
export interface HeldPolicy {
  id: string
  /** Its key in the store. */
  key: string
  text: string
  version: number
  expiresAtSeconds: number
  reconcileUntilSeconds: number
  renewAtSeconds: number
  jkt?: string
  fields: { name: string; pool: number; provisional: boolean; max: number }[]
}

/** The policies of a tokenizer. */
export interface Policies {
  /** The one at hand, if there is one. */
  current(): Promise<HeldPolicy | undefined>
  /** Whether the key that it is bound to is here: after a logout there is another one. */
  isOurs(held: HeldPolicy): boolean
  /** As {@link Policies.current}, of what was last seen. */
  seen(): HeldPolicy | undefined
  /** The one under a key of the store; nothing where it is gone. */
  find(key: string): Promise<HeldPolicy | undefined>
  /** The module knows none of them any more. */
  forget(): void
  /** Asks for a new one if it is time, and fills the pools. Never rejects but with `closed`. Gives how long to wait. */
  renew(): Promise<number>
}

const path = '/v1/policies'
const poolsPath = '/v1/pools'
/** The issuer's keys as they were last fetched: without them a start in an outage could believe no policy. */
const keysKey = 'keys'
/** As many as the module remembers. */
const mostVerified = 8
const timeoutMs = 10_000
const againMs = 30_000
const longestMs = 3_600_000

/** Makes them. */
export function createPolicies(parts: Omit<Parts, 'policies'>): Policies {
  const { kit, holder, engine, store, transact, vault, emit, ledger, issuer, keys } = parts
  const { device, gateway, settings } = holder
  const { jkt } = device
  const trusted = kit.trust(settings.host, issuer, keys)
  const nowSeconds = () => gateway.nowSeconds()
  const verified = new Map<string, HeldPolicy>()
  let last: HeldPolicy | undefined

  async function verify(text: string): Promise<HeldPolicy> {
    let used = ''
    const check = (keys: string): HeldPolicy => {
      const url = `${gateway.url}/v1/reconcile`
      const facts = engine.text(operations.verify, text, url, issuer, (used = keys))
      const held = Object.assign(JSON.parse(facts) as HeldPolicy, { text })
      // In step with the module, which forgets the oldest.
      verified.delete(held.key)
      if (verified.size >= mostVerified) verified.delete(verified.keys().next().value as string)
      verified.set(held.key, held)
      return held
    }
    if (keys !== undefined) return trusted.read(check)
    const [kept] = await store.read([keysKey])
    try {
      if (kept !== undefined) return check(kept.value)
    } catch (thrown) {
      if (kit.toLingpaiError(thrown).code !== 'key_not_found') throw thrown
    }
    const held = await trusted.read(check)
    await store.write({ put: [{ key: keysKey, value: used }] })
    return held
  }

  const isOurs = (held: HeldPolicy) => held.jkt === undefined || held.jkt === jkt

  async function find(key: string): Promise<HeldPolicy | undefined> {
    const known = verified.get(key)
    if (known !== undefined) return known
    const [row] = await store.read([key])
    if (row === undefined) return undefined
    return verify(row.value)
  }

  async function current(): Promise<HeldPolicy | undefined> {
    const rows = rowFields([accountKey], await store.read([accountKey]))
    const account = engine.text(operations.account, ...rows)
    if (account === '') return undefined
    const facts = JSON.parse(account) as AccountFacts
    see(ledger, facts)
    return (last = await find(facts.policyKey))
  }

  async function ask(): Promise<void> {
    const reply = await vault.ask(path, JSON.stringify({ jkt }), 'application/jwt', timeoutMs)
    if (reply.status !== 200 || !reply.document) throw vault.refusalOf(reply)
    const held = await verify(reply.body.trim())
    if (!isOurs(held)) throw new kit.LingpaiError('key_binding_mismatch')
    const isNew = await transact([accountKey], (rows) => {
      const batch = engine.text(operations.adopt, held.id, Number(store.durable), ...rows)
      return batch === '' ? { result: false } : { batch: JSON.parse(batch) as Batch, result: true }
    })
    last = held
    if (!isNew) return
    await parts.note()
    emit({
      type: 'policy',
      version: held.version,
      expiresAtMs: held.expiresAtSeconds * 1000,
      reconcileUntilMs: held.reconcileUntilSeconds * 1000,
    })
  }

  async function fill(held: HeldPolicy): Promise<void> {
    const pools = held.fields.map(({ name }) => `pool/${name}`)
    const rows = rowFields(pools, await store.read(pools))
    const wanted = JSON.parse(engine.text(operations.refill, held.id, nowSeconds(), ...rows))
    for (const request of wanted as { field: string }[]) {
      const { field } = request
      const reply = await vault.ask(
        poolsPath,
        JSON.stringify(request),
        'application/json',
        timeoutMs,
      )
      if (reply.status !== 200 || !reply.document) throw vault.refusalOf(reply)
      const fields = [held.id, field, reply.body, nowSeconds()]
      await transact([`pool/${field}`], (rows) => {
        const batch = engine.text(operations.stock, ...fields, ...rows)
        return { batch: JSON.parse(batch) as Batch, result: undefined }
      })
    }
  }

  async function attempt(what: 'policy' | 'pool', work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (thrown) {
      checkOpen(parts)
      const { code, status } = kit.toLingpaiError(thrown) as LingpaiError
      emit(
        status === undefined
          ? { type: 'failed', what, code }
          : { type: 'failed', what, code, status },
      )
      return false
    }
  }

  return {
    current,
    isOurs,
    find,
    seen: () => last,
    forget() {
      verified.clear()
      last = undefined
    },
    async renew() {
      checkOpen(parts)
      const held = await current().catch(() => undefined)
      let good = true
      if (held === undefined || !isOurs(held) || nowSeconds() >= held.renewAtSeconds)
        good = await attempt('policy', ask)
      const own = last
      if (own !== undefined) good = (await attempt('pool', () => fill(own))) && good
      if (!good || last === undefined) return againMs
      const leftMs = (last.renewAtSeconds - nowSeconds()) * 1000
      return Math.min(Math.max(leftMs, againMs), longestMs)
    },
  }
}
