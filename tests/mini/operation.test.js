// Sensitive operations under an alias in mini-programs, against the Worker in workerd and its bank: on each platform that can make a
// key, with all that may come between.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startWorld } from '../exchange/support/world.js'
import { deviceIn } from './support/device.js'
import { optionsOf } from './support/vault.js'
import { refused } from './support/world.js'

const details = { amount: 30_000, currency: 'CNY', to: 'Bank of Somewhere' }
let world
let people = 0

before(async () => {
  world = await startWorld({
    register: (all) => all.map((one) => ({ ...one, scopes: [...one.scopes, 'transfer'] })),
  })
})
after(() => world?.stop())

/** Somebody with two accounts at the bank, and a mini-program. */
async function customer(platform, options = {}) {
  const it = deviceIn(world, platform, { ...optionsOf(platform), ...options })
  it.code = { user: `customer-${++people}` }
  const { issuer } = world.deployment
  const accounts = async () =>
    (await it.run(it.mini.request({ url: `${issuer}/api/accounts` }))).json()
  const [{ id, balance }] = await accounts()
  const told = []
  return Object.assign(it, {
    account: id,
    told,
    begin: (given = details, more = {}) =>
      it.run(
        it.mini.beginOperation('transfer', given, {
          account: id,
          onEvent: (event) => told.push(event),
          ...more,
        }),
      ),
    /** How often the transfer was executed, by what is missing. */
    executed: async () => {
      const own = (await accounts()).find((account) => account.id === id)
      return (balance - own.balance) / details.amount
    },
    /** Whether the gateway knows an alias no more. An operation with one that it knows would be executed. */
    async isGone(alias) {
      const key = 'k'.repeat(22)
      const body = { alias, operation: 'transfer', details: { amount: 0 }, idempotency_key: key }
      const url = `${issuer}/v1/operations`
      // Said in a header field where the platform hides the body.
      const answer = await it.run(
        it.mini.request({ url, method: 'POST', body }).catch((error) => error),
      )
      if (answer.code === 'status_hidden') return true
      return answer.status !== 200 && answer.json().error_description === 'alias_invalid'
    },
    names: () => told.map(({ type, by, state }) => [type, by ?? state].filter(Boolean).join(' ')),
  })
}

const only = (path, fault, times = Infinity) => {
  let left = times
  return ({ url }) => (url.endsWith(path) && left-- > 0 ? fault : undefined)
}

for (const platform of ['wechat', 'alipay', 'douyin']) {
  describe(`on ${platform}`, () => {
    test('submitted: executed once, and the alias is gone', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      const { alias } = operation
      assert.notEqual(alias, it.account)
      assert.equal(operation.state, 'open')
      assert.ok(operation.expiresAt > it.phone.nowMs)
      const result = await it.run(operation.submit())
      assert.equal(result.state, 'done')
      assert.equal(result.result.amount, details.amount)
      assert.equal(operation.state, 'done')
      assert.deepEqual(it.names(), ['alias', 'submitted', 'done'])
      await it.run(assert.rejects(operation.submit(), refused('closed')))
      assert.ok(await it.isGone(alias))
      assert.equal(await it.executed(), 1)
      // What was sent named the account once, and never beside its alias.
      const named = it.sent.filter(({ body }) => body?.includes(it.account))
      assert.deepEqual(
        named.map(({ url }) => new URL(url).pathname),
        ['/v1/aliases'],
      )
    })

    test('cancelled: the alias is gone, and nothing can be submitted', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      operation.cancel()
      assert.equal(operation.state, 'cancelled')
      await it.phone.pass(10)
      await it.run(assert.rejects(operation.submit(), refused('closed')))
      assert.ok(await it.isGone(operation.alias))
      operation.cancel()
      assert.deepEqual(it.names(), ['alias', 'cancelled page'])
      assert.equal(await it.executed(), 0)
    })

    test('hidden: the alias is gone; shown again: there is another one, which works', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      const { alias } = operation
      it.process.hide()
      await it.phone.pass(10)
      assert.equal(operation.state, 'away')
      const closed = it.sent.filter(({ url }) => url.endsWith('/v1/aliases/close'))
      assert.equal(closed.length, 1)
      assert.equal('authorization' in closed[0].headers, false)
      await it.phone.pass(60_000)
      it.process.show()
      await it.phone.pass(1_000)
      assert.equal(operation.state, 'open')
      assert.notEqual(operation.alias, alias)
      assert.ok(await it.isGone(alias))
      assert.equal((await it.run(operation.submit())).state, 'done')
      assert.equal(await it.executed(), 1)
      assert.deepEqual(it.names(), ['alias', 'cancelled hide', 'alias', 'submitted', 'done'])
    })

    test('killed: the alias ends by itself', async () => {
      const it = await customer(platform)
      const { alias } = await it.begin()
      it.process.kill()
      await it.phone.pass(310_000)
      it.start()
      assert.ok(await it.isGone(alias))
      assert.equal(await it.executed(), 0)
    })

    test('the answer is lost: in doubt, and submitted again it is executed once', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      it.fault = only('/v1/operations', 'answer')
      await it.run(assert.rejects(operation.submit(), refused('network_unavailable')))
      assert.equal(operation.state, 'in_doubt')
      operation.cancel()
      assert.equal(operation.state, 'in_doubt')
      it.fault = () => undefined
      const result = await it.run(operation.submit())
      assert.deepEqual([result.state, result.result.amount], ['done', details.amount])
      assert.equal(await it.executed(), 1)
      const sent = it.sent.filter(({ url }) => url.endsWith('/v1/operations'))
      assert.equal(new Set(sent.map(({ body }) => body)).size, 1, 'the very same request')
      assert.equal(new Set(sent.map(({ headers }) => headers.dpop)).size, sent.length)
    })

    test('hidden while it is submitted: it goes on when it is shown, executed once', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      it.fault = ({ url }) => {
        if (url.endsWith('/v1/operations') && it.process.hiddenAtMs === undefined) it.process.hide()
      }
      const submitted = operation.submit()
      await it.phone.pass(100)
      it.fault = () => undefined
      await it.phone.pass(30_000)
      assert.equal(operation.state, 'submitting')
      assert.ok(!it.sent.some(({ url }) => url.endsWith('/v1/aliases/close')))
      it.process.show()
      assert.equal((await it.run(submitted)).state, 'done')
      assert.equal(await it.executed(), 1)
    })

    test('a thief of a proof can send no other body with it', async () => {
      const it = await customer(platform)
      const operation = await it.begin()
      it.fault = only('/v1/operations', 'request')
      await it.run(operation.submit().catch(() => {}))
      const [{ url, headers, body }] = it.sent.filter(({ url }) => url.endsWith('/v1/operations'))
      const other = body.replace('Bank of Somewhere', 'thief')
      const answer = await fetch(url, { method: 'POST', headers, body: other })
      assert.equal(answer.status, 401)
      assert.equal(await it.executed(), 0)
    })
  })
}

test('a refusal before anything began leaves the operation open, for other details', async () => {
  const it = await customer('wechat')
  const operation = await it.begin(null, { limits: { amount: 10_000 } })
  await it.run(assert.rejects(operation.submit(details), refused('access_denied')))
  assert.equal(operation.state, 'open')
  const smaller = { ...details, amount: 10_000 }
  assert.equal((await it.run(operation.submit(smaller))).state, 'done')
})

test('an operation whose answer was lost stays in doubt when the caller is refused afterwards', async () => {
  const it = await customer('wechat')
  const operation = await it.begin()
  let sent = 0
  it.fault = ({ url }) => {
    if (!url.endsWith('/v1/operations')) return undefined
    sent += 1
    if (sent === 1) return 'answer'
    const problem = { error: 'insufficient_scope', error_description: 'insufficient_scope' }
    const headers = { 'content-type': 'application/problem+json' }
    return { status: 403, headers, body: JSON.stringify(problem) }
  }
  await it.run(assert.rejects(operation.submit(), refused('insufficient_scope')))
  assert.equal(operation.state, 'in_doubt')
  it.fault = () => undefined
  assert.equal((await it.run(operation.submit())).state, 'done')
  assert.equal(await it.executed(), 1)
})

test('hidden while the alias is on its way: it is given up as soon as it is there', async () => {
  const it = await customer('wechat')
  it.fault = ({ url }) => {
    if (url.endsWith('/v1/aliases')) {
      it.fault = () => undefined
      it.process.hide()
    }
  }
  const options = { account: it.account, onEvent: (event) => it.told.push(event) }
  const beginning = it.mini.beginOperation('transfer', details, options)
  await it.phone.pass(20_000)
  it.process.show()
  const operation = await it.run(beginning)
  await it.phone.pass(1_000)
  assert.equal(operation.state, 'open')
  assert.equal((await it.run(operation.submit())).state, 'done')
  assert.equal(await it.executed(), 1)
})

test('a second phone of the same user takes the operation over by its pairing code', async () => {
  const it = await customer('wechat')
  const operation = await it.begin(undefined, { transferable: true })
  const same = deviceIn(world, 'wechat')
  same.code = it.code
  const claimed = await same.run(same.mini.claimOperation(operation.pairingCode))
  assert.equal(claimed.type, 'transfer')
  assert.equal((await same.run(claimed.submit(details))).state, 'done')
  await it.run(assert.rejects(operation.submit(details), refused('alias_invalid')))
  assert.equal(await it.executed(), 1)
  // A claimed alias cannot be had again: hidden is the end of it.
  const again = await it.begin(undefined, { transferable: true })
  const second = await same.run(same.mini.claimOperation(again.pairingCode))
  same.process.hide()
  same.process.show()
  await same.phone.pass(1_000)
  assert.equal(second.state, 'cancelled')
})

test('after a logout nothing is submitted, and where no key can be made nothing is begun', async () => {
  const it = await customer('wechat')
  const operation = await it.begin()
  await it.run(it.mini.logout())
  await assert.rejects(operation.submit(), refused('closed'))
  const without = deviceIn(world, 'wechat', { wasm: 'absent' })
  await without.run(
    assert.rejects(
      without.mini.beginOperation('transfer', details, { account: 'a' }),
      refused('proof_required'),
    ),
  )
  await without.run(assert.rejects(without.mini.beginOperation('', details, {}), /type: /))
})
