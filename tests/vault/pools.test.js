// Tokens ahead: each is its holder's, its field's and one value's, and the answers tell nothing of other people's values.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startFaulty } from './support/faulty.js'
import { install, phone } from './support/world.js'

let world
before(async () => {
  world = await startFaulty({ fields: { name: { max: 3, maxPerSubject: 5 } } })
})
after(() => world?.stop())

describe('a token of a pool', () => {
  test('is leased to one holder, stands for one value, and only for one', async () => {
    const me = await install(world)
    const { status, content } = await me.lease('phone', 5)
    assert.equal(status, 200, JSON.stringify(content))
    const { lease, tokens, exp } = content
    assert.equal(new Set(tokens).size, 5)
    for (const token of tokens) assert.match(token, /^11\d{9}$/)
    assert.ok(exp > Date.now() / 1000)
    const number = phone()
    const op = await me.operation('phone', number, { token: tokens[0], lease })
    const done = await resultOf(me, op)
    assert.equal(done.status, 'done')
    assert.deepEqual(await me.tokenize('phone', [number]), [done.token])
    assert.deepEqual(await me.canonical('phone', [tokens[0]]), [done.token])
    assert.deepEqual(await me.reveal('phone', [tokens[0]]), [`+86${number}`])
    const again = await me.operation('phone', phone(), { token: tokens[0], lease })
    assert.equal((await resultOf(me, again)).status, 'conflict')
    assert.deepEqual(await me.reveal('phone', [tokens[0], tokens[1]]), [`+86${number}`, null])
  })

  test('for a value that is known means the same as the token that it has', async () => {
    const me = await install(world)
    const { content } = await me.lease('phone', 1)
    const number = phone()
    const [canonical] = await me.tokenize('phone', [number])
    const [token] = content.tokens
    const op = await me.operation('phone', number, { token, lease: content.lease })
    assert.equal((await resultOf(me, op)).token, canonical)
    assert.deepEqual(await me.canonical('phone', [token]), [canonical])
    assert.deepEqual(await me.reveal('phone', [token]), [`+86${number}`])
  })

  test('is answered alike whether somebody had registered its value before or not', async () => {
    const [me, other] = [await install(world), await install(world)]
    const { lease, tokens } = (await me.lease('phone', 2)).content
    const [known, fresh] = [phone(), phone()]
    await other.tokenize('phone', [known])
    for (const [at, number] of [known, fresh].entries()) {
      const op = await me.operation('phone', number, { token: tokens[at], lease })
      const { token, ...result } = await resultOf(me, op)
      assert.deepEqual(result, { op: op.op, status: 'done' })
      assert.match(token, /^11\d{9}$/)
      assert.notEqual(token, tokens[at], number === known ? 'known' : 'fresh')
    }
  })

  test('of somebody else, of another lease and of no lease is not to be had, used or not', async () => {
    const [me, thief] = [await install(world), await install(world)]
    const { content: mine } = await me.lease('phone', 2)
    const { content: theirs } = await thief.lease('phone', 1)
    const [free, used] = mine.tokens
    const op = await me.operation('phone', phone(), { token: used, lease: mine.lease })
    await me.reconcile([op])
    for (const token of [free, used]) {
      for (const lease of [mine.lease, theirs.lease, 'invented']) {
        const theft = await thief.operation('phone', phone(), { token, lease })
        // Whose key a token was leased to is forgotten when it is used; its lease is known to who was given it.
        if (token === used && lease === mine.lease) {
          assert.equal((await resultOf(thief, theft)).status, 'conflict')
        } else await refused(thief, theft, 'bad_binding')
      }
    }
    const invented = await me.operation('phone', phone(), { token: '11000000000', lease: 'x' })
    await refused(me, invented, 'bad_binding')
    const other = await me.operation('phone', phone(), { token: free, lease: theirs.lease })
    await refused(me, other, 'bad_binding')
    assert.deepEqual(await me.reveal('phone', [free]), [null])
  })

  test('is a token of its field alone: in another field of the same kind it is nobody’s', async () => {
    const me = await install(world)
    const { lease, tokens } = (await me.lease('phone', 32)).content
    // Tokens of both fields look alike, and some of these lie in the shard where the other field would look for them.
    for (const token of tokens) {
      const number = phone()
      await refused(me, await me.operation('contact', number, { token, lease }), 'bad_binding')
      const [own] = await me.tokenize('contact', [number])
      assert.notEqual(own, token)
      assert.deepEqual(await me.reveal('contact', [own]), [`+86${number}`])
    }
    // Where they are at home they are as good as before.
    const op = await me.operation('phone', phone(), { token: tokens[0], lease })
    assert.equal((await resultOf(me, op)).status, 'done')
  })

  test('that two fields happen to share is two tokens, each with its own meaning', async () => {
    const rows = (field, more) => ({ token: '11000000042', field, ...more })
    const shard = (method, ...parameters) =>
      world.ask(['shard', 'shared', 0], method, ...parameters)
    const holder = 'key'
    const until = Math.floor(Date.now() / 1000) + 600
    for (const field of ['phone', 'contact']) {
      await shard('lease', { lease: `of ${field}`, field, holder, tokens: ['11000000042'] }, until)
    }
    for (const field of ['phone', 'contact']) {
      const claim = rows(field, { lease: `of ${field}`, holder })
      assert.deepEqual(await shard('claim', [claim]), [{}], field)
      await shard('bind', [rows(field, { value: `a ${field}`, shard: 0 })])
    }
    const meaning = await shard('meaning', [rows('phone'), rows('contact')], 0)
    assert.deepEqual(
      meaning.map(({ value }) => value),
      ['a phone', 'a contact'],
    )
  })

  test('is never leased again', async () => {
    const installs = await Promise.all(Array.from({ length: 10 }, () => install(world)))
    const leases = await Promise.all(installs.map((it) => it.lease('phone', 32)))
    const tokens = leases.flatMap(({ content }) => content.tokens)
    assert.equal(new Set(tokens).size, 320)
  })

  test('comes in no greater number than a subject may give out', async () => {
    const me = await install(world)
    const counts = []
    for (let at = 0; at < 3; at++) {
      const { status, content } = await me.lease('name', 4)
      counts.push(status === 200 ? content.tokens.length : status)
    }
    assert.deepEqual(counts, [4, 1, 429])
  })
})

async function resultOf(me, op) {
  const { status, content } = await me.reconcile([op])
  assert.equal(status, 200, JSON.stringify(content))
  assert.equal(content.results.length, 1)
  return content.results[0]
}

async function refused(me, op, error) {
  assert.deepEqual(await resultOf(me, op), { op: op.op, status: 'refused', error })
}
