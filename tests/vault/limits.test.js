// What somebody can do who has a policy and bad intentions: ask too much, guess ids, fill the store.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import { clearOfTheHour } from '../support/hour.js'
import { startFaulty } from './support/faulty.js'
import { install, person, phone } from './support/world.js'

let world
before(async () => {
  const fields = {
    name: { max: 5, maxPerSubject: 20 },
    email: { operationsPerHour: 3, tokensPerHour: 4 },
  }
  world = await startFaulty({ fields })
})
after(() => world?.stop())

const rowsOf = ({ granted }) =>
  world.ask(['holder', 'partner', granted.claims.iid.slice(0, 12)], 'rowCounts')

describe('how often somebody may ask', () => {
  beforeEach(() => clearOfTheHour())

  test('operations: more than a field allows in an hour have to wait, and none of them is taken', async () => {
    const me = await install(world)
    const ops = await Promise.all(
      ['a@x.cn', 'b@x.cn', 'c@x.cn', 'd@x.cn'].map((it) => me.operation('email', it)),
    )
    assert.equal((await me.reconcile(ops.slice(0, 2))).status, 200)
    const over = await me.reconcile(ops.slice(1))
    assert.deepEqual([over.status, over.content.error], [429, 'rate_limited'])
    assert.ok(Number(over.headers.get('retry-after')) > 0)
    assert.deepEqual(await me.reveal('email', [ops[3].token]), [null])
    // Refused as a whole: what is left may still be used, by other fields too.
    assert.equal((await me.reconcile(ops.slice(2, 3))).status, 200)
    assert.equal((await me.reconcile([await me.operation('phone', phone())])).status, 200)
  })

  test('operations: one install does not use up what another of the same person may send', async () => {
    const subject = 'two devices'
    const [me, other] = [await install(world, { subject }), await install(world, { subject })]
    const ops = await Promise.all(['e', 'f', 'g'].map((it) => me.operation('email', `${it}@x.cn`)))
    assert.equal((await me.reconcile(ops)).status, 200)
    assert.equal((await me.reconcile(ops)).status, 429)
    const own = await other.operation('email', 'h@x.cn')
    assert.equal((await other.reconcile([own])).status, 200)
  })

  test('operations of a person: many installs together may send four times as much', async () => {
    const subject = 'many devices'
    const installs = []
    for (let at = 0; at < 5; at++) installs.push(await install(world, { subject }))
    const statuses = []
    for (const me of installs) {
      const ops = await Promise.all(
        ['i', 'j', 'k'].map((it) => me.operation('email', `${it}@x.cn`)),
      )
      statuses.push((await me.reconcile(ops)).status)
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 429])
  })

  test('canonical tokens: as many as values may be tokenized', async () => {
    const me = await person(world)
    const tokens = await me.tokenize('email', ['l@x.cn', 'm@x.cn'])
    assert.deepEqual(await me.canonical('email', tokens), tokens)
    assert.deepEqual(await me.canonical('email', tokens), tokens)
    const items = [{ field: 'email', token: tokens[0] }]
    const over = await me.call('/v1/tokens/canonical', { items })
    assert.deepEqual([over.status, over.content.error], [429, 'rate_limited'])
    assert.ok(Number(over.headers.get('retry-after')) > 0)
  })
})

describe('a guessed operation id', () => {
  test('yields nothing and deletes nothing, whoever guesses it and whether it was used or not', async () => {
    const subject = 'guessed'
    const me = await install(world, { subject })
    const [settled, waiting] = [
      await me.operation('phone', phone()),
      await me.operation('phone', phone()),
    ]
    const first = await me.reconcile([settled])
    assert.equal(first.content.results[0].status, 'done')
    // Another device of the same person shares the object in which operations are remembered; a stranger does not.
    for (const thief of [await install(world, { subject }), await install(world)]) {
      for (const { op } of [settled, waiting]) {
        const number = phone()
        const guess = await thief.operation('phone', number, { op })
        const { status, content } = await thief.reconcile([guess])
        assert.equal(status, 200)
        assert.deepEqual(content.results, [{ op, status: 'refused', error: 'bad_binding' }])
        assert.deepEqual(await thief.reveal('phone', [guess.token]), [null])
        // Nor does whoever copied what is sent.
        const copied = await thief.reconcile([settled, waiting])
        for (const result of copied.content.results) assert.equal(result.error, 'bad_binding')
      }
    }
    assert.deepEqual((await me.reconcile([settled])).content, first.content)
    const { content } = await me.reconcile([waiting])
    assert.equal(content.results[0].status, 'done')
  })

  test('by its own install tells of its use, and nothing else', async () => {
    const me = await install(world)
    const op = await me.operation('phone', phone())
    const first = await me.reconcile([op])
    const guess = await me.operation('phone', phone(), { op: op.op })
    const { content } = await me.reconcile([guess])
    assert.deepEqual(content.results, [{ op: op.op, status: 'refused', error: 'op_conflict' }])
    assert.deepEqual((await me.reconcile([op])).content, first.content)
  })
})

describe('refusals', () => {
  test('of ids that are no install’s own are not remembered', async () => {
    const [me, other] = [await install(world), await install(world)]
    const ops = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        me.operation('phone', phone(), { op: at % 2 ? `nonsense-${at}` : other.nextOp() }),
      ),
    )
    const { content } = await me.reconcile(ops)
    for (const { error } of content.results) assert.equal(error, 'bad_binding')
    assert.equal((await rowsOf(me)).ops, 0)
  })

  test('count as operations of the policy: no more is remembered than it allows', async () => {
    const me = await install(world)
    const wrong = { under: { value: 'another' } }
    const ops = await Promise.all(
      Array.from({ length: 30 }, (_, at) => me.operation('name', `n${at}`, wrong)),
    )
    const refused = async () => {
      const { content } = await me.reconcile(ops)
      return content.results.map(({ error }) => error)
    }
    const first = await refused()
    assert.ok(
      first.every((error) => error === 'bad_binding'),
      first.join(),
    )
    assert.deepEqual(await refused(), first, 'the same each time')
    assert.equal((await rowsOf(me)).ops, 5)
    // An id that was refused stays so, whatever comes with it.
    const again = await me.operation('name', 'n0', { op: ops[0].op })
    const { content } = await me.reconcile([again])
    assert.equal(content.results[0].error, 'op_conflict')
  })

  test('of fields that the policy does not have leave nothing behind', async () => {
    const me = await install(world, { scope: 'tokenize:phone' })
    const ops = await Promise.all([
      me.operation('name', 'x'),
      me.operation('phone', phone(), { beside: { field: 'invented' } }),
    ])
    const { content } = await me.reconcile(ops)
    for (const { error } of content.results) assert.equal(error, 'bad_binding')
    const { ops: remembered, used } = await rowsOf(me)
    assert.deepEqual([remembered, used], [0, 0])
  })
})
