// A mini-program with a tokenizer that is killed at each single call of the platform's storage, before it and after it, and then
// starts anew: whatever was given out stands for its value, once.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { numberOf, startVaultWorld } from './support/vault.js'

let world
before(async () => (world = await startVaultWorld({ fields: { phone: { pool: 2 } } })))
after(() => world?.stop())

/**
 * One life: an outage in which tokens are given out, and its end. `atCall(number, verb)` may kill at a call of the storage; gives
 * the tokens that anybody has heard of, with their values.
 */
async function life(platform, atCall) {
  let calls = 0
  let watching = false
  const failStorage = (verb) => {
    if (!watching) return false
    calls += 1
    const kill = atCall(calls)
    if (kill) it.process.kill()
    // Killed before: it does not happen. Killed after: it does, and nobody is called back.
    return kill === 'before' ? true : verb === 'nothing'
  }
  const it = world.device(platform, { failStorage })
  const heard = new Map()
  const hear = (values) => (tokens) => values.forEach((value, at) => heard.set(value, tokens[at]))
  const until = (promise) =>
    it.run(promise).catch((error) => it.process.alive && Promise.reject(error))
  const tokenizer = await it.open()
  const [many, one, last] = [numberOf(3), numberOf(1), numberOf(1)]
  it.fail('refuses')
  watching = true
  const ask = (values) => tokenizer.tokenizeMany(values, { field: 'phone' }).then(hear(values))
  await until(ask(many).then(() => ask(one)))
  it.fail()
  if (it.process.alive) await it.phone.pass(70_000)
  if (it.process.alive) await until(tokenizer.flush())
  if (it.process.alive) await until(ask(last))
  watching = false
  return { it, heard, calls }
}

/** The next start, with the vault back: everything has to be there. */
async function afterlife(platform, { it, heard }) {
  it.start()
  it.fail()
  const tokenizer = await it.open()
  await it.drained(tokenizer)
  const { lost, dead, durable } = tokenizer.status
  assert.deepEqual([lost, dead, durable], [0, 0, true])
  await world.check(platform, [...heard.values()], [...heard.keys()])
  const sent = it.requests('/v1/reconcile').flatMap(({ body }) => JSON.parse(body).ops)
  const sealedOf = new Map()
  for (const { op, sealed } of sent) {
    assert.equal(sealedOf.get(op) ?? sealed, sealed, 'one id is one operation')
    sealedOf.set(op, sealed)
  }
  assert.equal(tokenizer.status.done, sealedOf.size)
  assert.equal(new Set(sent.map(({ token }) => token)).size, sealedOf.size, 'no token twice')
  // And it is as good as new.
  const values = numberOf(2)
  it.fail('refuses')
  const tokens = await it.tokens(tokenizer, values)
  it.fail()
  await it.drained(tokenizer)
  await world.check(platform, tokens, values)
}

for (const platform of ['wechat', 'alipay', 'douyin']) {
  describe(`killed on ${platform}`, () => {
    test('at no call: all of it is heard', async (t) => {
      const whole = await life(platform, () => undefined)
      assert.equal(whole.heard.size, 5)
      t.diagnostic(`${whole.calls} calls of the storage`)
      await afterlife(platform, whole)
    })

    for (const when of ['before', 'after']) {
      test(`${when} each call`, async (t) => {
        let at = 0
        for (;;) {
          at += 1
          const cut = await life(platform, (call) => (call === at ? when : undefined))
          if (cut.it.process.alive) break
          await afterlife(platform, cut)
        }
        t.diagnostic(`${at - 1} kills`)
        assert.ok(at > 10)
      })
    }
  })
}
