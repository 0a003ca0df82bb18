// Many tabs of one origin at the same moment: ten of them whose token has expired, two that want to lead. One refreshes; one leads.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { session } from '../browsers/session.js'
import { storeSession } from './session.js'

const REFRESH = '/v1/visits/refresh'
const TABS = 10
/** A refresh token lives for so many tokens, and a few more. */
const EXPIRIES_PER_VISIT = 25

export function crowdsIn(browserName, { expiries = 200, races = 1_000 } = {}) {
  describe(`ten tabs and one expiry in ${browserName}`, { timeout: 240_000 }, () => {
    const { openVisit, open, settled, world } = session(browserName)

    const persistent = { launch: 'fragment', storage: 'persistent' }

    test(`${expiries} times: exactly one refresh, and the same token in all of them`, async () => {
      const { page } = await openVisit(await world().fragmentUrl(persistent))
      const tabs = [page]
      while (tabs.length < TABS) tabs.push(await open(world().pageUrl(persistent)))
      for (let nth = 0; nth < expiries; nth += EXPIRIES_PER_VISIT) {
        if (nth > 0) await beginAnew(tabs)
        await expireTogether(tabs, Math.min(expiries - nth, EXPIRIES_PER_VISIT))
      }
    })

    /** Another visit in the same tabs. */
    async function beginAnew([first, ...others]) {
      await first.evaluate(() => state.visit.close())
      await world().worker.setClock(0)
      await first.go(await world().fragmentUrl(persistent))
      // Another fragment alone loads nothing.
      await first.reload()
      assert.equal((await settled(first)).status, 'open')
      await Promise.all(others.map((tab) => tab.reload()))
    }

    async function expireTogether(tabs, count) {
      const { claims } = await settled(tabs[0])
      for (const tab of tabs) assert.equal((await settled(tab)).claims.sid, claims.sid)
      await Promise.all(tabs.map((tab) => tab.evaluate(beReady)))
      const lifeSeconds = claims.exp - claims.iat
      let last = claims.jti
      for (let nth = 1; nth <= count; nth++) {
        // Past the end by everybody's clock, the authority's and each tab's.
        const elapsedSeconds = nth * (lifeSeconds + 1)
        await world().worker.setClock(elapsedSeconds)
        const before = world().proxy.of(REFRESH).length
        const jtis = await Promise.all(
          tabs.map((tab) => tab.evaluate((ms) => expire(ms), elapsedSeconds * 1000)),
        )
        assert.equal(new Set(jtis).size, 1, `expiry ${nth}: ${jtis}`)
        assert.notEqual(jtis[0], last)
        last = jtis[0]
        const asked = world().proxy.of(REFRESH).slice(before)
        assert.equal(asked.length, 1, `expiry ${nth}: ${asked.map(({ status }) => status)}`)
      }
    }
  })

  describe(`two tabs that want to lead in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, call } = storeSession(browserName)

    for (const [what, unlocked, count] of [
      ['by lock and lease', false, races],
      ['by the lease alone, where there are no locks', true, races / 4],
    ]) {
      test(`${count} times, ${what}: one at a time`, async () => {
        const { page: one, origin } = await open()
        const { page: other } = await open({ origin })
        const race = (page, name) => page.evaluate(raceToLead, name, count, unlocked)
        const [mine, theirs] = await Promise.all([race(one, 'one'), race(other, 'other')])
        assert.deepEqual([mine.intruders, theirs.intruders], [0, 0], 'somebody else was inside')
        assert.equal(mine.led + theirs.led, (await call(one, 'get', 'count')).value | 0)
        assert.ok(mine.refused + theirs.refused > count / 10, 'they really met')
        assert.ok(mine.led + theirs.led >= count, 'each race had a leader')
        console.log(
          `# ${browserName}, ${what}: ${count} races, led ${mine.led} and ${theirs.led}, refused ${mine.refused} and ${theirs.refused}`,
        )
      })
    }
  })
}

/** Runs in the page: what is called when the time has come. */
function beReady() {
  globalThis.expire = async (skewMs) => {
    state.skewMs = skewMs
    await state.visit.token()
    return state.visit.claims.jti
  }
}

/** Runs in the page: meets the other tab `races` times, and wants to lead each time. */
async function raceToLead(name, races, unlocked) {
  if (unlocked) Object.defineProperty(navigator, 'locks', { value: undefined })
  const channel = new BroadcastChannel('races')
  let met = -1
  let wake = () => {}
  channel.onmessage = ({ data }) => {
    met = Math.max(met, data)
    wake()
  }
  const meet = async (nth) => {
    while (met < nth) await new Promise((resolve) => (wake = resolve))
  }
  let [led, refused, intruders] = [0, 0, 0]
  const work = async ({ fence }) => {
    led += 1
    const [inside, count] = await subject.read(['inside', 'count'])
    if (inside) intruders += 1
    const entered = await subject.write({
      expect: [...fence, { key: 'inside', revision: 0 }],
      put: [
        { key: 'inside', value: name },
        { key: 'count', value: String(Number(count?.value ?? 0) + 1) },
      ],
      durability: 'relaxed',
    })
    if (!entered.committed) intruders += 1
    await subject.write({ expect: fence, delete: ['inside'], durability: 'relaxed' })
  }
  for (let nth = 0; nth < races; nth++) {
    channel.postMessage(nth)
    await meet(nth)
    const outcome = await subject.lead('race', work)
    if (!outcome.led) refused += 1
  }
  channel.postMessage(races)
  return { led, refused, intruders }
}
