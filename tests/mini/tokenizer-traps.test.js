// A trap in the tokenizer's module ends the call under way; the next one works on a new instance and the same store. The traps are
// real: the module is made to fail in the middle of its work.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { number, numberOf, startVaultWorld } from './support/vault.js'
import { refused } from './support/world.js'

/** Operations of the module by their numbers. */
const MESSAGE = 41
const DEGRADE = 42
const GATE = 49
const SETTLE = 52 + 1
const field = 'phone'

let world
before(async () => (world = await startVaultWorld({ fields: { phone: { pool: 2 } } })))
after(() => world?.stop())

/** A mini-program whose tokenizer's module traps at the next call of `it.broken`: its input lies outside of the memory then. */
function trapping(platform) {
  const it = world.device(platform)
  const own = Object.assign(it, { broken: undefined, traps: [], instances: 0, refuseToLoad: false })
  const start = it.start
  own.start = () => {
    start()
    const { webAssembly } = it.process.api
    const { instantiate } = webAssembly
    webAssembly.instantiate = async (path, imports) => {
      if (!path.includes('tokenizer')) return instantiate(path, imports)
      if (own.refuseToLoad) throw new Error('CompileError: no memory')
      own.instances += 1
      const given = await instantiate(path, imports)
      const { exports } = given.instance ?? given
      const lp_call = (operation) => {
        if (operation !== own.broken) return exports.lp_call(operation)
        own.broken = undefined
        try {
          // A length beyond the memory, and then the work on it.
          exports.lp_input(0xffff_fff0)
          return exports.lp_call(operation)
        } catch (error) {
          own.traps.push(error)
          throw error
        }
      }
      return { exports: { ...exports, lp_call } }
    }
    it.mini = it.process.lingpai.createMini({
      host: it.process.api.host(it.process.lingpai),
      gateway: world.deployment.issuer,
      clientId: `mini-${platform}`,
      audience: world.deployment.audience,
    })
    return own
  }
  return own.start()
}

for (const platform of ['wechat', 'douyin']) {
  describe(`on ${platform}`, () => {
    for (const [name, operation] of Object.entries({ MESSAGE, DEGRADE, GATE })) {
      test(`a trap in ${name} refuses that call; the next one works, and nothing is lost or doubled`, async () => {
        const it = trapping(platform)
        const tokenizer = await it.open()
        it.fail('refuses')
        const values = numberOf(4)
        const tokens = await it.tokens(tokenizer, values.slice(0, 2))
        it.broken = operation
        await it.run(assert.rejects(tokenizer.tokenize(values[2], { field }), refused('internal')))
        assert.equal(it.traps.length, 1)
        assert.ok(it.traps[0] instanceof WebAssembly.RuntimeError, String(it.traps[0]))
        tokens.push(...(await it.tokens(tokenizer, values.slice(2))))
        assert.deepEqual(await it.tokens(tokenizer, values), tokens)
        assert.equal(it.instances, 2)
        assert.equal(it.told.filter(({ type }) => type === 'restarted').length, 1)
        it.fail()
        await it.drained(tokenizer)
        const { done, dead, lost } = tokenizer.status
        assert.deepEqual([done, dead, lost], [4, 0, 0])
        await world.check(platform, tokens, values)
      })
    }

    test('while it sends, with nobody calling: it goes on by itself', async () => {
      const it = trapping(platform)
      const tokenizer = await it.open()
      it.fail('refuses')
      const values = numberOf(3)
      const tokens = await it.tokens(tokenizer, values)
      it.broken = SETTLE
      it.fail()
      await it.phone.pass(120_000)
      assert.equal(it.broken, undefined)
      const { done, dead, lost, pending } = tokenizer.status
      assert.deepEqual([done, dead, lost, pending], [3, 0, 0, 0])
      assert.ok(it.told.some(({ type }) => type === 'restarted'))
      await world.check(platform, tokens, values)
    })

    test('where it does not start again, calls are refused until it does', async () => {
      const it = trapping(platform)
      const tokenizer = await it.open()
      it.broken = GATE
      it.refuseToLoad = true
      const ask = () => it.run(tokenizer.tokenize(number(), { field }))
      for (let time = 0; time < 3; time++) await assert.rejects(ask(), refused('internal'))
      // Nobody but what goes on between calls.
      await it.phone.pass(60_000)
      it.refuseToLoad = false
      const value = number()
      await world.check(platform, await it.tokens(tokenizer, [value]), [value])
    })

    test('another tokenizer of the same user, on the same store, goes on', async () => {
      const it = trapping(platform)
      const [one, two] = [await it.open(), await it.open()]
      it.fail('refuses')
      const values = numberOf(3)
      const tokens = await it.tokens(one, values.slice(0, 1))
      it.broken = DEGRADE
      await it.run(assert.rejects(one.tokenize(values[1], { field }), refused('internal')))
      tokens.push(...(await it.tokens(two, values.slice(1, 2))))
      tokens.push(...(await it.tokens(one, values.slice(2))))
      it.fail()
      await it.drained(two)
      await it.drained(one)
      await world.check(platform, tokens, values)
    })
  })
}
