// The whole visit as a real browser lives through it. One suite, run by each browser's test file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { until } from '../support/until.js'
import { session } from './session.js'
import { assertNoSecret, dumpStorage } from './traces.js'

const VISITS = '/v1/visits'
const REFRESH = '/v1/visits/refresh'

export function visitsIn(browserName) {
  describe(`a visit in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, openVisit, settled, opened, world } = session(browserName)

    test('bound launch in a frame of another origin', async () => {
      const app = await open(world().appUrl({ launch: 'message' }))
      const frame = await app.frame('iframe')
      const { status, claims, source, proofKey, events, ...rest } = await settled(frame)
      assert.equal(status, 'open', JSON.stringify(rest))
      assert.equal(source, 'issued')
      assert.equal(proofKey, 'non-extractable')
      assert.equal(claims.client_id, 'partner')
      assert.equal(claims.aud, world().deployment.audience)
      const launched = events.find(({ type }) => type === 'launched')
      assert.deepEqual([launched.via, launched.bound], ['message', true])
      const me = await frame.evaluate(callApi)
      assert.equal(me.status, 200, me.body)
      assert.equal(JSON.parse(me.body).sub, claims.sub)
      assert.equal(JSON.parse(me.body).proof_key, claims.cnf.jkt)
      await assertNoTraces(frame, app)
    })

    test('fragment launch: the address is clean before the page can be asked', async () => {
      const url = await world().fragmentUrl()
      const { page, claims } = await openVisit(url)
      assert.equal(await page.evaluate(() => location.href), url.split('#')[0])
      assert.equal(typeof claims.cnf.jkt, 'string')
      assert.equal((await page.evaluate(callApi)).status, 200)
      assert.equal(await page.evaluate(() => sessionStorage.getItem('lingpai:launch')), null)
      await assertNoTraces(page)
    })

    test('reload after the visit is open: it goes on without a new redemption', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      await page.reload()
      const resumed = await settled(page)
      assert.equal(resumed.status, 'open', JSON.stringify(resumed))
      assert.equal(resumed.source, 'cached')
      assert.equal(resumed.claims.sid, claims.sid)
      assert.equal(world().proxy.of(VISITS).length, 1)
      assert.equal((await page.evaluate(callApi)).status, 200)
      await assertNoTraces(page)
    })

    test('reload before the answer came: another request, the same visit token', async () => {
      let release
      const hold = new Promise((resolve) => (release = resolve))
      const served = world().proxy.next({ path: VISITS, hold, lose: 'answer' })
      const page = await open(await world().fragmentUrl())
      await served
      await page.reload()
      release()
      const result = await settled(page)
      assert.equal(result.status, 'open', JSON.stringify(result))
      const [first, second] = world().proxy.of(VISITS)
      assert.notDeepEqual(first.body, second.body, 'R does not survive a reload')
      assert.deepEqual([first.status, second.status], [200, 200])
      assert.equal((await page.evaluate(callApi)).status, 200)
      await assertNoTraces(page)
    })

    test('the answer is lost: the very same request goes out again, with a fresh proof', async () => {
      world().proxy.next({ path: VISITS, lose: 'answer' })
      const { page } = await openVisit(await world().fragmentUrl())
      const sent = world().proxy.of(VISITS)
      const [first, last] = [sent[0], sent.at(-1)]
      for (const { body } of sent) assert.deepEqual(body, first.body)
      // Where the browser itself repeated the request, proof and all, that is refused and costs one more.
      assert.ok(sent.length === 2 || sent.length === 3, String(sent.length))
      assert.notEqual(first.headers.dpop, last.headers.dpop)
      assert.deepEqual([first.status, last.status], [200, 200])
      assert.equal((await page.evaluate(callApi)).status, 200)
    })

    test('the request is lost: it goes out again', async () => {
      world().proxy.dropNext(VISITS)
      await openVisit(await world().fragmentUrl())
      assert.equal(world().proxy.of(VISITS).length, 2)
    })

    test('an answer from somebody else is not believed, and nothing is given up for it', async () => {
      world().proxy.next({ path: VISITS, answer: () => 'x'.repeat(100) })
      const result = await settled(await open(await world().fragmentUrl()))
      assert.equal(result.status, 'failed')
      assert.equal(result.code, 'malformed')
      const [page] = opened()
      await page.reload()
      const again = await settled(page)
      assert.equal(again.status, 'open', JSON.stringify(again))
    })

    test('refresh ahead of expiry, with a new R', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const lifeSeconds = claims.exp - claims.iat
      await world().worker.setClock(lifeSeconds - 20)
      try {
        await page.evaluate((skewMs) => void (state.skewMs = skewMs), (lifeSeconds - 20) * 1000)
        const token = await page.evaluate(async () => {
          const before = state.visit.claims.jti
          const until = Date.now() + 15_000
          do {
            await state.visit.token()
            await new Promise((resolve) => setTimeout(resolve, 50))
          } while (state.visit.claims.jti === before && Date.now() < until)
          return state.visit.token()
        })
        const next = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
        assert.equal(next.sid, claims.sid)
        assert.notEqual(next.jti, claims.jti)
        assert.ok(next.exp > claims.exp)
        assert.equal(world().proxy.of(REFRESH).length, 1)
        assert.equal((await page.evaluate(callApi)).status, 200)
        await assertNoTraces(page)
      } finally {
        await world().worker.setClock(0)
      }
    })

    test('a launch for another user asks first: declined, the old visit stays', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      await page.go(await world().fragmentUrl({ conflict: 'decline' }, { subject: 'user-2' }))
      const result = await settled(page)
      assert.equal(result.conflicts.length, 1)
      assert.equal(result.conflicts[0].current.subject, claims.sub)
      assert.notEqual(result.conflicts[0].launched.subject, claims.sub)
      assert.equal(result.code, 'launch_conflict')
      await page.reload()
      const next = await settled(page)
      assert.equal(next.status, 'open', JSON.stringify(next))
      assert.equal(next.claims.sid, claims.sid)
    })

    test('a launch for another user asks first: approved, the old visit is gone', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      await page.go(await world().fragmentUrl({ conflict: 'approve' }, { subject: 'user-2' }))
      const result = await settled(page)
      assert.equal(result.status, 'open', JSON.stringify(result))
      assert.equal(result.conflicts.length, 1)
      assert.notEqual(result.claims.sub, claims.sub)
    })

    test('a launch for another user is refused where nobody can be asked', async () => {
      const { page } = await openVisit(await world().fragmentUrl())
      await page.go(await world().fragmentUrl({ nobody: 'asked' }, { subject: 'user-2' }))
      const result = await settled(page)
      assert.equal(result.code, 'launch_conflict')
    })

    test('a launch that comes while the page is open leaves the address at once', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      const url = await world().fragmentUrl({}, { subject: 'user-2' })
      await page.go(url)
      await until('a clean address', () =>
        page.evaluate(() => location.hash === '' && !location.href.includes('#')),
      )
      assert.equal((await settled(page)).claims.sid, claims.sid)
    })

    test('a framed page refuses an access token that is bound to no key', async () => {
      const app = await open(world().appUrl({ launch: 'unbound' }))
      const result = await settled(await app.frame('iframe'))
      assert.equal(result.code, 'launch_not_bound')
      assert.equal(world().proxy.of(VISITS).length, 0)
    })

    test('a framed page refuses a fragment launch', async () => {
      const url = await world().fragmentUrl()
      const app = await open(`${world().app}/app.html?${new URLSearchParams({ page: url })}`)
      const result = await settled(await app.frame('iframe'))
      assert.equal(result.code, 'launch_not_bound')
      assert.equal(world().proxy.of(VISITS).length, 0)
    })

    test('without a launch there is no visit', async () => {
      const result = await settled(await open(world().pageUrl({ launch: 'fragment' })))
      assert.equal(result.code, 'launch_missing')
    })

    test('the search for secrets finds what is there', async () => {
      const { page } = await openVisit(await world().fragmentUrl())
      const secrets = world().secrets()
      const [, r] = secrets.find(([name]) => name === 'R')
      await page.evaluate(
        (bytes) => localStorage.setItem('planted', bytes),
        r.toString('base64url'),
      )
      const planted = JSON.stringify(await page.evaluate(dumpStorage))
      assert.throws(() => assertNoSecret(planted, secrets, 'storage'), /R in storage/)
      await page.evaluate(
        (bytes) =>
          new Promise((resolve, reject) => {
            localStorage.removeItem('planted')
            const request = indexedDB.open('planted', 1)
            request.onerror = () => reject(request.error)
            request.onupgradeneeded = () => {
              request.result.createObjectStore('store').put(new Uint8Array(bytes), 'key')
            }
            request.onsuccess = () => (request.result.close(), resolve())
          }),
        [...r],
      )
      const found = JSON.stringify(await page.evaluate(dumpStorage))
      assert.throws(() => assertNoSecret(found, secrets, 'storage'), /R in storage/)
      await page.evaluate(() => void indexedDB.deleteDatabase('planted'))
    })

    test('after close nothing is left, and the visit refuses', async () => {
      const { page } = await openVisit(await world().fragmentUrl())
      const code = await page.evaluate(async () => {
        await state.visit.close()
        return state.visit.token().then(
          () => 'accepted',
          (error) => error.code,
        )
      })
      assert.equal(code, 'closed')
      const { session } = await page.evaluate(dumpStorage)
      assert.deepEqual(session, {})
    })

    /** No secret of any exchange is in storages, console, events, addresses, or any request but sealed. */
    async function assertNoTraces(...frames) {
      const secrets = world().secrets()
      assert.ok(
        secrets.some(([name]) => name === 'R'),
        'the search knows what to look for',
      )
      for (const frame of frames) {
        const storage = await frame.evaluate(dumpStorage)
        const { observed, events, tokens } = await frame.evaluate(accountOf)
        const drawn = observed.draws
          .filter(({ length }) => length >= 32)
          .map((bytes) => ['randomness', Buffer.from(bytes)])
        const all = [
          ...secrets,
          ...drawn,
          ...tokens.map((token) => ['visit token', Buffer.from(token)]),
        ]
        assertNoSecret(JSON.stringify(storage), all, 'storage or address')
        assertNoSecret(JSON.stringify(observed.console), all, 'console')
        assertNoSecret(JSON.stringify(events), all, 'events')
        assert.deepEqual(observed.console, [])
        for (const key of storage.keys) {
          if (key.type !== 'public') assert.equal(key.extractable, false, JSON.stringify(key))
        }
      }
      for (const page of opened()) assertNoSecret(page.console.join('\n'), secrets, 'console')
      const open = secrets.filter(([name]) => name !== 'sealed answer')
      const sent = [...world().proxy.exchanges, ...world().server.requests].map(
        ({ method, url, headers, body }) =>
          [method, url, JSON.stringify(headers), body?.toString('latin1')].join('\n'),
      )
      assertNoSecret(sent.join('\n'), open, 'requests')
    }
  })
}

/** Runs in the page: calls the protected service through the visit. */
export async function callApi() {
  const gateway = new URLSearchParams(location.search).get('gateway')
  const response = await state.visit.fetch(`${gateway}/api/me`)
  return { status: response.status, body: await response.text() }
}

/** Runs in the page: what it noted, and the tokens that it holds. */
async function accountOf() {
  const visit = globalThis.state?.visit
  return {
    observed,
    events: globalThis.state?.events ?? [],
    tokens: visit ? [await visit.token()] : [],
  }
}
