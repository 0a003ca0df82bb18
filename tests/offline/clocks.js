// Clocks that are wrong, jump, or stand still with the page. Whoever asks for a token gets one that the authority still honours, and
// an expiry is refreshed once, however many ask.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'

import { session } from '../browsers/session.js'
import { callApi } from '../browsers/visits.js'
import { until } from '../support/until.js'
import * as faults from './faults/index.js'

const REFRESH = '/v1/visits/refresh'
const HOUR_MS = 3_600_000

export function clocksIn(browserName) {
  describe(`clocks in ${browserName}`, { timeout: 180_000 }, () => {
    const { openVisit, world, browser } = session(browserName)
    let aheadSeconds = 0

    afterEach(() => setAuthority(0))

    async function setAuthority(seconds) {
      aheadSeconds = seconds
      await world().worker.setClock(seconds)
    }
    // A request whose proof has a wrong time is sent again, the same bytes; granted is one.
    const refreshes = () =>
      world()
        .proxy.of(REFRESH)
        .filter(({ status }) => status === 200).length
    const turn = (page, skewMs) => page.evaluate((ms) => void (state.skewMs = ms), skewMs)

    /** Ten parts of the page ask at once; each has to get a token that is good by the authority's clock. */
    async function ask(page, options = {}) {
      const expiries = await page.evaluate(async (options) => {
        const tokens = await Promise.all(
          Array.from({ length: 10 }, () => state.visit.token(options)),
        )
        const expiryOf = (token) =>
          JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).exp
        return tokens.map(expiryOf)
      }, options)
      const now = Date.now() / 1000 + aheadSeconds
      for (const expiry of expiries)
        assert.ok(expiry > now, `served ${now - expiry} s after its end`)
      return expiries
    }

    for (const storage of ['session', 'persistent']) {
      const openNew = async () => openVisit(await world().fragmentUrl({ storage }))

      test(`an hour forward (${storage}): one refresh, and none after it`, async () => {
        const { page, claims } = await openNew()
        await turn(page, HOUR_MS)
        await ask(page)
        for (let nth = 0; nth < 5; nth++) await ask(page)
        assert.equal(refreshes(), 1)
        assert.equal((await page.evaluate(callApi)).status, 200)
        assert.equal(await page.evaluate(() => state.visit.claims.sid), claims.sid)
        const jumps = await page.evaluate(() =>
          state.events.filter(({ type }) => type === 'clock_jumped').map(({ byMs }) => byMs),
        )
        assert.ok(
          jumps.some((byMs) => Math.abs(byMs - HOUR_MS) < 60_000),
          JSON.stringify(jumps),
        )
        await page.evaluate(() => state.visit.close())
      })

      test(`an hour back (${storage}): it makes no token live longer, and none is asked for before its time`, async () => {
        const { page, claims } = await openNew()
        await turn(page, -HOUR_MS)
        const before = await ask(page)
        assert.equal(refreshes(), 0)
        assert.equal((await page.evaluate(callApi)).status, 200)
        // From here on all clocks go on as they should.
        const lifeSeconds = claims.exp - claims.iat
        await setAuthority(lifeSeconds + 5)
        await turn(page, -HOUR_MS + (lifeSeconds + 5) * 1000)
        const after = await ask(page)
        assert.ok(after[0] > before[0])
        assert.equal(refreshes(), 1)
        assert.equal((await page.evaluate(callApi)).status, 200)
        await page.evaluate(() => state.visit.close())
      })

      for (const [what, byMs] of [
        ['forward', HOUR_MS],
        ['back', -HOUR_MS],
      ]) {
        test(`a jump ${what} while a refresh is on its way (${storage}): still one, and what it brings is good`, async () => {
          const { page } = await openNew()
          let release
          const hold = new Promise((resolve) => (release = resolve))
          const served = world().proxy.next({ path: REFRESH, hold })
          await page.evaluate(() => {
            state.renewed = state.visit.token({ minValiditySeconds: 3600 })
          })
          await served
          await turn(page, byMs)
          release()
          await page.evaluate(() => state.renewed.then(() => {}))
          await ask(page)
          assert.equal(refreshes(), 1)
          assert.equal((await page.evaluate(callApi)).status, 200)
          await page.evaluate(() => state.visit.close())
        })
      }
    }

    test('a page that slept past the end of its token: one refresh when it wakes, and nothing expired is served', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const asleepSeconds = claims.exp - claims.iat + 60
      // The device's clock goes on while the page stands still: by then it will have.
      await page.evaluate((ms) => {
        const sleepsAt = Date.now() + 1_000
        Object.defineProperty(state, 'skewMs', { get: () => (Date.now() > sleepsAt ? ms : 0) })
      }, asleepSeconds * 1000)
      const frozen = await faults.freeze(browser(), page)
      const sinceMs = Date.now()
      await setAuthority(asleepSeconds)
      await until('the time', async () => Date.now() > sinceMs + 1_500)
      assert.equal(refreshes(), 0, 'it really stands still')
      await frozen.thaw()
      const [expiry] = await ask(page)
      assert.ok(expiry > claims.exp)
      assert.equal(refreshes(), 1)
      assert.equal((await page.evaluate(callApi)).status, 200)
    })
  })
}
