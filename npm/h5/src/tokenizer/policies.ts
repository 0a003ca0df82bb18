// Policies: asked for while the vault is there, verified, kept, and found again when it is not. Pools are filled on the way.
import { LingpaiError, toLingpaiError } from '../errors.js'
import type { DegradePolicy } from '../wasm/lingpai_tokenizer_bg.js'
import { accountKey, type AccountFacts, type Parts } from './parts.js'
import { isDurable, type Batch } from './store.js'
import { readRows, storing } from './transact.js'
import { refusalOf } from './vault.js'

/** What a policy says. */
export interface PolicyFacts {
  id: string
  tenant: string
  version: number
  issuedAtSeconds: number
  expiresAtSeconds: number
  reconcileUntilSeconds: number
  renewAtSeconds: number
  jkt?: string
  fields: { name: string; pool: number; provisional: boolean; max: number }[]
}

/** A policy that was verified. */
export interface HeldPolicy {
  policy: DegradePolicy
  facts: PolicyFacts
}

/** The policies of a tokenizer. */
export interface Policies {
  /** The one at hand, if there is one. */
  current(): Promise<HeldPolicy | undefined>
  /** As {@link Policies.current}; where it is bound to the key of another tab, ours takes its place again, if there is one. */
  own(): Promise<HeldPolicy | undefined>
  /** Whether the key that it is bound to is here. */
  isOurs(held: HeldPolicy): boolean
  /** As {@link Policies.current}, of what was last seen. */
  seen(): HeldPolicy | undefined
  /** The one under a key of the store; nothing where it is gone. */
  find(key: string): Promise<HeldPolicy | undefined>
  /** The text under a key of the store, as it lies there. */
  text(key: string): Promise<string | undefined>
  /** Asks for a new one if it is time, and fills the pools. Never rejects but with `closed`. Gives how long to wait. */
  renew(): Promise<number>
}

const path = '/v1/policies'
const poolsPath = '/v1/pools'
const timeoutMs = 10_000
const againMs = 30_000
const longestMs = 3_600_000

/** Makes them. */
export function createPolicies(parts: Omit<Parts, 'policies'>): Policies {
  const { engine, settings, store, transact, vault, issuerKeys, emit, closed, nowSeconds } = parts
  const reconcileUrl = `${settings.gateway}/v1/reconcile`
  const verified = new Map<string, HeldPolicy>()
  const jkt = settings.page?.proofKey.thumbprint ?? settings.authorization?.proofKeyThumbprint
  let last: HeldPolicy | undefined
  /** The latest that is bound to our key, or to none. */
  let ours: HeldPolicy | undefined

  const verify = async (text: string): Promise<HeldPolicy> => {
    const policy = await issuerKeys.check(
      // The issuer is one of this module's: it was made with this engine.
      (issuer, vouched) =>
        engine.DegradePolicy.verify(text, issuer as never, reconcileUrl, vouched),
      () => text,
      closed,
    )
    return { policy, facts: JSON.parse(policy.facts()) as PolicyFacts }
  }

  const isOurs = ({ facts }: HeldPolicy) => facts.jkt === undefined || facts.jkt === jkt

  const text = async (key: string) => (await storing(store.read([key])))[0]?.value

  const find = async (key: string) => {
    const known = verified.get(key)
    if (known) return known
    const kept = await text(key)
    if (kept === undefined) return undefined
    const held = await verify(kept)
    verified.set(key, held)
    return held
  }

  const current = async () => {
    const rows = await readRows(engine, store, [accountKey])
    const account = engine.account(rows)
    rows.free()
    if (account === undefined) return undefined
    const { policyKey, pending, done, dead, lost } = JSON.parse(account) as AccountFacts
    Object.assign(parts.ledger, { pending, done, dead, lost })
    last = await find(policyKey)
    if (last && isOurs(last)) ours = last
    return last
  }

  // Whether it was another one that was at hand.
  const adopt = async (held: HeldPolicy) => {
    const { result } = await transact([accountKey], (rows) => {
      const batch = engine.adopt(rows, held.policy, isDurable(store), store.life)
      return {
        batch: batch === undefined ? undefined : (JSON.parse(batch) as Batch),
        result: batch !== undefined,
      }
    })
    return result
  }

  const own = async () => {
    const held = await current()
    if (!held || isOurs(held) || !ours) return held
    await adopt(ours).catch(() => {
      // Then without: there may be a newer one than ours.
    })
    return current()
  }

  const ask = async () => {
    const body = JSON.stringify({ ...(jkt && { jkt }) })
    const reply = await vault.ask(path, body, 'application/jwt', timeoutMs)
    if (reply.status !== 200 || !reply.document) throw refusalOf(engine, reply)
    const held = await verify(reply.body.trim())
    if (!isOurs(held)) throw new LingpaiError('key_binding_mismatch')
    const isNew = await adopt(held)
    verified.set(engine.policyKey(held.facts.id), held)
    last = ours = held
    if (isNew) {
      const { version, expiresAtSeconds, reconcileUntilSeconds } = held.facts
      const times = {
        expiresAtMs: expiresAtSeconds * 1000,
        reconcileUntilMs: reconcileUntilSeconds * 1000,
      }
      emit({ type: 'policy', version, ...times })
    }
  }

  const poolKeys = ({ facts }: HeldPolicy) => facts.fields.map(({ name }) => `pool/${name}`)

  const fill = async (held: HeldPolicy) => {
    const rows = await readRows(engine, store, poolKeys(held))
    const wanted = JSON.parse(engine.refill(rows, held.policy, nowSeconds())) as object[]
    rows.free()
    for (const request of wanted) {
      const { field } = request as { field: string }
      const body = JSON.stringify(request)
      const reply = await vault.ask(poolsPath, body, 'application/json', timeoutMs)
      if (reply.status !== 200 || !reply.document) throw refusalOf(engine, reply)
      await transact([`pool/${field}`], (rows) => {
        const batch = engine.stock(rows, held.policy, field, reply.body, nowSeconds())
        return { batch: JSON.parse(batch) as Batch, result: undefined }
      })
    }
  }

  const attempt = async (what: 'policy' | 'pool', work: () => Promise<unknown>) => {
    try {
      await work()
      return true
    } catch (thrown) {
      closed.throwIfAborted()
      const { code, status } = toLingpaiError(thrown)
      emit({ type: 'failed', what, code, ...(status && { status }) })
      return false
    }
  }

  return {
    current,
    own,
    isOurs,
    find,
    text,
    seen: () => last,
    async renew() {
      let good = true
      await current().catch(() => undefined)
      if (!ours || nowSeconds() >= ours.facts.renewAtSeconds) good = await attempt('policy', ask)
      // Nothing of a pool is given out without a durable store.
      if (!ours || !isDurable(store)) return againMs
      good = (await attempt('pool', () => fill(ours!))) && good
      if (!good) return againMs
      const leftMs = (ours.facts.renewAtSeconds - nowSeconds()) * 1000
      return Math.min(Math.max(leftMs, againMs), longestMs)
    },
  }
}
