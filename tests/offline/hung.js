// A database that does not open, and what a page has nevertheless: the first cached token is there before the watchdog has run out, and
// nobody waits longer than that. How long it took is printed; what is asserted is the order.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { session } from '../browsers/session.js'
import { callApi } from '../browsers/visits.js'
import { until } from '../support/until.js'
import { storeSession } from './session.js'
import { hangDatabase } from './faults/index.js'

export function hungIn(browserName) {
  describe(
    `the first cached token while the database hangs in ${browserName}`,
    { timeout: 180_000 },
    () => {
      const { visit, open, put } = storeSession(browserName)

      test('a row that waits in localStorage: before the watchdog, in a page that starts', async () => {
        const { page: creator, origin } = await open()
        await put(creator, 'other', 'there')
        await creator.close()
        const [holder, opener, { page }] = [
          (await visit({ origin })).page,
          (await visit({ origin })).page,
          await visit({ origin }),
        ]
        const hang = await hangDatabase(holder, opener, 'lingpai')
        await page.evaluate((options) => subject.open(options), { openTimeoutMs: 300 })
        assert.equal((await put(page, 'token', 'the token')).value.durability, 'best_effort')
        await page.reload()
        const { order, ms } = await page.evaluate(async () => {
          const order = []
          const startedMs = performance.now()
          subject.reports.push = ({ type, cause }) => order.push(`${type} ${cause}`)
          await subject.open({ openTimeoutMs: 3_000 })
          order.push(await subject.get('token'))
          return { order, ms: performance.now() - startedMs }
        })
        assert.deepEqual(order, ['the token'])
        console.log(
          `# ${browserName}: a row while the database hangs, in a page that starts: ${ms.toFixed(0)} ms`,
        )
        await until('the watchdog', () =>
          page.evaluate(() => subject.state().tier === 'localstorage'),
        )
        await hang.release()
      })
    },
  )

  describe(`a visit while the database hangs in ${browserName}`, { timeout: 180_000 }, () => {
    const { open, openVisit, settled, world } = session(browserName)
    const persistent = { launch: 'fragment', storage: 'persistent' }

    test('one that is open serves its token before the watchdog, and is refreshed; the next start has another', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
      const other = await open(new URL('/observe.js', await page.url()).href)
      await other.evaluate(hold)
      const { order, ms } = await page.evaluate(async () => {
        const silent = () => state.events.filter(({ type }) => type === 'tier_changed').length
        const before = silent()
        const startedMs = performance.now()
        await state.visit.token()
        const ms = performance.now() - startedMs
        return { order: silent() - before, ms }
      })
      assert.equal(order, 0, 'the watchdog came first')
      console.log(
        `# ${browserName}: the token of an open visit while the database hangs: ${ms.toFixed(1)} ms`,
      )
      assert.equal((await page.evaluate(callApi)).status, 200)
      const next = await page.evaluate(async () => {
        await state.visit.token({ minValiditySeconds: 3600 })
        return { jti: state.visit.claims.jti, durability: state.visit.durability }
      })
      assert.notEqual(next.jti, claims.jti)
      assert.equal(next.durability, 'best_effort')

      // The key that tokens are bound to is in the database alone: a page that starts now opens with a launch, for itself.
      const startedMs = Date.now()
      const late = await open(await world().fragmentUrl(persistent))
      const result = await settled(late)
      assert.deepEqual([result.status, result.durability], ['open', 'memory'])
      console.log(
        `# ${browserName}: a visit opened while the database hangs: ${Date.now() - startedMs} ms`,
      )
      await other.evaluate(() => release())
      await until('the record to move up', () =>
        page.evaluate(() =>
          state.events.some(({ type, moved }) => type === 'tier_changed' && moved > 0),
        ),
      )
      await page.evaluate(() => state.visit.close())
    })
  })
}

/** Runs in another page of the origin: keeps the database from opening. */
async function hold() {
  const opened = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const holder = await opened(indexedDB.open('lingpai'))
  const upgrade = indexedDB.open('lingpai', holder.version + 1)
  const through = opened(upgrade)
  await Promise.race([
    new Promise((resolve) => (upgrade.onblocked = resolve)),
    new Promise((resolve) => setTimeout(resolve, 1_000)),
  ])
  globalThis.release = () => {
    holder.close()
    return through.then((database) => database.close())
  }
}
