// A service's tokenizer against a real vault in workerd that fails in every way, checked against what the vault says afterwards.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createDurableStore, createMemoryStore } from '@lingpai/h5/tokenizer'

import { until } from '../support/until.js'
import { FAULTS } from './support/faulty_gateway.js'
import { checkJournal, checkTokens, drained, openService } from './support/service.js'
import { durableHost, serviceOf, startWorld } from './support/world.js'

let numbers = 0
const phone = () => `+86138${String(10_000_000 + ++numbers)}`

/** After so many transactions the process is no more: what is kept then, and nothing that comes later. */
function stopAfter(host, transactions) {
  const { transaction } = host
  let left = transactions
  return new Promise((resolve) => {
    host.transaction = async (body) => {
      if (left === 0) throw new Error('there is no process any more')
      const result = await transaction(body)
      if (left > 0 && --left === 0) resolve(new Map(host.entries))
      return result
    }
  })
}

describe('a tokenizer of a service', { timeout: 600_000 }, () => {
  let world
  before(async () => (world = await startWorld({ fields: { phone: { pool: 3 } } })))
  after(() => world?.stop())

  const open = (options) => openService(world, options)
  const check = (tokens, values) => checkTokens(world, tokens, values)

  test('gives the vault’s tokens while it is there', async () => {
    const { tokenizer, events } = await open()
    const values = [phone(), phone()]
    const tokens = await tokenizer.tokenizeMany(values, { field: 'phone' })
    await check(tokens, values)
    assert.equal(tokenizer.status.mode, 'online')
    assert.deepEqual(events.filter(({ type }) => type === 'tokenized')[0].counts, { vault: 2 })
    await tokenizer.close()
  })

  for (const fault of Object.keys(FAULTS)) {
    test(`goes on while the vault ${fault}, and loses and doubles nothing`, async () => {
      const slow = ['hangs', 'drips'].includes(fault)
      const { tokenizer, events, host } = await open(slow ? { onlineTimeoutMs: 500 } : {})
      world.faulty.state.requests.length = 0
      world.fail(fault)
      const values = Array.from({ length: 12 }, phone)
      const tokens = []
      try {
        for (const value of values) tokens.push(await tokenizer.tokenize(value, { field: 'phone' }))
        assert.equal(await tokenizer.tokenize(values[9], { field: 'phone' }), tokens[9])
        assert.equal(tokenizer.status.mode, 'degraded')
        for (const text of host.entries.values()) {
          for (const value of values) assert.ok(!text.includes(value), 'no value lies open')
        }
      } finally {
        world.fail(undefined)
      }
      await drained(tokenizer)
      const { done, dead, lost } = tokenizer.status
      assert.deepEqual([dead, lost], [0, 0])
      assert.equal(
        done,
        events
          .flatMap(({ counts = {} }) => [counts.pool ?? 0, counts.provisional ?? 0])
          .reduce((a, b) => a + b),
      )
      await check(tokens, values)
      await checkJournal(world, done, world.faulty.of('/v1/reconcile'))
      await tokenizer.close()
    })
  }

  test('goes on where another process stopped, after the Worker was killed as well', async () => {
    const first = await open()
    world.fail('refuses')
    const values = Array.from({ length: 30 }, phone)
    const tokens = await first.tokenizer.tokenizeMany(values, { field: 'phone' })
    await first.tokenizer.close()
    world.fail('loses the answer after the commit')
    const second = await open({ host: first.host, authorization: first.authorization })
    await until('a batch to be lost on the way back', async () => {
      await second.tokenizer.flush()
      return world.faulty.of('/v1/reconcile').length > 0
    })
    assert.equal(second.tokenizer.status.pending, values.length)
    await world.worker.crash()
    world.fail(undefined)
    await drained(second.tokenizer)
    assert.equal(second.tokenizer.status.done, values.length)
    await check(tokens, values)
    await second.tokenizer.close()
  })

  test('gives two processes the same token for the same value, and lets one send', async () => {
    const first = await open()
    const second = await open({ host: first.host, authorization: first.authorization })
    world.fail('refuses')
    const values = Array.from({ length: 40 }, phone)
    const both = await Promise.all(
      [first, second].map(({ tokenizer }) =>
        Promise.all(values.map((value) => tokenizer.tokenize(value, { field: 'phone' }))),
      ),
    )
    world.fail(undefined)
    assert.deepEqual(both[0], both[1])
    world.faulty.state.requests.length = 0
    await drained(first.tokenizer)
    const sent = world.faulty
      .of('/v1/reconcile')
      .flatMap(({ body }) => JSON.parse(body).ops.map(({ op }) => op))
    assert.equal(new Set(sent).size, sent.length, 'nothing was sent twice')
    await check(both[0], values)
    await first.tokenizer.close()
    await second.tokenizer.close()
  })

  test('gives out no more than the policy allows', async () => {
    const small = await startWorld({ fields: { phone: { max: 5, pool: 2 } } })
    try {
      const { tokenizer } = await open({
        authorization: await serviceOf(small),
        gateway: small.gateway,
        issuer: small.gateway,
        keys: small.keys,
      })
      small.fail('refuses')
      const values = Array.from({ length: 5 }, phone)
      const tokens = await tokenizer.tokenizeMany(values, { field: 'phone' })
      assert.equal(tokens.filter((token) => token.startsWith('lpp1_')).length, 3)
      await assert.rejects(tokenizer.tokenize(phone(), { field: 'phone' }), {
        code: 'temporarily_unavailable',
        message: 'temporarily_unavailable (cap)',
      })
      assert.deepEqual(await tokenizer.tokenizeMany(values, { field: 'phone' }), tokens)
      await tokenizer.close()
    } finally {
      await small.stop()
    }
  })

  test('gives nothing out that would die with it', async () => {
    const { tokenizer } = await open({ store: createMemoryStore() })
    world.fail('refuses')
    try {
      await assert.rejects(tokenizer.tokenize(phone(), { field: 'phone' }), {
        code: 'storage_unavailable',
      })
    } finally {
      world.fail(undefined)
      await tokenizer.close()
    }
  })

  test('rejects with what the vault refuses, and is not led astray by it', async () => {
    const { tokenizer } = await open({
      authorization: await serviceOf(world, { scope: 'tokenize:email' }),
    })
    for (let time = 0; time < 8; time++) {
      await assert.rejects(tokenizer.tokenize(phone(), { field: 'phone' }), {
        code: 'insufficient_scope',
      })
    }
    assert.equal(tokenizer.status.circuit, 'closed')
    await tokenizer.close()
  })

  test('notices what its store has lost', async () => {
    const { tokenizer, host, events } = await open()
    world.fail('refuses')
    const values = Array.from({ length: 6 }, phone)
    await tokenizer.tokenizeMany(values, { field: 'phone' })
    world.fail(undefined)
    const [key] = [...host.entries.keys()].filter((it) => it.startsWith('row/op/'))
    host.entries.delete(key)
    await until('the loss to be noticed', async () => (await tokenizer.flush()).lost === 1)
    assert.deepEqual(events.find(({ type }) => type === 'operations_lost')?.count, 1)
    assert.equal(tokenizer.status.done, values.length - 1)
    await tokenizer.close()
  })

  test('takes nothing for lost that comes while the outbox is found empty', async () => {
    const inner = createDurableStore(durableHost())
    let comes
    const store = Object.create(inner, {
      list: {
        value: async (range) => {
          const listed = await inner.list(range)
          const isLast = range.prefix === 'op/' && range.limit === 1 && listed.length === 0
          if (isLast) await comes?.()
          return listed
        },
      },
    })
    const { tokenizer, events } = await open({ store })
    const values = [phone(), phone()]
    const tokens = []
    // The vault gives no tokens, and takes what waits.
    world.fail('refuses', /^\/v1\/tokens\b/)
    try {
      tokens.push(await tokenizer.tokenize(values[0], { field: 'phone' }))
      comes = async () => {
        comes = undefined
        tokens.push(await tokenizer.tokenize(values[1], { field: 'phone' }))
      }
      await until('both to be taken', async () => {
        await tokenizer.flush()
        return !comes && tokenizer.status.pending === 0
      })
    } finally {
      world.fail(undefined)
    }
    const { done, lost } = tokenizer.status
    assert.deepEqual([done, lost], [2, 0])
    assert.ok(events.every(({ type }) => type !== 'operations_lost'))
    await check(tokens, values)
    await tokenizer.close()
  })

  test('drains ten thousand in bounded batches, visibly, and stops and resumes on the way', async () => {
    const phones = { max: 20_000, pool: 0, revealsPerHour: 20_000 }
    const large = await startWorld({ fields: { phone: phones } })
    try {
      const service = {
        authorization: await serviceOf(large),
        gateway: large.gateway,
        issuer: large.gateway,
        keys: large.keys,
      }
      const first = await open(service)
      large.fail('refuses')
      const values = Array.from({ length: 10_000 }, phone)
      const tokens = []
      for (let at = 0; at < values.length; at += 1000) {
        tokens.push(
          ...(await first.tokenizer.tokenizeMany(values.slice(at, at + 1000), { field: 'phone' })),
        )
      }
      assert.equal(first.tokenizer.status.pending, 10_000)
      large.fail(undefined)
      await first.tokenizer.close()
      // It stops at any moment: what is on disk then is all that the next one has. Nobody waits for the end of its hold on the fence.
      let aheadMs = 0
      const now = () => Date.now() + aheadMs
      let entries = new Map(first.host.entries)
      for (let stop = 0; stop < 4; stop++) {
        const host = durableHost(entries)
        const { tokenizer, events } = await open({ ...service, host, now })
        const waits = tokenizer.status.pending
        const transactions = 20 + Math.floor(Math.random() * 60)
        const stopped = stopAfter(host, transactions)
        const flushing = tokenizer.flush().catch(() => {})
        entries = await stopped
        await flushing
        await tokenizer.close().catch(() => {})
        aheadMs += 16_000
        assert.ok(events.every(({ type }) => type !== 'operations_lost'))
        console.log(`# stopped after ${transactions} transactions, ${waits} waited before`)
      }
      const last = await open({ ...service, host: durableHost(entries), now })
      assert.ok(last.tokenizer.status.pending < 10_000, 'some of it was done')
      assert.ok(last.tokenizer.status.pending > 0, 'it was stopped on the way')
      await until(
        'all of it to be done',
        async () => (await last.tokenizer.flush()).pending === 0,
        { timeoutMs: 180_000 },
      )
      const { done, dead, lost } = last.tokenizer.status
      assert.deepEqual([done, dead, lost], [10_000, 0, 0])
      const batches = large.faulty
        .of('/v1/reconcile')
        .map(({ body }) => JSON.parse(body).ops.length)
      assert.ok(Math.max(...batches) <= 100)
      await last.tokenizer.close()
      await checkJournal(large, 10_000, large.faulty.of('/v1/reconcile'))
      const reader = await large.reader()
      for (let at = 0; at < values.length; at += 100) {
        const some = tokens.slice(at, at + 100)
        assert.deepEqual(await reader.reveal('phone', some), values.slice(at, at + 100))
      }
    } finally {
      await large.stop()
    }
  })
})
