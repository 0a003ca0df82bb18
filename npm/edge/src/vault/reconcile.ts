// `POST /v1/reconcile`: operations that were made while the vault was away. Each goes through the steps of the core's
// `settlement`, one transaction in one object each; whatever stops in between is taken up again when the operation comes again.
import { engine } from '../engine/full.js'
import { isLingpaiError } from '../error.js'
import type { AdmissionRequest, OperationResult, PolicyFacts } from '../durable/vault/holder.js'
import type { TokenMeaning } from '../durable/vault/rows.js'
import { Unavailable } from './answers.js'
import { register, tokenOf, type Incoming, type VaultContext } from './registration.js'
import { askShards } from './shards.js'
import type { HolderStore } from './store.js'
import { countByField, failure, take } from './rates.js'

/** A policy that was verified. */
export interface Policy extends PolicyFacts {
  tenant: string
  holder: string
  install: string
  jkt?: string
}

interface Submitted {
  op: string
  digest: string
  field: string
  token: string
}

interface Opened extends Submitted, Incoming {
  home: number
  lease?: string
}

type Unopened = { foreign: true } | { refused: string } | { missing: true }

type Operation = Opened | (Submitted & Unopened)

/** An operation on its way. Where a store does not answer, nothing more becomes known of it, and it is to be sent again. */
interface Work {
  at: number
  operation: Opened
  /** Whether the token is this value's to take. */
  claimed?: true
  /** What the token stands for. */
  meaning?: TokenMeaning
  result?: OperationResult
}

/** Reconciles operations that came under a policy. */
export async function reconcile(
  context: VaultContext,
  policy: Policy,
  policyText: string,
  body: string,
  nowSeconds: number,
): Promise<{ results: OperationResult[] }> {
  const { settings, vault } = context
  try {
    // Before anything is opened, which is what costs.
    await count(context, policy, body)
  } catch (error) {
    if (!isLingpaiError(error) || error.code !== 'identity_erased') throw error
    // For good: what is sent again and again would look like an outage.
    const { ops } = JSON.parse(body) as { ops: Submitted[] }
    return { results: ops.map(({ op }) => ({ op, status: 'refused', error: 'expired' })) }
  }
  const operations = JSON.parse(
    vault.use((number) => engine.glue.vaultOpen(number, policyText, body, nowSeconds)),
  ) as Operation[]
  const missing = operations.filter((operation) => 'missing' in operation).length
  if (missing > 0) settings.onEvent({ type: 'seal_key_missing', operations: missing })

  const holder = settings.store.holder(policy.tenant, policy.holder)
  const { jti, rexp, max } = policy
  let admitted: (OperationResult | null)[]
  try {
    admitted = await holder.admit({ jti, rexp, max }, operations.map(admission))
  } catch (error) {
    throw failure(context, error)
  }
  const works = operations.flatMap((operation, at): Work[] =>
    admitted[at] === null && 'fingerprint' in operation ? [{ at, operation }] : [],
  )
  await claim(context, policy, works)
  await registerAndBind(context, policy, works)
  await nameCanonical(context, policy, works)
  const results = await settle(context, holder, works)
  const answers = operations.map(
    ({ op }, at): OperationResult => admitted[at] ?? results.get(at) ?? { op, status: 'retry' },
  )
  if (missing === 0 && answers.every(({ status }) => status === 'retry')) throw new Unavailable()
  return { results: answers }
}

/** All installs of a person may send four times as much as one of them, so that none takes it all. */
const installsPerPerson = 4

/** Counts operations by install, by person and by field. */
async function count(context: VaultContext, policy: Policy, body: string): Promise<void> {
  const fields = JSON.parse(engine.call((glue) => glue.vaultSubmitted(body))) as string[]
  const { settings } = context
  // Whatever is no field is counted as one.
  const known = fields.map((field) => (settings.fields.has(field) ? field : ''))
  const rates = [...countByField(known)].flatMap(([field, count]) => {
    const limit = settings.fields.get(field)?.operationsPerHour ?? otherOperationsPerHour
    return [
      { name: `operations/${field}/${policy.install}`, count, limit },
      { name: `operations/${field}`, count, limit: installsPerPerson * limit },
    ]
  })
  await take(context, policy, rates)
}

const otherOperationsPerHour = 10_000

function admission(operation: Operation): AdmissionRequest {
  const { op, digest, field } = operation
  return {
    op,
    digest,
    field,
    ...('foreign' in operation && { foreign: operation.foreign }),
    ...('refused' in operation && { refused: operation.refused }),
    ...('missing' in operation && { missing: operation.missing }),
  }
}

/** Step 2: may the token stand for the value, or does it already? */
async function claim(
  { settings }: VaultContext,
  { tenant, jkt }: Policy,
  works: readonly Work[],
): Promise<void> {
  const claimed = await askShards(
    settings,
    tenant,
    works,
    ({ operation }) => operation.home,
    (shard, items) =>
      shard.claim(
        items.map(({ operation: { token, field, lease } }) => ({
          token,
          field,
          ...(lease !== undefined && { lease, holder: jkt ?? '' }),
        })),
      ),
  )
  works.forEach((work, at) => {
    const answer = claimed[at]
    if (answer === undefined) return
    const { status, error, value, shard } = answer
    const { op } = work.operation
    if (status !== undefined) work.result = { op, status, ...(error !== undefined && { error }) }
    else if (value !== undefined && shard !== undefined) work.meaning = { value, shard }
    else work.claimed = true
  })
}

/** Steps 3 and 4: the value gets its canonical token, and the operation's token stands for that value. */
async function registerAndBind(
  context: VaultContext,
  policy: Policy,
  works: readonly Work[],
): Promise<void> {
  const { tenant } = policy
  const free = works.filter(({ claimed }) => claimed)
  const known = await register(
    context,
    policy,
    free.map(({ operation }) => operation),
  )
  const registered = free.flatMap((work, at) => {
    const value = known[at]
    return value ? [{ work, value }] : []
  })
  const bound = await askShards(
    context.settings,
    tenant,
    registered,
    ({ work }) => work.operation.home,
    (shard, items) =>
      shard.bind(
        items.map(({ work: { operation }, value: { value, shard } }) => ({
          token: operation.token,
          field: operation.field,
          value,
          shard,
        })),
      ),
  )
  registered.forEach(({ work }, at) => {
    const meaning = bound[at]
    if (meaning) work.meaning = meaning
  })
}

/**
 * Step 5. The answer is the canonical token of what the token stands for, which may have been settled before this operation came: a
 * token of a pool may stand for another value. A provisional one cannot, whatever rules its fingerprint was made by.
 */
async function nameCanonical(
  { settings, vault }: VaultContext,
  { tenant }: Policy,
  works: readonly Work[],
): Promise<void> {
  const meant = works.flatMap((work) => (work.meaning ? [{ work, meaning: work.meaning }] : []))
  const registered = await askShards(
    settings,
    tenant,
    meant,
    ({ meaning }) => meaning.shard,
    (shard, items) =>
      shard.canonical(
        items.map(({ meaning }) => meaning.value),
        items.map(({ work: { operation } }) =>
          operation.lease === undefined ? null : operation.fingerprint,
        ),
      ),
  )
  meant.forEach(({ work, meaning }, at) => {
    const row = registered[at]
    if (!row) return
    const { op, field } = work.operation
    work.result = row.other
      ? { op, status: 'conflict' }
      : { op, status: 'done', token: tokenOf(vault, tenant, field, meaning.shard, row.count) }
  })
}

/** Step 6. What is done and could not be remembered is to be sent again, and then comes to the same end. */
async function settle(
  context: VaultContext,
  holder: HolderStore,
  works: readonly Work[],
): Promise<Map<number, OperationResult>> {
  const ended = works.flatMap(({ at, result }) => (result ? [{ at, result }] : []))
  if (ended.length === 0) return new Map()
  try {
    const settled = await holder.settle(ended.map(({ result }) => result))
    return new Map(ended.map(({ at, result }, index) => [at, settled[index] ?? result]))
  } catch (error) {
    failure(context, error)
    return new Map()
  }
}
