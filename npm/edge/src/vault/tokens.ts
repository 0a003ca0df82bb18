// `POST /v1/tokens`, `/v1/tokens/reveal`, `/v1/tokens/canonical` and `/v1/pools`: callers who are there, with a visit token.
import { engine } from '../engine/full.js'
import { LingpaiError } from '../error.js'
import type { Actor } from '../durable/vault/rows.js'
import type { OperationResult } from '../durable/vault/holder.js'
import type { Claims } from '../types.js'
import type { Verified } from '../verifier.js'
import { TooMany, Unavailable } from './answers.js'
import { countByField, failure, take } from './rates.js'
import { register, tokenOf, type Incoming, type VaultContext } from './registration.js'
import { requireScopes } from './scopes.js'
import { askShards } from './shards.js'

/** Who a caller is to the vault. */
export interface Caller {
  tenant: string
  /** The name of the object that keeps what is this person's. */
  holder: string
  claims: Claims
  jkt: string | undefined
}

/** Who has been verified. A token that names no subject or no tenant has no place in a vault. */
export function callerOf({ settings, vault }: VaultContext, { claims, proof }: Verified): Caller {
  const tenant = settings.tenantOf(claims)
  const { sub } = claims
  if (sub === undefined || tenant === '') throw new LingpaiError('subject_mismatch')
  const holder = vault.use((number) => engine.glue.vaultHolder(number, tenant, sub))
  return { tenant, holder, claims, jkt: proof?.jkt }
}

type Item = { op: string; field: string } & (Incoming | { refused: string })

/** Tokens for values. One shape, whether a value was known before or not. */
export async function tokenize(
  context: VaultContext,
  caller: Caller,
  body: string,
  nowSeconds: number,
): Promise<{ results: OperationResult[] }> {
  const { vault } = context
  const { tenant } = caller
  const items = JSON.parse(
    vault.use((number) => engine.glue.vaultAccept(number, tenant, body, nowSeconds)),
  ) as Item[]
  requireScopes(caller.claims, 'tokenize', items)
  await count(context, caller, 'tokens', items)
  const accepted = items.filter((item): item is Item & Incoming => 'fingerprint' in item)
  const known = await register(context, caller, accepted)
  if (accepted.length > 0 && known.every((value) => value === undefined)) throw new Unavailable()
  const tokens = new Map(accepted.map((item, at) => [item as Item, known[at]?.canonical]))
  const results = items.map((item): OperationResult => {
    const { op } = item
    if ('refused' in item) return { op, status: 'refused', error: item.refused }
    const token = tokens.get(item)
    return token === undefined ? { op, status: 'retry' } : { op, status: 'done', token }
  })
  return { results }
}

/** A token that somebody asks about, and where it would be known. */
export interface Question {
  field: string
  token: string
  shard?: number
  count?: number
}

/** The values of tokens; `null` for what stands for none, never did, or does not any more. */
export async function reveal(
  context: VaultContext,
  caller: Caller,
  body: string,
  nowSeconds: number,
): Promise<{ results: { token: string; value: string | null }[] }> {
  const { settings, vault } = context
  const { tenant } = caller
  const questions = questionsOf(context, tenant, body)
  requireScopes(caller.claims, 'reveal', questions)
  await count(context, caller, 'reveals', questions)
  const known = await meanings(context, tenant, questions)
  const by = actorOf(caller.claims)
  const records = await askShards(
    settings,
    tenant,
    known,
    ({ meaning }) => meaning.shard,
    (shard, items) =>
      shard.reveal(
        items.map(({ question, meaning }) => ({
          tenant,
          field: question.field,
          value: meaning.value,
          by,
        })),
        settings.seconds.auditRetention,
      ),
  )
  const values = new Map<Question, string | null>()
  known.forEach(({ question, meaning }, at) => {
    const record = records[at]
    if (record === undefined) throw new Unavailable()
    const open = (number: number) =>
      engine.glue.vaultReveal(
        number,
        tenant,
        question.field,
        meaning.value,
        record as string,
        nowSeconds,
      )
    values.set(question, record === null ? null : vault.use(open))
  })
  return {
    results: questions.map((question) => ({
      token: question.token,
      value: values.get(question) ?? null,
    })),
  }
}

/** The canonical tokens of tokens, for those who join by them and must not see the value. */
export async function canonical(
  context: VaultContext,
  caller: Caller,
  body: string,
): Promise<{ results: { token: string; canonical: string | null }[] }> {
  const { settings, vault } = context
  const { tenant } = caller
  const questions = questionsOf(context, tenant, body)
  requireScopes(caller.claims, 'tokenize', questions)
  await count(context, caller, 'canonical', questions)
  const known = await meanings(context, tenant, questions)
  const registered = await askShards(
    settings,
    tenant,
    known,
    ({ meaning }) => meaning.shard,
    (shard, items) => shard.canonical(items.map(({ meaning }) => meaning.value)),
  )
  const tokens = new Map<Question, string>()
  known.forEach(({ question, meaning }, at) => {
    const row = registered[at]
    if (row === undefined) throw new Unavailable()
    if (!row) return
    tokens.set(question, tokenOf(vault, tenant, question.field, meaning.shard, row.count))
  })
  return {
    results: questions.map((question) => ({
      token: question.token,
      canonical: tokens.get(question) ?? null,
    })),
  }
}

/** Tokens ahead, for one proof key. They are drawn for it alone, and whatever becomes of the answer, for nobody else. */
export async function lease(
  context: VaultContext,
  caller: Caller,
  body: string,
  nowSeconds: number,
): Promise<{ lease: string; exp: number; tokens: string[] }> {
  const { settings, vault } = context
  const { tenant, jkt } = caller
  const wanted = JSON.parse(vault.use((number) => engine.glue.vaultPool(number, body))) as {
    lease: string
    field: string
    count: number
    share: number
    shard: number
    limit: number
  }
  requireScopes(caller.claims, 'tokenize', [wanted])
  if (jkt === undefined) throw new LingpaiError('proof_required')
  const exp = nowSeconds + settings.seconds.lease
  const { lease: id, field, share, shard, limit } = wanted
  try {
    const holder = settings.store.holder(tenant, caller.holder)
    const granted = await holder.leaseOf({ lease: id, field, count: wanted.count, share }, exp)
    if (granted === 0) throw new TooMany(settings.seconds.lease)
    const store = settings.store.shard(tenant, shard)
    const drawn = await store.draw(field, granted, limit)
    if (drawn === null) {
      settings.onEvent({ type: 'exhausted', field, shard })
      throw new Unavailable()
    }
    const tokens = Array.from({ length: drawn.count }, (_, at) =>
      tokenOf(vault, tenant, field, shard, drawn.first + at),
    )
    // Until the last operation that may bring one of them has been forgotten.
    const until = exp + settings.seconds.reconcile + memoryMarginSeconds
    await store.lease({ lease: id, field, holder: jkt, tokens }, until)
    return { lease: id, exp, tokens }
  } catch (error) {
    throw failure(context, error)
  }
}

const memoryMarginSeconds = 7 * 86_400

/** Reads questions about tokens. */
export function questionsOf({ vault }: VaultContext, tenant: string, body: string): Question[] {
  return JSON.parse(
    vault.use((number) => engine.glue.vaultLookups(number, tenant, body)),
  ) as Question[]
}

/** What tokens stand for, of those that stand for anything. */
export async function meanings(
  { settings }: VaultContext,
  tenant: string,
  questions: readonly Question[],
): Promise<{ question: Question; meaning: { value: string; shard: number } }[]> {
  const homed = questions.flatMap((question) =>
    question.shard === undefined ? [] : [{ question, home: question.shard }],
  )
  const found = await askShards(
    settings,
    tenant,
    homed,
    ({ home }) => home,
    (shard, items, number) =>
      shard.meaning(
        items.map(({ question: { token, field, count } }) => ({
          token,
          field,
          ...(count !== undefined && { count }),
        })),
        number,
      ),
  )
  if (found.includes(undefined)) throw new Unavailable()
  return homed.flatMap(({ question }, at) => {
    const meaning = found[at]
    return meaning ? [{ question, meaning }] : []
  })
}

/** Counts items by person and field. */
async function count(
  context: VaultContext,
  caller: Caller,
  what: 'canonical' | 'reveals' | 'tokens',
  items: readonly { field: string }[],
): Promise<void> {
  const limitOf = (field: string) => {
    const set = context.settings.fields.get(field)
    return (what === 'reveals' ? set?.revealsPerHour : set?.tokensPerHour) ?? 0
  }
  const counts = [...countByField(items.map(({ field }) => field))]
  const rates = counts.map(([field, count]) => ({
    name: `${what}/${field}`,
    count,
    limit: limitOf(field),
  }))
  await take(context, caller, rates)
}

function actorOf({ sub, client_id, sid, jti }: Claims): Actor {
  return {
    ...(sub !== undefined && { subject: sub }),
    ...(client_id !== undefined && { client: client_id }),
    ...(sid !== undefined && { visit: sid }),
    ...(jti !== undefined && { token: jti }),
  }
}
