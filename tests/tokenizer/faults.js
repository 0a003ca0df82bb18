// A page's tokenizer in a real browser against a real vault, both of which fail, checked against what the vault says afterwards. One suite,
// run by each browser's test file.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'

import { dumpStorage } from '../browsers/traces.js'
import { limitQuota } from '../offline/faults/quota.js'
import { until } from '../support/until.js'
import { FAULTS } from './support/faulty_gateway.js'
import { startWorld } from './support/world.js'

let numbers = 0
const phone = () => `+86137${String(10_000_000 + ++numbers)}`
const phones = (count) => Array.from({ length: count }, phone)

/** Registers the suite for a browser that `start` starts. */
export const faultsIn = (name, start) =>
  describe(`a tokenizer in ${name}`, { timeout: 600_000 }, () => {
    let world
    let browser
    let people = 0

    before(async () => {
      world = await startWorld({ fields: { phone: { pool: 2 } } })
      browser = await start()
    })
    after(async () => {
      await browser?.close()
      await world?.stop()
    })
    afterEach(async () => {
      world.fail(undefined)
      await browser.forget(world.page)
    })

    const ready = async (page) => {
      const status = await until('the tokenizer to open', () =>
        page.evaluate(() =>
          state.status === 'opening' ? null : [state.status, state.code, state.message],
        ),
      )
      assert.equal(status[0], 'open', JSON.stringify(status))
      return page
    }

    /** A page of somebody who was not here before. */
    const enter = async () =>
      ready(await browser.open(await world.pageUrl({ subject: `somebody-${++people}` })))

    /** Little room for the origin of a page, which may be used up. */
    const limited = async (page) => {
      await page.evaluate(() => {
        globalThis.lab = {
          settle: (request) =>
            new Promise((resolve, reject) => {
              request.onsuccess = () => resolve(request.result)
              request.onerror = () => reject(request.error)
            }),
        }
      })
      const devtools = () => page.createCDPSession()
      const evaluate = (...given) => page.evaluate(...given)
      return limitQuota({ name: name.toLowerCase() }, { devtools, evaluate })
    }

    /** Another tab of whoever is here. */
    const another = async () =>
      ready(
        await browser.open(
          `${world.page}/tokenizer.html?gateway=${encodeURIComponent(world.gateway)}`,
        ),
      )

    const tokenize = (page, values) =>
      page.evaluate(async (values) => {
        const tokens = []
        for (const value of values)
          tokens.push(await state.tokenizer.tokenize(value, { field: 'phone' }))
        return tokens
      }, values)

    const status = (page) => page.evaluate(() => state.tokenizer.status)
    const flush = (page) => page.evaluate(() => state.tokenizer.flush())
    const drained = (page) =>
      until('the outbox to be empty', async () => (await flush(page)).pending === 0, {
        timeoutMs: 60_000,
      })

    async function leave(...pages) {
      for (const page of pages) {
        await page.evaluate(async () => {
          await state.tokenizer.close()
          await state.visit.close()
        })
        await page.close()
      }
    }

    async function check(tokens, values) {
      const reader = await world.reader()
      assert.deepEqual(await reader.reveal('phone', tokens), values)
      assert.deepEqual(
        await reader.canonical('phone', tokens),
        await reader.tokenize('phone', values),
      )
    }

    for (const fault of Object.keys(FAULTS)) {
      test(`goes on while the vault ${fault}, and nothing lies open`, async () => {
        const page = await enter()
        world.fail(fault)
        const values = phones(8)
        const tokens = await tokenize(page, values)
        assert.deepEqual(await tokenize(page, [values[7]]), [tokens[7]])
        const { mode, durable } = await status(page)
        assert.deepEqual([mode, durable], ['degraded', true])
        const stored = JSON.stringify(await page.evaluate(dumpStorage))
        for (const value of values)
          assert.ok(!stored.includes(value.slice(3)), 'no value lies open')
        world.fail(undefined)
        await drained(page)
        const { dead, lost } = await status(page)
        assert.deepEqual([dead, lost], [0, 0])
        await check(tokens, values)
        await leave(page)
      })
    }

    test('takes a thousand values in one commit', async () => {
      const page = await enter()
      world.fail('refuses')
      const values = phones(1000)
      const tokens = await page.evaluate(
        (values) => state.tokenizer.tokenizeMany(values, { field: 'phone' }),
        values,
      )
      assert.equal(new Set(tokens).size, 1000)
      assert.equal((await status(page)).pending, 1000)
      world.fail(undefined)
      await drained(page)
      const some = [0, 1, 2, 500, 999]
      await check(
        some.map((at) => tokens[at]),
        some.map((at) => values[at]),
      )
      await leave(page)
    })

    test('goes on after the browser was killed', async () => {
      const page = await enter()
      world.fail('refuses')
      const values = phones(6)
      const tokens = await tokenize(page, values)
      await browser.crash()
      const next = await another()
      assert.equal((await status(next)).pending, values.length)
      assert.deepEqual(await tokenize(next, [values[3]]), [tokens[3]])
      world.fail(undefined)
      await drained(next)
      assert.equal((await status(next)).done, values.length)
      await check(tokens, values)
      await leave(next)
    })

    test('gives another tab the same token while its operation waits, and the vault is back', async () => {
      const first = await enter()
      const second = await another()
      assert.equal((await status(second)).pending, 0)
      world.fail('refuses')
      const values = phones(1)
      const tokens = await tokenize(first, values)
      // Nobody has told the second tab, and the vault would give it another one.
      world.fail('refuses', /reconcile/)
      assert.deepEqual(await tokenize(second, values), tokens)
      assert.equal((await flush(second)).pending, 1)
      world.fail(undefined)
      await drained(second)
      await check(tokens, values)
      await leave(first, second)
    })

    test('gives one value one token, whichever of two tabs reaches the vault', async () => {
      const first = await enter()
      const second = await another()
      const values = phones(20)
      const all = (page) =>
        page.evaluate(
          (values) =>
            Promise.all(values.map((it) => state.tokenizer.tokenize(it, { field: 'phone' }))),
          values,
        )
      // Every other answer is lost, so that some are the vault's and some are not.
      let requests = 0
      world.faulty.state.drops = ({ url }) => /tokens/.test(url) && requests++ % 2 === 0
      const both = await Promise.all([all(first), all(second)])
      world.faulty.state.drops = () => false
      assert.deepEqual(both[0], both[1])
      await drained(first)
      await check(both[0], values)
      await leave(first, second)
    })

    test('leaves no token behind that found no room', async () => {
      const quota = await limited(await browser.open(`${world.page}/blank.html`))
      const first = await enter()
      const second = await another()
      await until('a pool', async () => (await dumpedPools(first)) > 0)
      world.fail('refuses')
      const values = phones(3)
      await quota.exhaust()
      const refused = await first.evaluate(
        (value) => state.tokenizer.tokenize(value, { field: 'phone' }).catch(({ code }) => code),
        values[0],
      )
      assert.equal(refused, 'storage_unavailable')
      await quota.release()
      const others = await tokenize(second, values.slice(1))
      const [again] = await tokenize(first, values.slice(0, 1))
      const tokens = [again, ...others]
      assert.equal(new Set(tokens).size, 3, 'one token for two values')
      world.fail(undefined)
      await drained(second)
      assert.equal((await status(second)).dead, 0)
      await check(tokens, values)
      await leave(first, second)
    })

    test('goes on in another tab while the one that sends is frozen, and after the Worker was killed', async () => {
      const first = await enter()
      const second = await another()
      world.fail('refuses')
      const values = phones(10)
      const tokens = await tokenize(first, values)
      assert.deepEqual(await tokenize(second, values), tokens)
      world.fail('hangs')
      const before = world.faulty.of('/v1/reconcile').length
      await until('a batch to be under way', async () => {
        await first.evaluate(() => void state.tokenizer.flush())
        return world.faulty.of('/v1/reconcile').length > before
      })
      await browser.setLifecycle(first, 'frozen')
      await world.worker.crash()
      world.fail(undefined)
      await drained(second)
      assert.equal((await status(second)).lost, 0)
      await browser.setLifecycle(first, 'active')
      await drained(first)
      assert.deepEqual([(await flush(first)).done, (await flush(second)).done], [10, 10])
      await check(tokens, values)
      await leave(first, second)
    })

    test('notices that its store was cleared', async () => {
      const page = await enter()
      world.fail('refuses')
      const values = phones(3)
      await tokenize(page, values)
      await browser.clearDatabase(page)
      await page.close()
      world.fail(undefined)
      // The visit was there as well: it takes another launch.
      const next = await ready(
        await browser.open(await world.pageUrl({ subject: `somebody-${people}` })),
      )
      await until('the loss to be noticed', () =>
        next.evaluate(() => state.events.some(({ type }) => type === 'storage_lost')),
      )
      await leave(next)
    })
  })

/** In the page: how many requests there were for leases. Each is answered before the tokenizer opens, or soon after. */
const dumpedPools = (page) =>
  page.evaluate(
    () =>
      performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/v1/pools'))
        .length,
  )
