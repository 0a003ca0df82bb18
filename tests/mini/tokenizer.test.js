// Tokens for values in mini-programs, against a vault in workerd that fails in every way, checked against what the vault says
// afterwards: on each platform that can make a key.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { FAULTS, number, numberOf, startVaultWorld } from './support/vault.js'
import { refused } from './support/world.js'

const platforms = ['wechat', 'alipay', 'douyin']
const field = 'phone'
let world

before(async () => (world = await startVaultWorld({ fields: { phone: { pool: 3 } } })))
after(() => world?.stop())

for (const platform of platforms) {
  describe(`on ${platform}`, () => {
    test('the vault’s tokens while it is there', async () => {
      const it = world.device(platform)
      const tokenizer = await it.open()
      const values = numberOf(3)
      const tokens = await it.tokens(tokenizer, [...values, values[0]])
      assert.equal(tokens[3], tokens[0])
      await world.check(platform, tokens, [...values, values[0]])
      assert.equal(tokenizer.status.mode, 'online')
      assert.equal(tokenizer.status.durable, true)
      const [{ counts }] = it.told.filter(({ type }) => type === 'tokenized')
      assert.deepEqual({ ...counts }, { vault: 4 })
    })

    for (const fault of Object.keys(FAULTS)) {
      test(`goes on while the vault ${fault}, and loses and doubles nothing`, async () => {
        const it = world.device(platform)
        const tokenizer = await it.open()
        it.fail(fault)
        const values = numberOf(8)
        const tokens = []
        for (const value of values) tokens.push(await it.run(tokenizer.tokenize(value, { field })))
        assert.equal(await it.run(tokenizer.tokenize(values[5], { field })), tokens[5])
        assert.equal(tokenizer.status.mode, 'degraded')
        for (const text of it.phone.disk.values())
          for (const value of values) assert.ok(!text.includes(value), 'no value lies open')
        it.fail()
        await it.drained(tokenizer)
        const { done, dead, lost } = tokenizer.status
        assert.deepEqual([done, dead, lost], [8, 0, 0])
        await world.check(platform, tokens, values)
        // From here on the vault is asked, at the latest when it has been left alone as long as it wished.
        await it.phone.pass(10_000)
        const again = await it.run(tokenizer.tokenize(values[5], { field }))
        await world.check(platform, [again], [values[5]])
        assert.equal(it.told.findLast(({ type }) => type === 'tokenized').counts.vault, 1)
      })
    }

    test('a vault that has had too much is there: what waits pauses as long as it asks, and tokens go on', async (t) => {
      if (platform === 'alipay') return t.diagnostic('statuses of refusals are hidden there')
      const it = world.device(platform)
      const tokenizer = await it.open()
      it.fail('refuses')
      const values = numberOf(3)
      const tokens = await it.tokens(tokenizer, values)
      const limited = { status: 429, headers: { 'retry-after': '600' }, body: '' }
      it.fault = ({ url }) => (url.endsWith('/v1/reconcile') ? limited : undefined)
      await it.phone.pass(5_000)
      await it.run(tokenizer.flush())
      const { circuit, mode, paused, pending } = tokenizer.status
      assert.deepEqual([circuit, mode, pending], ['closed', 'recovering', 3])
      const left = paused.reconcile - it.phone.nowMs
      assert.ok(left > 0 && left <= 600_000 && paused.tokens === undefined, String(left))
      const asked = it.requests('/v1/reconcile').length
      await it.phone.pass(60_000)
      const fresh = numberOf(2)
      await world.check(platform, await it.tokens(tokenizer, fresh), fresh)
      assert.equal(it.requests('/v1/reconcile').length, asked)
      it.fail()
      await it.phone.pass(610_000)
      assert.deepEqual([tokenizer.status.pending, tokenizer.status.done], [0, 3])
      assert.deepEqual({ ...tokenizer.status.paused }, {})
      await world.check(platform, tokens, values)
    })

    test('goes on after a kill, in the middle of an outage, without a network at all', async () => {
      const it = world.device(platform)
      await it.tokens(await it.open({ keys: undefined }), [number()])
      it.start()
      it.fault = () => 'request'
      const values = numberOf(5)
      const tokenizer = await it.open({ keys: undefined })
      const tokens = await it.tokens(tokenizer, values)
      it.start()
      it.fail('loses the answer after the commit')
      const second = await it.open({ keys: undefined })
      assert.equal(second.status.pending, 5)
      await it.run(second.flush())
      it.start()
      it.fail()
      const third = await it.open({ keys: undefined })
      await it.drained(third)
      assert.deepEqual([third.status.done, third.status.lost], [5, 0])
      await world.check(platform, tokens, values)
    })

    test('gives out no more than the policy allows', async () => {
      const small = await startVaultWorld({ fields: { phone: { max: 5, pool: 2 } } })
      try {
        const it = small.device(platform)
        const tokenizer = await it.open()
        it.fail('refuses')
        const values = numberOf(5)
        const tokens = await it.tokens(tokenizer, values)
        assert.equal(tokens.filter((token) => token.startsWith('lpp1_')).length, 3)
        const over = (tokenizer) =>
          it.run(
            assert.rejects(
              tokenizer.tokenize(number(), { field }),
              refused('temporarily_unavailable', { message: 'temporarily_unavailable(cap)' }),
            ),
          )
        await over(tokenizer)
        assert.deepEqual(await it.tokens(tokenizer, values), tokens)
        // A restart and a clock that was set back give no more.
        it.phone.clockErrorMs = -3_600_000
        it.start()
        await over(await it.open())
        // Nor does the time after the policy's end.
        it.start()
        it.phone.nowMs += 25 * 3_600_000
        await it.run(
          assert.rejects(
            (await it.open()).tokenize(number(), { field }),
            refused('temporarily_unavailable'),
          ),
        )
      } finally {
        await small.stop()
      }
    })

    test('a storage that keeps nothing: nothing is given out that would die with it', async () => {
      let full = false
      const it = world.device(platform, { failStorage: (verb) => full && verb === 'set' })
      const tokenizer = await it.open()
      full = true
      await it.tokens(tokenizer, [number()])
      it.fail('refuses')
      await it.run(
        assert.rejects(tokenizer.tokenize(number(), { field }), refused('storage_unavailable')),
      )
      assert.equal(tokenizer.status.durable, false)
      full = false
      const value = number()
      const token = await it.run(tokenizer.tokenize(value, { field }))
      it.fail()
      await it.drained(tokenizer)
      await world.check(platform, [token], [value])
      assert.deepEqual([tokenizer.status.dead, tokenizer.status.lost], [0, 0])
    })

    test('a refusal is told as what it is, and opens no circuit', async (t) => {
      if (platform === 'alipay') return t.diagnostic('bodies of refusals are hidden there')
      const it = world.device(platform)
      it.start({ mini: { scope: 'profile tokenize:email' } })
      const tokenizer = await it.open()
      for (let time = 0; time < 6; time++)
        await it.run(
          assert.rejects(tokenizer.tokenize(number(), { field }), refused('insufficient_scope')),
        )
      assert.equal(tokenizer.status.circuit, 'closed')
    })
  })
}

test('a record that could not be read: what waits under its key waits on, and is sent by the start that can read it', async () => {
  let fails = false
  const it = world.device('wechat', {
    failStorage: (verb, key) => fails && verb === 'get' && key === 'lingpai',
  })
  const tokenizer = await it.open()
  await it.tokens(tokenizer, [number()])
  it.fail('refuses')
  const value = number()
  const [token] = await it.tokens(tokenizer, [value])
  assert.equal(tokenizer.status.pending, 1)
  it.fail()
  fails = true
  it.start()
  const other = await it.open()
  await it.tokens(other, [number()])
  await it.run(other.flush())
  assert.deepEqual([other.status.durable, other.status.dead], [false, 0])
  fails = false
  it.start()
  const third = await it.open()
  await it.drained(third)
  assert.deepEqual([third.status.dead, third.status.lost], [0, 0])
  await world.check('wechat', [token], [value])
})

describe('what the store has lost', () => {
  const pages = (it) => [...it.phone.disk.keys()].filter((key) => /\.tokens\..*\.\d+$/.test(key))

  async function withWaiting(count) {
    const it = world.device('wechat')
    const tokenizer = await it.open()
    it.fail('refuses')
    // Each row is about a kilobyte: several pages.
    const tokens = await it.tokens(tokenizer, numberOf(count))
    it.fail()
    return { it, tokens }
  }

  test('a page that is gone is counted, and what was in the others is sent', async () => {
    const { it } = await withWaiting(100)
    assert.ok(pages(it).length >= 3, 'several pages')
    it.phone.disk.delete(pages(it).at(-1))
    it.start()
    const tokenizer = await it.open()
    assert.ok(it.told.some(({ type }) => type === 'storage_lost'))
    await it.drained(tokenizer)
    const { done, lost, dead } = tokenizer.status
    assert.equal(done + lost, 100)
    assert.ok(lost > 0 && done > 0)
    assert.equal(dead, 0)
    assert.equal(it.told.find(({ type }) => type === 'operations_lost').count, lost)
  })

  test('a store that was cleared is noticed', async () => {
    const { it } = await withWaiting(3)
    for (const key of [...it.phone.disk.keys()])
      if (key.includes('.tokens.')) it.phone.disk.delete(key)
    it.start()
    await it.open()
    assert.ok(it.told.some(({ type }) => type === 'storage_lost'))
    // And a new one is not.
    const fresh = world.device('wechat')
    await fresh.open()
    assert.ok(!fresh.told.some(({ type }) => type === 'storage_lost'))
  })

  test('texts of a wrong type, or that were cut off or exchanged, are no rows', async () => {
    for (const spoil of [() => ({ a: 1 }), () => 7, (text) => text.slice(0, -9), () => '[]']) {
      const { it } = await withWaiting(2)
      for (const key of [...it.phone.disk.keys()])
        if (key.includes('.tokens.')) it.phone.disk.set(key, spoil(it.phone.disk.get(key)))
      it.start()
      const tokenizer = await it.open()
      const value = number()
      await world.check('wechat', await it.tokens(tokenizer, [value]), [value])
    }
  })
})

test('after a logout what waits cannot be sent: it becomes dead letters when its time is over', async () => {
  const it = world.device('wechat')
  const tokenizer = await it.open()
  it.fail('refuses')
  const [token] = await it.tokens(tokenizer, [number()])
  await it.run(it.mini.logout())
  await it.run(assert.rejects(tokenizer.tokenize(number(), { field }), refused('closed')))
  it.fail()
  const next = await it.open()
  await it.run(next.flush())
  assert.equal(next.status.pending, 1)
  const { code } = it.told.findLast(({ what }) => what === 'reconcile')
  assert.equal(code, 'key_binding_mismatch')
  // What comes after it does not wait for it.
  it.fail('refuses')
  const value = number()
  const fresh = await it.tokens(next, [value])
  it.fail()
  await it.phone.pass(70_000)
  await it.run(next.flush())
  assert.deepEqual([next.status.pending, next.status.done], [1, 1])
  await world.check('wechat', fresh, [value])
  // Beyond any `rexp`, and an hour.
  it.phone.nowMs += 31 * 86_400_000
  it.start()
  const last = await it.open()
  await it.run(last.flush())
  const [letter] = await it.run(last.deadLetters())
  assert.deepEqual([letter.token, letter.error], [token, 'key_binding_mismatch'])
  const exported = JSON.parse(await it.run(last.exportDeadLetters()))
  assert.equal(exported.letters[0].id, letter.id)
  await it.run(last.discardDeadLetters([letter.id]))
  assert.deepEqual([...(await it.run(last.deadLetters()))], [])
  assert.deepEqual([last.status.dead, last.status.pending, last.status.lost], [1, 0, 0])
})

test('two of them in one mini-program share their store, and give one value two tokens at most', async () => {
  const it = world.device('wechat')
  const first = await it.open()
  const second = await it.open()
  it.fail('refuses')
  const values = numberOf(12)
  const ask = (tokenizer) => values.map((value) => tokenizer.tokenize(value, { field }))
  const both = await it.run(Promise.all([...ask(first), ...ask(second)]))
  it.fail()
  await Promise.all([it.drained(first), it.drained(second)])
  await world.check('wechat', both, [...values, ...values])
  const sent = it.requests('/v1/reconcile').flatMap(({ body }) => JSON.parse(body).ops)
  const ops = new Set(sent.map(({ op }) => op))
  await it.run(first.flush())
  assert.equal(first.status.done, ops.size)
  assert.equal(first.status.lost, 0)
})

test('hidden for an hour with something waiting: it is sent when the mini-program is shown', async () => {
  const it = world.device('wechat')
  const tokenizer = await it.open()
  it.fail('refuses')
  const values = numberOf(2)
  const tokens = await it.tokens(tokenizer, values)
  it.process.hide()
  it.fail()
  await it.phone.pass(3_600_000)
  assert.equal(tokenizer.status.pending, 2)
  it.process.show()
  await it.phone.pass(60_000)
  assert.equal(tokenizer.status.pending, 0)
  await world.check('wechat', tokens, values)
})

test('where no key can be made, or nobody is believed, there is none', async () => {
  const without = world.device('wechat', { wasm: 'absent' })
  await without.run(assert.rejects(without.open(), refused('proof_required')))
  const it = world.device('wechat')
  await assert.rejects(it.open({ issuer: undefined }), /^TypeError: issuer/)
  await assert.rejects(it.open({ onlineTimeoutMs: -1 }), /^TypeError: onlineTimeoutMs/)
})
