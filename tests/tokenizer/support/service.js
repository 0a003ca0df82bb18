// Tokenizers of a service, as the tests open them.
import { createDurableStore, createTokenizer } from '@lingpai/h5/tokenizer'
import assert from 'node:assert/strict'

import { until } from '../../support/until.js'
import { durableHost, serviceOf } from './world.js'

const lookupKey = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, [
  'sign',
])

/** A tokenizer with a store that outlives it, once it has a policy. */
export async function openService(
  world,
  { host = durableHost(), authorization, store, ...options } = {},
) {
  authorization ??= await serviceOf(world)
  const events = []
  const tokenizer = await createTokenizer({
    authorization,
    gateway: world.gateway,
    issuer: world.gateway,
    keys: world.keys,
    store: store ?? createDurableStore(host),
    lookupKey,
    // No answer of a busy machine is an outage.
    onlineTimeoutMs: 20_000,
    onEvent: (event) => events.push(event),
    ...options,
  })
  await until('a policy', () => tokenizer.status.policyExpiresAtMs !== undefined)
  return { tokenizer, host, authorization, events }
}

/** Waits until nothing waits any more. */
export const drained = (tokenizer) =>
  until('the outbox to be empty', async () => (await tokenizer.flush()).pending === 0)

/** What the vault knows about tokens: each stands for its value, and each value has one canonical token. */
export async function checkTokens(world, tokens, values) {
  const reader = await world.reader()
  assert.deepEqual(await reader.reveal('phone', tokens), values)
  const canonical = await reader.canonical('phone', tokens)
  assert.deepEqual(canonical, await reader.tokenize('phone', values))
}

/**
 * What the vault has noted of operations, by its own journal: each that was `made` once, and no other. `requests` are those in which
 * the install, which is the only one of its holder, has sent them.
 */
export async function checkJournal(world, made, requests) {
  const sent = new Set(
    requests.flatMap(({ body }) => JSON.parse(String(body)).ops.map(({ op }) => op)),
  )
  assert.equal(sent.size, made, 'each was sent, and under one id')
  const holders = new Set([...sent].map((op) => op.slice(0, 12)))
  assert.equal(holders.size, 1, 'of one install')
  const objects = await world.worker.objects('TOKEN_VAULT')
  const [holder] = holders
  const object = objects.get(objects.idFromName(`holder/partner/${holder}`))
  const { ops } = await object.rowCounts()
  assert.equal(ops, made, 'operations in the journal')
}
