// A vault that has had too much of something (429) is there: what it does not take pauses, as long as it asks, and everything else goes on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { clearOfTheHour } from '../support/hour.js'
import { until } from '../support/until.js'
import { checkTokens, drained, openService } from './support/service.js'
import { startWorld } from './support/world.js'

const HOUR = 3_600_000
const field = 'phone'
let numbers = 0
const phones = (count) =>
  Array.from({ length: count }, () => `+86136${String(10_000_000 + ++numbers)}`)

/** A device whose clock can be put forward. */
function clock() {
  const it = { aheadMs: 0, now: () => Date.now() + it.aheadMs }
  return it
}

describe('a vault that takes three operations an hour', { timeout: 120_000 }, () => {
  let world
  before(async () => {
    await clearOfTheHour()
    world = await startWorld({ fields: { phone: { pool: 0, operationsPerHour: 3 } } })
  })
  after(() => world?.stop())

  const sent = () => world.faulty.of('/v1/reconcile').length

  test('is asked again when it said so, and gives tokens meanwhile', async () => {
    const time = clock()
    const { tokenizer, events, host, authorization } = await openService(world, { now: time.now })
    world.fail('refuses')
    const values = phones(4)
    const tokens = await tokenizer.tokenizeMany(values, { field })
    world.fail(undefined)
    await until('the refusal', async () => {
      await tokenizer.flush()
      return tokenizer.status.paused.reconcile !== undefined
    })
    const { paused, circuit, mode, pending } = tokenizer.status
    assert.deepEqual([circuit, mode, pending], ['closed', 'recovering', 4])
    assert.ok(paused.reconcile > time.now() && paused.reconcile <= time.now() + HOUR)
    assert.equal(paused.tokens, undefined)
    const why = events.findLast(({ type }) => type === 'failed')
    assert.deepEqual([why.what, why.code, why.status], ['reconcile', 'rate_limited', 429])

    const asked = sent()
    const fresh = phones(6)
    await checkTokens(world, await tokenizer.tokenizeMany(fresh, { field }), fresh)
    assert.deepEqual(events.findLast(({ type }) => type === 'tokenized').counts, { vault: 6 })
    // Those that wait keep what they have.
    assert.deepEqual(await tokenizer.tokenizeMany(values, { field }), tokens)
    for (let time = 0; time < 5; time++) await tokenizer.flush()
    assert.equal(sent(), asked, 'nobody asks meanwhile')

    // The next start knows of it.
    await tokenizer.close()
    const next = await openService(world, { now: time.now, host, authorization })
    await next.tokenizer.flush()
    assert.equal(sent(), asked)
    assert.ok(Math.abs(next.tokenizer.status.paused.reconcile - paused.reconcile) < 1000)
    time.aheadMs = HOUR
    await next.tokenizer.flush()
    assert.equal(sent(), asked + 1, 'it is over, and what waits is sent again')
    assert.equal(next.tokenizer.status.pending, 4)
    assert.equal(next.tokenizer.status.dead, 0)
    await next.tokenizer.close()
  })
})

describe('a vault that gives two tokens an hour', { timeout: 120_000 }, () => {
  let world
  before(async () => {
    await clearOfTheHour()
    world = await startWorld({ fields: { phone: { pool: 0, tokensPerHour: 2 } } })
  })
  after(() => world?.stop())

  test('is left alone for a minute at most; values go without it, and what waits is sent', async () => {
    const time = clock()
    const { tokenizer, events } = await openService(world, { now: time.now })
    const values = phones(4)
    const tokens = await tokenizer.tokenizeMany(values.slice(0, 2), { field })
    tokens.push(await tokenizer.tokenize(values[2], { field }))
    assert.match(tokens[2], /^lpp1_/)
    const { circuit, mode, paused } = tokenizer.status
    assert.deepEqual([circuit, mode], ['closed', 'degraded'])
    assert.ok(paused.tokens > time.now() && paused.tokens <= time.now() + 60_000)
    const asked = world.faulty.of('/v1/tokens').length
    tokens.push(await tokenizer.tokenize(values[3], { field }))
    assert.equal(world.faulty.of('/v1/tokens').length, asked, 'nobody asks meanwhile')
    await drained(tokenizer)
    assert.deepEqual([tokenizer.status.done, tokenizer.status.dead], [2, 0])
    time.aheadMs = 61_000
    await tokenizer.tokenize(phones(1)[0], { field })
    assert.equal(world.faulty.of('/v1/tokens').length, asked + 1)
    assert.ok(events.every(({ type }) => type !== 'circuit'))
    await tokenizer.close()
    const reader = await world.reader()
    assert.deepEqual(await reader.reveal('phone', tokens), values)
  })
})
