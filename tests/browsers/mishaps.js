// What goes wrong around a page while everything in it is right: links followed twice, keys lost, clocks turned, tabs
// duplicated. The visit goes on wherever it can. One suite, run by each browser's test file.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { session } from './session.js'
import { dumpStorage } from './traces.js'
import { callApi } from './visits.js'

const VISITS = '/v1/visits'
const REFRESH = '/v1/visits/refresh'
const KEYS = '/.well-known/jwks.json'
const DAY_MS = 86_400_000

export function mishapsIn(browserName) {
  describe(`mishaps in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, openVisit, settled, world } = session(browserName)

    afterEach(() => world().worker.setClock(0))

    const sent = (path) => world().proxy.of(path).length
    const token = (url) => url.slice(url.indexOf('#at=') + 4)

    /** Everybody's clock goes on. */
    async function wait(page, seconds) {
      await world().worker.setClock(seconds)
      await turnClock(page, seconds * 1000)
    }

    /** The clock of the device is another after the next reload. */
    const turnClock = (page, byMs) => page.evaluate((ms) => void (window.name = String(ms)), byMs)

    for (const [name, again] of [
      ['in the open page', (url) => url],
      ['as another page', (url) => url.replace('#', '&again#')],
    ]) {
      test(`the link of an open visit is followed again ${name}: the visit goes on`, async () => {
        const url = await world().fragmentUrl()
        const { page, claims } = await openVisit(url)
        await wait(page, 70)
        await page.go(again(url))
        await page.reload()
        const result = await settled(page)
        assert.equal(result.status, 'open', JSON.stringify(result))
        assert.deepEqual([result.source, result.claims.sid], ['cached', claims.sid])
        assert.equal(sent(VISITS), 1)
        const { session } = await page.evaluate(dumpStorage)
        assert.deepEqual(
          Object.keys(session).filter((key) => key === 'lingpai:launch'),
          [],
        )
        assert.equal((await page.evaluate(callApi)).status, 200)
        await page.evaluate(() => state.visit.token({ minValiditySeconds: 3600 }))
      })
    }

    test('the issuer’s keys cannot be had: nothing is lost, and the second try opens the visit', async () => {
      // The partner's back-end asks for the keys, too.
      const url = await world().fragmentUrl()
      for (const status of [429, 403, 500, 200]) {
        world().proxy.next({ path: KEYS, method: 'GET', status, answer: () => '<h1>No</h1>' })
      }
      const page = await open(url)
      const first = await settled(page)
      assert.deepEqual([first.status, first.code], ['failed', 'temporarily_unavailable'])
      await page.evaluate(() => state.open())
      const second = await settled(page)
      assert.equal(second.status, 'open', JSON.stringify(second))
      assert.equal(second.source, 'issued')
    })

    for (const [name, byMs] of [
      ['forward', DAY_MS],
      ['back', -DAY_MS],
    ]) {
      test(`the clock is turned ${name} under an open visit: it goes on after a reload`, async () => {
        const { page, claims } = await openVisit(await world().fragmentUrl())
        await turnClock(page, byMs)
        await page.reload()
        const result = await settled(page)
        assert.equal(result.status, 'open', JSON.stringify(result))
        assert.equal(result.claims.sid, claims.sid)
        assert.equal((await page.evaluate(callApi)).status, 200)
        assert.equal(sent(VISITS), 1)
      })

      test(`the clock is turned ${name} while a launch waits: it is redeemed after a reload`, async () => {
        const served = world().proxy.next({ path: VISITS, hold: new Promise(() => {}) })
        const page = await open(await world().fragmentUrl())
        await served
        await turnClock(page, byMs)
        await page.reload()
        const result = await settled(page)
        assert.equal(result.status, 'open', JSON.stringify(result))
        assert.equal(sent(VISITS), 2)
        assert.equal((await page.evaluate(callApi)).status, 200)
      })

      test(`the clock is turned ${name} and the gateway is away: the visit is there when it is back`, async () => {
        const { page, claims } = await openVisit(await world().fragmentUrl())
        await turnClock(page, byMs)
        const headers = { 'retry-after': '120' }
        world().proxy.next({
          path: REFRESH,
          status: 503,
          headers: { ...headers, 'content-type': 'text/plain' },
        })
        await page.reload()
        await settled(page)
        await page.reload()
        const result = await settled(page)
        assert.equal(result.status, 'open', JSON.stringify(result))
        assert.equal(result.claims.sid, claims.sid)
      })
    }

    test('a link that was left too long is no reason to end the same user’s visit', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      await page.go(await world().fragmentUrl())
      await wait(page, 150)
      await page.reload()
      const result = await settled(page)
      assert.equal(result.status, 'open', JSON.stringify(result))
      assert.equal(result.claims.sid, claims.sid)
    })

    for (const how of [
      'is deleted',
      'is replaced by something else',
      'has lost a half',
      'is a key for something else',
    ]) {
      for (const purpose of ['proof', 'record']) {
        test(`the ${purpose} key ${how}: its visit is over, the next one is kept again`, async () => {
          const { page, claims } = await openVisit(await world().fragmentUrl())
          await page.evaluate(spoilKey, purpose, how)
          await page.reload()
          const result = await settled(page)
          assert.deepEqual([result.status, result.code], ['failed', 'launch_missing'])
          await page.go(await world().fragmentUrl())
          await page.reload()
          const next = await settled(page)
          assert.equal(next.status, 'open', JSON.stringify(next))
          assert.deepEqual([next.durability, next.proofKey], ['tab', 'non-extractable'])
          assert.notEqual(next.claims.sid, claims.sid)
          await page.reload()
          const resumed = await settled(page)
          assert.equal(resumed.status, 'open', JSON.stringify(resumed))
          assert.deepEqual([resumed.source, resumed.claims.sid], ['cached', next.claims.sid])
        })
      }
    }

    test('storage: memory leaves no access token in the tab, not even while it is redeemed', async () => {
      let release
      const hold = new Promise((resolve) => (release = resolve))
      const served = world().proxy.next({ path: VISITS, hold })
      const page = await open(await world().fragmentUrl({ storage: 'memory' }))
      await served
      assert.deepEqual((await page.evaluate(dumpStorage)).session, {})
      await page.evaluate(
        (hash) => void (location.hash = hash),
        `#at=${await world().accessToken()}`,
      )
      await until('a clean address', () => page.evaluate(() => location.hash === ''))
      assert.deepEqual((await page.evaluate(dumpStorage)).session, {})
      release()
      const result = await settled(page)
      assert.deepEqual([result.status, result.durability], ['open', 'memory'])
      const { session, local } = await page.evaluate(dumpStorage)
      assert.deepEqual({ session, local }, { session: {}, local: {} })
    })

    test('storage: memory survives a wrong answer: the same page opens the visit with a second call', async () => {
      world().proxy.next({ path: VISITS, answer: () => 'x'.repeat(100) })
      const page = await open(await world().fragmentUrl({ storage: 'memory' }))
      assert.equal((await settled(page)).status, 'failed')
      await page.evaluate(() => state.open())
      const result = await settled(page)
      assert.equal(result.status, 'open', JSON.stringify(result))
      assert.equal(sent(VISITS), 2)
    })

    test('storage: memory recognises the link that opened its visit', async () => {
      const url = await world().fragmentUrl({ storage: 'memory' })
      const { page } = await openVisit(url)
      await page.evaluate((hash) => void (location.hash = hash), `#at=${token(url)}`)
      await until('a clean address', () => page.evaluate(() => location.hash === ''))
      await page.evaluate(() => void (globalThis.first = state.visit))
      await page.evaluate(() => state.open())
      assert.equal((await settled(page)).code, 'launch_missing')
      await page.evaluate(() => first.token({ minValiditySeconds: 3600 }).then(() => {}))
      assert.deepEqual([sent(VISITS), sent(REFRESH)], [1, 1])
    })

    test('a key store that hangs costs a few seconds, and what a reload would find', async () => {
      const { page, durability, proofKey } = await openVisit(
        await world().fragmentUrl({ hanging: 'yes' }),
      )
      assert.deepEqual([durability, proofKey], ['memory', 'non-extractable'])
      assert.equal((await page.evaluate(callApi)).status, 200)
    })

    test('a launch that comes while another one is redeemed waits for its turn', async () => {
      let release
      const hold = new Promise((resolve) => (release = resolve))
      const served = world().proxy.next({ path: VISITS, hold })
      const page = await open(await world().fragmentUrl())
      await served
      const second = await world().fragmentUrl()
      await page.evaluate((hash) => void (location.hash = hash), `#at=${token(second)}`)
      await until('a clean address', () => page.evaluate(() => location.hash === ''))
      release()
      const first = await settled(page)
      assert.equal(first.status, 'open', JSON.stringify(first))
      await page.reload()
      const next = await settled(page)
      assert.deepEqual([next.status, next.source], ['open', 'issued'], JSON.stringify(next))
      assert.notEqual(next.claims.sid, first.claims.sid)
    })

    test('an app that never says what to do about a conflict can be left', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const url = await world().fragmentUrl({}, { subject: 'user-2' })
      await page.evaluate((hash) => void (location.hash = hash), `#at=${token(url)}`)
      await until('a clean address', () => page.evaluate(() => location.hash === ''))
      await page.evaluate(() => {
        const controller = new AbortController()
        const onLaunchConflict = () => {
          controller.abort('left')
          return new Promise(() => {})
        }
        return state.open({ onLaunchConflict, signal: controller.signal })
      })
      assert.equal((await settled(page)).code, 'left')
      await page.evaluate(() => state.open({ onLaunchConflict: () => true }))
      const next = await settled(page)
      assert.equal(next.status, 'open', JSON.stringify(next))
      assert.notEqual(next.claims.sub, claims.sub)
    })

    test('a duplicated tab serves its token, but leaves the refreshing to the first one', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const copy = await duplicate(page)
      const result = await settled(copy)
      assert.deepEqual([result.status, result.claims.sid], ['open', claims.sid])
      assert.equal((await copy.evaluate(callApi)).status, 200)
      for (let round = 0; round < 3; round++) assert.equal(await page.evaluate(renew), 'renewed')
      assert.equal(await copy.evaluate(renew), 'visit_ended')
      assert.equal((await copy.evaluate(callApi)).status, 200)
      assert.equal(await page.evaluate(renew), 'renewed')
      assert.equal(sent(REFRESH), 4)
    })

    test('a duplicated tab refreshes once the first one is gone', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const copy = await duplicate(page)
      await settled(copy)
      assert.equal(await copy.evaluate(renew), 'visit_ended')
      await page.close()
      const renewed = async () => (await copy.evaluate(renew)) === 'renewed'
      await until('the copy to have the visit', renewed)
      assert.equal((await settled(copy)).claims.sid, claims.sid)
    })

    test('a page that is gone but for its lock stops nobody', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const name = await page.evaluate(async () => (await navigator.locks.query()).held[0].name)
      // It has the lock as soon as the page is reloaded, and answers nothing.
      const other = await open(new URL('/observe.js', await page.url()).href)
      const take = (name) => void navigator.locks.request(name, () => new Promise(() => {}))
      await other.evaluate(take, name)
      await page.reload()
      assert.equal((await settled(page)).claims.sid, claims.sid)
      const waits = () => navigator.locks.query().then(({ pending }) => pending.length)
      assert.equal(await page.evaluate(waits), 1)
      assert.equal(await page.evaluate(renew), 'renewed')
    })

    /** Another tab with a copy of the sessionStorage, which is what browsers make of a tab that is duplicated. */
    async function duplicate(page) {
      const url = await page.url()
      const entries = await page.evaluate(() => ({ ...sessionStorage }))
      const copy = await open(new URL('/observe.js', url).href)
      await copy.evaluate((entries) => void Object.assign(sessionStorage, entries), entries)
      await copy.go(url)
      return copy
    }
  })
}

/** Runs in the page: refreshes, and says how that went. */
async function renew() {
  return state.visit.token({ minValiditySeconds: 3600 }).then(
    () => 'renewed',
    (error) => error.code,
  )
}

/** Runs in the page: makes the kept key unusable. */
async function spoilKey(purpose, how) {
  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const database = await settle(indexedDB.open('lingpai'))
  const store = () => database.transaction('keys', 'readwrite').objectStore('keys')
  const names = await settle(store().getAllKeys())
  // Those that were made unusable before lie there still.
  const newest = (purpose) => names.filter((name) => name.startsWith(`${purpose} `)).at(-1)
  const name = newest(purpose)
  const other = newest(purpose === 'proof' ? 'record' : 'proof')
  const values = {
    'is replaced by something else': 'no key',
    'has lost a half': { publicKey: (await settle(store().get(name))).publicKey },
    'is a key for something else': await settle(store().get(other)),
  }
  await settle(how in values ? store().put(values[how], name) : store().delete(name))
  database.close()
}
