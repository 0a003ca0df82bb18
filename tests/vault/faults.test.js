// The vault's own objects fail: before a step, or after it was done and nobody heard. Nothing is lost, nothing is there twice, and
// whoever asks again gets what he would have got.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startFaulty } from './support/faulty.js'
import { install, person, phone } from './support/world.js'

let world
before(async () => (world = await startFaulty()))
after(() => world?.stop())

const steps = ['admit', 'claim', 'register', 'bind', 'canonical', 'settle']
const faults = steps.flatMap((step) => [`${step}:before`, `${step}:after`])

for (const kind of ['provisional', 'pooled']) {
  describe(`an operation with a ${kind} token`, () => {
    for (const fault of faults) {
      test(`comes to its end after ${fault}`, async () => {
        const me = await install(world)
        const [number, known] = [phone(), phone()]
        const [canonical] = await me.tokenize('phone', [known])
        const tokens = kind === 'pooled' ? (await me.lease('phone', 2)).content : undefined
        const binding = (at) => tokens && { token: tokens.tokens[at], lease: tokens.lease }
        const ops = [
          await me.operation('phone', number, binding(0)),
          await me.operation('phone', known, binding(1)),
        ]
        const broken = await me.reconcile(ops, { faults: fault })
        assert.ok([200, 503].includes(broken.status), broken.body)
        if (broken.status === 200) {
          for (const { status } of broken.content.results) assert.match(status, /^(done|retry)$/)
        }
        // Somebody else needs the same value in between.
        const [meanwhile] = await me.tokenize('phone', [number])
        assert.deepEqual(await me.reveal('phone', [meanwhile]), [`+86${number}`])
        const { status, content } = await me.reconcile(ops)
        assert.equal(status, 200)
        const results = content.results.map(({ status, token }) => [status, token])
        assert.deepEqual(results, [
          ['done', meanwhile],
          ['done', canonical],
        ])
        const values = await me.reveal('phone', [ops[0].token, meanwhile, ops[1].token, canonical])
        assert.deepEqual(values, [`+86${number}`, `+86${number}`, `+86${known}`, `+86${known}`])
        // What is remembered is answered without asking where values and tokens are kept.
        const faults = 'claim:before,register:before,bind:before,canonical:before,settle:before'
        assert.deepEqual((await me.reconcile(ops, { faults })).content, content)
      })
    }
  })
}

test('several faults in a row, each at another step, and then none', async () => {
  const me = await install(world)
  const number = phone()
  const { lease, tokens } = (await me.lease('phone', 1)).content
  const op = await me.operation('phone', number, { token: tokens[0], lease })
  for (const fault of faults) await me.reconcile([op], { faults: fault })
  const { content } = await me.reconcile([op])
  const [token] = await me.tokenize('phone', [number])
  assert.deepEqual(content.results, [{ op: op.op, status: 'done', token }])
  assert.deepEqual(await me.reveal('phone', [...tokens, token]), Array(2).fill(`+86${number}`))
})

for (const fault of ['claim:after', 'register:before', 'register:after', 'bind:before']) {
  test(`a token of a pool that two values want, one of which stopped at ${fault}, stands for the first that is bound`, async () => {
    const me = await install(world)
    const [first, second] = [phone(), phone()]
    const { lease, tokens } = (await me.lease('phone', 1)).content
    const binding = { token: tokens[0], lease }
    const [one, other] = [
      await me.operation('phone', first, binding),
      await me.operation('phone', second, binding),
    ]
    await me.reconcile([one], { faults: fault })
    for (const again of [1, 2]) {
      assert.equal((await me.reconcile([other])).content.results[0].status, 'done', again)
      assert.equal((await me.reconcile([one])).content.results[0].status, 'conflict', again)
    }
    const [token] = await me.tokenize('phone', [first])
    assert.deepEqual(await me.reveal('phone', [tokens[0], token]), [`+86${second}`, `+86${first}`])
  })
}

test('a cap is not used up by repeating what failed', async () => {
  const me = await install(world, { subject: 'patient' })
  const op = await me.operation('phone', phone())
  for (let at = 0; at < 20; at++) await me.reconcile([op], { faults: 'settle:before' })
  const holder = me.granted.claims.iid.slice(0, 12)
  const rows = [{ op: 'x', digest: 'd', field: 'phone' }]
  const facts = { jti: me.granted.claims.jti, rexp: me.granted.claims.rexp, max: { phone: 2 } }
  // One was used: of two that are allowed, one is left.
  const admit = (op) =>
    world.ask(['holder', 'partner', holder], 'admit', facts, [{ ...rows[0], op }])
  assert.deepEqual(await admit('x'), [null])
  assert.equal((await admit('y'))[0].error, 'over_cap')
})

test('a value whose answer was lost has one token when it is asked for again', async () => {
  const me = await person(world)
  const number = phone()
  const items = [{ op: 'a', field: 'phone', value: number }]
  const lost = await me.call('/v1/tokens', { items }, { faults: 'register:after' })
  assert.equal(lost.status, 503)
  assert.ok(Number(lost.headers.get('retry-after')) > 0)
  const tokens = await me.tokenize('phone', [number, number])
  assert.equal(new Set(tokens).size, 1)
})

test('what cannot be asked is not answered: 503 for each route, and the operator hears of it', async () => {
  const me = await install(world)
  const [token] = await me.tokenize('phone', [phone()])
  const items = [{ field: 'phone', token }]
  const calls = {
    'take:before': () =>
      me.call('/v1/tokens', { items: [{ op: 'a', field: 'phone', value: phone() }] }, fault()),
    'meaning:before': () => me.call('/v1/tokens/reveal', { items }, fault()),
    'reveal:after': () => me.call('/v1/tokens/reveal', { items }, fault()),
    'canonical:before': () => me.call('/v1/tokens/canonical', { items }, fault()),
    'take:after': () => me.call('/v1/tokens/canonical', { items }, fault()),
    'leaseOf:before': () => me.call('/v1/pools', { field: 'phone', count: 1 }, fault()),
    'draw:after': () => me.call('/v1/pools', { field: 'phone', count: 1 }, fault()),
    'grant:before': () => me.call('/v1/policies', {}, fault()),
    'admit:before': async () => me.reconcile([await me.operation('phone', phone())], fault()),
  }
  let current
  const fault = () => ({ faults: current })
  for (const [name, call] of Object.entries(calls)) {
    current = name
    const { status, content, headers } = await call()
    assert.deepEqual([status, content.error], [503, 'temporarily_unavailable'], name)
    assert.match(headers.get('x-events'), /unavailable/, name)
  }
})

test('a key to unseal that was taken away makes operations wait, and they go on when it is back', async () => {
  const me = await install(world)
  const op = await me.operation('phone', phone())
  const keys = world.bindings.VAULT_SEAL_KEYS
  const retired = JSON.parse(keys).map((it) => ({ ...it, retireAtSeconds: 1 }))
  await world.crash({ VAULT_SEAL_KEYS: JSON.stringify(retired) })
  const { content, headers } = await me.reconcile([op])
  assert.deepEqual(content.results, [{ op: op.op, status: 'retry' }])
  assert.equal(headers.get('x-events'), 'seal_key_missing')
  await world.crash({ VAULT_SEAL_KEYS: keys })
  assert.equal((await me.reconcile([op])).content.results[0].status, 'done')
})

test('a shard that has given out all of its tokens gives none twice', async () => {
  const me = await person(world, {
    scope: 'tokenize:identity tokenize:phone',
    claims: { client_id: 'full' },
  })
  const capacity = 1_000_000_000 / 4
  for (let shard = 0; shard < 4; shard++) {
    await world.ask(['shard', 'full', shard], 'draw', 'phone', capacity - 1, capacity)
  }
  const tokens = []
  // Until a value has come to each of the shards, and a while longer.
  for (let at = 0, after = 0; at < 200 && after < 5; at++) {
    if (tokens.length === 4) after += 1
    const items = [{ op: 'a', field: 'phone', value: phone() }]
    const { status, content, headers } = await me.call('/v1/tokens', { items })
    if (status === 200) tokens.push(content.results[0].token)
    else assert.equal(headers.get('x-events'), 'exhausted')
  }
  assert.equal(tokens.length, 4)
  assert.equal(new Set(tokens).size, 4)
})
