// Operations that cannot be sent now: they wait, hold nobody up, and end as dead letters once they are late for good. And stores that
// are worth less than they have to be.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'

import { createMemoryStore } from '@lingpai/h5/tokenizer'

import { until } from '../support/until.js'
import { checkTokens, drained, openService } from './support/service.js'
import { serviceOf, startWorld } from './support/world.js'

const day = 24 * 3_600_000
let numbers = 0
const phones = (count) =>
  Array.from({ length: count }, () => `+86139${String(10_000_000 + ++numbers)}`)
const field = 'phone'

describe('an operation that cannot be sent now', { timeout: 240_000 }, () => {
  let world
  before(async () => (world = await startWorld({ fields: { phone: { pool: 2 } } })))
  after(() => world?.stop())
  afterEach(() => {
    world.fail(undefined)
    world.faulty.state.denies = () => false
  })

  const open = (options) => openService(world, options)
  const check = (tokens, values) => checkTokens(world, tokens, values)
  const later = (ms) => () => Date.now() + ms
  const failures = ({ events }) => events.filter(({ type }) => type === 'failed')

  /** Tokens of an outage, whose operations wait in `host`. */
  async function outage(options, count = 3) {
    const opened = await open(options)
    await until('a pool', () => /"tokens":\["/.test(opened.host.entries.get('row/pool/phone')))
    world.fail('refuses')
    const values = phones(count)
    const tokens = await opened.tokenizer.tokenizeMany(values, { field })
    world.fail(undefined, /nothing/)
    return { ...opened, values, tokens }
  }

  test('waits for the key of its policy', async () => {
    const { host, authorization, tokens, values, tokenizer } = await outage()
    await tokenizer.close()
    const other = await open({ host })
    const { pending, dead } = await other.tokenizer.flush()
    assert.deepEqual([pending, dead], [3, 0])
    assert.ok(failures(other).some(({ code }) => code === 'key_binding_mismatch'))
    await other.tokenizer.close()
    const again = await open({ host, authorization })
    await drained(again.tokenizer)
    assert.equal(again.tokenizer.status.done, 3)
    await check(tokens, values)
    await again.tokenizer.close()
  })

  test('holds up none that another key can send, whose tokens are of a lease of its own', async () => {
    const first = await outage()
    await first.tokenizer.close()
    const second = await outage({ host: first.host }, 4)
    assert.ok(second.tokens.filter((token) => !token.startsWith('lpp1_')).length >= 2)
    await until('those that can be sent to be done', async () => {
      const { done, dead } = await second.tokenizer.flush()
      assert.equal(dead, 0)
      return done === 4
    })
    assert.equal(second.tokenizer.status.pending, 3)
    await check(second.tokens, second.values)
    await second.tokenizer.close()
  })

  test('becomes a dead letter once its time is over and its key was never there', async () => {
    const { host, tokenizer } = await outage()
    await tokenizer.close()
    const other = await open({ host, now: later(40 * day) })
    await until('them to be given up', async () => (await other.tokenizer.flush()).dead === 3)
    const letters = await other.tokenizer.deadLetters()
    assert.deepEqual([...new Set(letters.map(({ error }) => error))], ['key_binding_mismatch'])
    assert.ok(letters.every(({ sealed }) => sealed.split('.').length === 5))
    await other.tokenizer.close()
  })

  test('waits for a vault that does not take its policy now', async () => {
    const first = await outage()
    world.faulty.state.denies = ({ url }) => url === '/v1/reconcile'
    const { pending, dead } = await until('a refusal', async () => {
      const status = await first.tokenizer.flush()
      return failures(first).some(({ status }) => status === 401) && status
    })
    assert.deepEqual([pending, dead], [3, 0])
    world.faulty.state.denies = () => false
    await drained(first.tokenizer)
    assert.equal(first.tokenizer.status.done, 3)
    await check(first.tokens, first.values)
    await first.tokenizer.close()
  })

  test('becomes a dead letter once the vault does not take its policy and its time is over', async () => {
    const { host, authorization, tokenizer } = await outage()
    await tokenizer.close()
    world.faulty.state.denies = ({ url }) => url === '/v1/reconcile'
    const late = await open({ host, authorization, now: later(40 * day) })
    await until('them to be given up', async () => (await late.tokenizer.flush()).dead === 3)
    const letters = await late.tokenizer.deadLetters()
    assert.deepEqual([...new Set(letters.map(({ error }) => error))], ['expired'])
    await late.tokenizer.close()
  })

  test('has an id of its own, also after the store was lost', async () => {
    const authorization = await serviceOf(world)
    const first = await outage({ authorization })
    await drained(first.tokenizer)
    await first.tokenizer.close()
    // The same policy again: the vault gives no other for half a day.
    const second = await outage({ authorization })
    await drained(second.tokenizer)
    assert.deepEqual([second.tokenizer.status.done, second.tokenizer.status.dead], [3, 0])
    await check(second.tokens, second.values)
    await second.tokenizer.close()
  })
})

describe('a store that is worth less than it has to be', { timeout: 120_000 }, () => {
  let world
  before(async () => (world = await startWorld({ fields: { phone: { pool: 1 } } })))
  after(() => world?.stop())
  afterEach(() => world.fail(undefined))

  /** Keeps whatever it is given, and says in the end that this is worth little. */
  function careless() {
    const kept = createMemoryStore()
    const store = { ...kept, tier: 'custom', worth: 'strict' }
    store.write = async ({ least: _, ...batch }) => ({
      ...(await kept.write(batch)),
      durability: store.worth,
    })
    return store
  }

  test('gives nothing out while the vault is away, at no attempt', async () => {
    const store = careless()
    const { tokenizer } = await openService(world, { store })
    store.worth = 'relaxed'
    world.fail('refuses')
    const [value] = phones(1)
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(tokenizer.tokenize(value, { field }), { code: 'storage_unavailable' })
    }
    assert.equal(tokenizer.status.durable, false)
    world.fail(undefined)
    const token = await until('the vault to be asked', () =>
      tokenizer.tokenize(value, { field }).catch(() => undefined),
    )
    assert.ok(!token.startsWith('lpp1_'))
    await checkTokens(world, [token], [value])
    await tokenizer.close()
  })

  test('does where the vault is there, and says what it is', async () => {
    const { tokenizer, events } = await openService(world, {
      store: createMemoryStore(),
      onlineTimeoutMs: 20_000,
    })
    const values = phones(3)
    await checkTokens(world, await tokenizer.tokenizeMany(values, { field }), values)
    assert.equal(tokenizer.status.durable, false)
    assert.ok(tokenizer.status.policyExpiresAtMs > Date.now())
    assert.deepEqual(
      events.filter(({ type }) => type === 'failed'),
      [],
    )
    await tokenizer.close()
  })
})
