// Policies: asked for while the vault is there, verified, kept, and found again when it is not. Pools are filled on the way.
import { LingpaiError, toLingpaiError } from '../errors.js'
import type { DegradePolicy } from '../wasm/lingpai_tokenizer_bg.js'
import { accountKey, type AccountFacts, type Parts } from './parts.js'
import type { Batch } from './store.js'
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
  /** As {@link Policies.current}, of what was last seen. */
  seen(): HeldPolicy | undefined
  /** The one under a key of the store; nothing where it is gone. */
  find(key: string): Promise<HeldPolicy | undefined>
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
  let last: HeldPolicy | undefined

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

  const find = async (key: string) => {
    const known = verified.get(key)
    if (known) return known
    const [row] = await storing(store.read([key]))
    if (!row) return undefined
    const held = await verify(row.value)
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
    return (last = await find(policyKey))
  }

  const ask = async () => {
    const jkt = settings.page?.proofKey.thumbprint ?? settings.authorization?.proofKeyThumbprint
    const body = JSON.stringify({ ...(jkt && { jkt }) })
    const reply = await vault.ask(path, body, 'application/jwt', timeoutMs)
    if (reply.status !== 200 || !reply.document) throw refusalOf(engine, reply)
    const held = await verify(reply.body.trim())
    if (held.facts.jkt !== undefined && held.facts.jkt !== jkt) {
      throw new LingpaiError('key_binding_mismatch')
    }
    const { result: isNew } = await transact([accountKey], (rows) => {
      const batch = engine.adopt(rows, held.policy)
      return {
        batch: batch === undefined ? undefined : (JSON.parse(batch) as Batch),
        result: batch !== undefined,
      }
    })
    verified.set(engine.policyKey(held.facts.id), held)
    last = held
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
        const batch = engine.stock(rows, field, reply.body, nowSeconds())
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
    find,
    seen: () => last,
    async renew() {
      let good = true
      const held = await current().catch(() => undefined)
      if (!held || nowSeconds() >= held.facts.renewAtSeconds) good = await attempt('policy', ask)
      if (last) good = (await attempt('pool', () => fill(last!))) && good
      if (!good || !last) return againMs
      const leftMs = (last.facts.renewAtSeconds - nowSeconds()) * 1000
      return Math.min(Math.max(leftMs, againMs), longestMs)
    },
  }
}
