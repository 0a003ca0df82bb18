// After a trap in the module the calls under way are refused, and the next one works on a new instance and the same store. The traps are
// real: the module is made to fail in the middle of its work.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { checkTokens, drained, openService } from './support/service.js'
import { startWorld } from './support/world.js'

const { instantiate, RuntimeError } = WebAssembly
/** The export whose next call gets addresses that lie outside of the memory. */
let broken
const traps = []
let instances = 0

WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given)
  // Of a module that was compiled before, as others in this process have them.
  if (made instanceof WebAssembly.Instance) return made
  const { instance, module } = made
  instances += 1
  const wrapped = ([name, value]) => [
    name,
    typeof value !== 'function'
      ? value
      : (...args) => {
          if (name !== broken) return value(...args)
          broken = undefined
          try {
            return value(...args.map((it) => (typeof it === 'number' ? 0xffff_fff0 : it)))
          } catch (error) {
            traps.push(error)
            throw error
          }
        },
  ]
  const exports = Object.fromEntries(Object.entries(instance.exports).map(wrapped))
  return { instance: { exports }, module }
}

let numbers = 0
const phones = (count) =>
  Array.from({ length: count }, () => `+86135${String(10_000_000 + ++numbers)}`)
const field = 'phone'

describe('a trap in the module of tokenizers', { timeout: 120_000 }, () => {
  let world
  before(async () => (world = await startWorld({ fields: { phone: { pool: 2 } } })))
  after(() => world?.stop())
  afterEach(() => {
    broken = undefined
    world.fail(undefined)
  })

  for (const name of ['degrade', 'waitingTokens', 'degradepolicy_lookupMessage']) {
    test(`in ${name} refuses that call; the next one works, and nothing is lost or doubled`, async () => {
      const { tokenizer, events } = await openService(world)
      world.fail('refuses')
      const values = phones(4)
      const tokens = await tokenizer.tokenizeMany(values.slice(0, 2), { field })
      const [trapped, started] = [traps.length, instances]
      broken = name
      await assert.rejects(tokenizer.tokenize(values[2], { field }), { code: 'internal' })
      assert.equal(traps.length, trapped + 1)
      assert.ok(traps.at(-1) instanceof RuntimeError)
      tokens.push(...(await tokenizer.tokenizeMany(values.slice(2), { field })))
      assert.deepEqual(await tokenizer.tokenizeMany(values, { field }), tokens)
      assert.equal(instances, started + 1)
      assert.equal(events.filter(({ type }) => type === 'restarted').length, 1)
      world.fail(undefined)
      await drained(tokenizer)
      const { done, dead, lost } = tokenizer.status
      assert.deepEqual([done, dead, lost], [4, 0, 0])
      await checkTokens(world, tokens, values)
      await tokenizer.close()
    })
  }

  test('while it sends, with nobody calling: it goes on by itself', async () => {
    const { tokenizer, events } = await openService(world)
    world.fail('refuses')
    const values = phones(3)
    const tokens = await tokenizer.tokenizeMany(values, { field })
    broken = 'outgoing_settle'
    world.fail(undefined)
    await until('the trap', () => broken === undefined)
    await until('all to be done', () => tokenizer.status.done === 3)
    assert.equal(events.filter(({ type }) => type === 'restarted').length, 1)
    assert.ok(events.some(({ type }) => type === 'drained'))
    await checkTokens(world, tokens, values)
    await tokenizer.close()
  })

  test('takes all tokenizers of the instance along, and leaves them all at work', async () => {
    const patient = { onlineTimeoutMs: 20_000 }
    const opened = await Promise.all([openService(world, patient), openService(world, patient)])
    const [one, two] = opened.map(({ tokenizer }) => tokenizer)
    const started = instances
    broken = 'waitingTokens'
    const values = phones(2)
    await assert.rejects(one.tokenize(values[0], { field }), { code: 'internal' })
    const tokens = await Promise.all([
      one.tokenize(values[0], { field }),
      two.tokenize(values[1], { field }),
    ])
    await checkTokens(world, tokens, values)
    assert.equal(instances, started + 1)
    await one.close()
    await two.close()
  })
})
