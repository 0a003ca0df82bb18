// A visit that outlives its tab. One suite, run by each browser's test file.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { session } from './session.js'
import { dumpStorage } from './traces.js'
import { callApi } from './visits.js'

const VISITS = '/v1/visits'
const REFRESH = '/v1/visits/refresh'

export function persistentIn(browserName) {
  describe(`a persistent visit in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, openVisit, settled, world } = session(browserName)
    const persistent = { storage: 'persistent' }

    afterEach(() => world().worker.setClock(0))

    const sent = (path) => world().proxy.of(path).length

    /** Another tab of the same origin, without a launch. */
    const another = async (more) => {
      const page = await open(world().pageUrl({ launch: 'fragment', ...persistent, ...more }))
      return { page, ...(await settled(page)) }
    }

    test('is there in another tab, after its own is gone, and rests sealed', async () => {
      const { page, claims, durability } = await openVisit(await world().fragmentUrl(persistent))
      assert.equal(durability, 'strict')
      const stored = await page.evaluate(dumpStorage)
      await page.close()
      const next = await another()
      assert.equal(next.status, 'open', JSON.stringify(next))
      assert.deepEqual([next.source, next.claims.sid], ['cached', claims.sid])
      assert.equal(sent(VISITS), 1)
      assert.equal((await next.page.evaluate(callApi)).status, 200)
      for (const [name, secret] of world().secrets()) {
        assert.ok(!JSON.stringify(stored).includes(secret.toString()), name)
      }
      await next.page.evaluate(() => state.visit.close())
    })

    test('starts while the gateway is away', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
      await page.close()
      const before = world().proxy.exchanges.length
      const next = await another()
      assert.deepEqual([next.status, next.source, next.claims.sid], ['open', 'cached', claims.sid])
      assert.equal(world().proxy.exchanges.length, before, 'nothing was asked of anybody')
      await next.page.evaluate(() => state.visit.close())
    })

    test('is refreshed once for all tabs', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
      const tabs = [
        page,
        ...(await Promise.all([another(), another(), another()])).map(({ page }) => page),
      ]
      const lifeSeconds = claims.exp - claims.iat
      await world().worker.setClock(lifeSeconds - 20)
      const skewMs = (lifeSeconds - 20) * 1000
      // Begun in all of them before it is awaited in any: one driver waits for its tabs in turn.
      await Promise.all(
        tabs.map((tab) =>
          tab.evaluate((skewMs) => {
            state.skewMs = skewMs
            state.renewed = state.visit.token({ minValiditySeconds: 60 })
            state.renewed.catch(() => {})
          }, skewMs),
        ),
      )
      const jtis = await Promise.all(
        tabs.map((tab) => tab.evaluate(() => state.renewed.then(() => state.visit.claims.jti))),
      )
      assert.equal(sent(REFRESH), 1)
      assert.equal(new Set(jtis).size, 1)
      assert.notEqual(jtis[0], claims.jti)
      await page.evaluate(() => state.visit.close())
    })

    test('that is closed in one tab ends in all of them, and is gone', async () => {
      const { page } = await openVisit(await world().fragmentUrl(persistent))
      const other = await another()
      await page.evaluate(() => state.visit.close())
      await until('the other tab to hear of it', () =>
        other.page.evaluate(() => state.events.some(({ type }) => type === 'ended')),
      )
      const next = await another()
      assert.deepEqual([next.status, next.code], ['failed', 'launch_missing'])
    })

    /** The authority answers the next refresh, and the answer does not get through until it is let. */
    const heldRefresh = () => {
      let letThrough
      const hold = new Promise((resolve) => (letThrough = resolve))
      return { served: world().proxy.next({ path: REFRESH, hold }), letThrough }
    }

    const assertClosed = async () => {
      const next = await another()
      assert.deepEqual([next.status, next.code], ['failed', 'launch_missing'])
    }

    test('that is closed while another tab refreshes it stays closed', async () => {
      const { page } = await openVisit(await world().fragmentUrl(persistent))
      const other = await another()
      const { served, letThrough } = heldRefresh()
      await other.page.evaluate(() => {
        state.renewed = state.visit.token({ minValiditySeconds: 1e6 }).then(
          () => 'renewed',
          ({ code }) => code,
        )
      })
      await served
      await page.evaluate(() => state.visit.close())
      letThrough()
      assert.equal(await other.page.evaluate(() => state.renewed), 'visit_ended')
      const ends = await other.page.evaluate(() =>
        state.events.filter(({ type }) => type === 'ended').map(({ code }) => code),
      )
      assert.deepEqual(ends, ['visit_ended'])
      await assertClosed()
    })

    test('that is closed while another tab starts with a refresh does not open there', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
      await world().worker.setClock(claims.exp - claims.iat + 5)
      const { served, letThrough } = heldRefresh()
      const url = world().pageUrl({
        launch: 'fragment',
        ...persistent,
        skew: claims.exp - claims.iat + 5,
      })
      const starting = await open(url)
      await served
      await page.evaluate(() => state.visit.close())
      letThrough()
      const { status, code } = await settled(starting)
      assert.deepEqual([status, code], ['failed', 'visit_ended'])
      await world().worker.setClock(0)
      await assertClosed()
    })

    for (const adopts of [true, false]) {
      const since = adopts
        ? 'since the first tab went on with it'
        : 'that the first tab knows nothing of'
      test(`of the same user by another launch, ${since}: closing ends it everywhere`, async () => {
        const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
        const { page: other, claims: later } = await openVisit(
          await world().fragmentUrl(persistent),
        )
        assert.notEqual(later.sid, claims.sid)
        if (adopts) {
          const sid = await page.evaluate(async () => {
            await state.visit.token({ minValiditySeconds: 1e6 }).catch(() => {})
            return state.visit.claims.sid
          })
          assert.equal(sid, later.sid)
        }
        await page.evaluate(() => state.visit.close())
        await until('the other tab to hear of it', () =>
          other.evaluate(() => state.events.some(({ type }) => type === 'ended')),
        )
        await assertClosed()
      })
    }

    test('whose key cannot be read for once goes on; where it cannot be read at all, the others keep theirs', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl(persistent))
      const once = await another({ failing: 1 })
      assert.deepEqual([once.status, once.claims?.sid], ['open', claims.sid])
      const never = await another({ failing: 1000 })
      assert.deepEqual([never.status, never.code], ['failed', 'launch_missing'])
      const next = await another()
      assert.deepEqual([next.status, next.claims?.sid], ['open', claims.sid])
      assert.equal((await page.evaluate(callApi)).status, 200)
      assert.deepEqual(
        await page.evaluate(() => state.events.filter(({ type }) => type === 'ended')),
        [],
      )
      await page.evaluate(() => state.visit.close())
    })

    test('of somebody else asks first', async () => {
      const { page } = await openVisit(await world().fragmentUrl(persistent))
      const declined = await open(
        await world().fragmentUrl({ ...persistent, conflict: 'decline' }, { subject: 'user-2' }),
      )
      assert.equal((await settled(declined)).code, 'launch_conflict')
      const approved = await open(
        await world().fragmentUrl({ ...persistent, conflict: 'approve' }, { subject: 'user-2' }),
      )
      const result = await settled(approved)
      assert.equal(result.status, 'open', JSON.stringify(result))
      await until('the first user to be gone', () =>
        page.evaluate(() => state.events.some(({ type }) => type === 'ended')),
      )
      await approved.evaluate(() => state.visit.close())
    })
  })
}
