// What a page's alias goes through in a real browser: used, given up, and deleted when the page goes away. One suite, run by
// each browser's test file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'

import { session } from '../browsers/session.js'
import { callApi } from '../browsers/visits.js'
import { until } from '../support/until.js'

const CLOSE = '/v1/aliases/close'
const SCOPE = { scope: 'profile transfer' }

export function aliasesIn(browserName) {
  describe(`an alias in ${browserName}`, { timeout: 240_000 }, () => {
    const { openVisit, world } = session(browserName)

    /** A page with an operation begun; `url` and what the page knows of it. */
    async function begun(more = {}) {
      const { page } = await openVisit(await world().fragmentUrl({}, SCOPE))
      const operation = await page.evaluate(begin, more)
      assert.equal(operation.error, undefined, operation.error)
      return { page, ...operation }
    }

    /** What the registry's own object says happened to the aliases of a page. */
    async function eventsOf(handle) {
      const objects = await world().worker.objects('ALIASES')
      const object = objects.get(objects.idFromName(`visit/${handle.split('.')[0]}`))
      return (await object.audit()).map(({ event }) => event)
    }

    const gone = (handle, how) =>
      until(`the alias to be ${how}`, async () => (await eventsOf(handle)).includes(how))

    const handleOf = () => {
      const { answer, answerHeaders } = world().proxy.of('/v1/aliases').at(-1)
      const packed = answerHeaders['content-encoding'] === 'gzip'
      return JSON.parse(packed ? gunzipSync(answer) : answer).handle
    }

    test('stands for the account, which is used once, and then is gone', async () => {
      const { page, alias, account } = await begun()
      assert.notEqual(alias, account)
      assert.match(alias, /^XM-\d{16}$/)
      const handle = handleOf()
      const { result, state, again } = await page.evaluate(submitTwice)
      assert.deepEqual([result.state, result.result.amount, state], ['done', 100, 'done'])
      assert.equal(again, 'closed')
      await gone(handle, 'used')
      const { body } = world().proxy.of('/v1/operations')[0]
      assert.ok(body.includes(alias) && !body.includes(account))
      assert.equal(world().proxy.of(CLOSE).length, 0)
    })

    test('is executed once although the answer was lost', async () => {
      const { page } = await begun()
      world().proxy.next({ path: '/v1/operations', lose: 'answer' })
      const { result } = await page.evaluate(submitTwice)
      assert.equal(result.state, 'done')
      const sent = world().proxy.of('/v1/operations')
      assert.ok(sent.length >= 2)
      for (const { body } of sent) assert.deepEqual(body, sent[0].body)
      const [before, after] = await page.evaluate(balances)
      assert.equal(before - after, 100)
    })

    test('is given up by the page', async () => {
      const { page } = await begun()
      const handle = handleOf()
      assert.equal(
        await page.evaluate(() => (state.operation.cancel(), state.operation.state)),
        'cancelled',
      )
      await gone(handle, 'closed')
    })

    test('is given up with its visit', async () => {
      const { page } = await begun()
      const handle = handleOf()
      await page.evaluate(() => state.visit.close())
      await gone(handle, 'closed')
    })

    test('is given up if the visit is closed before it is there', async () => {
      const { page } = await begun()
      await page.evaluate(() => state.operation.cancel())
      // Its beacon would be taken for the request that is to be held.
      await gone(handleOf(), 'closed')
      let release
      const hold = new Promise((resolve) => (release = resolve))
      const served = world().proxy.next({ path: '/v1/aliases', hold })
      await page.evaluate(beginLate)
      await served
      await page.evaluate(() => state.visit.close())
      release()
      assert.equal(await page.evaluate(() => state.late), 'closed')
      await until('both to be closed', async () => {
        const events = await eventsOf(handleOf())
        return events.filter((event) => event === 'closed').length === 2
      })
    })

    test('is deleted when the page goes elsewhere', async () => {
      const { page } = await begun()
      const handle = handleOf()
      await page.go(`${world().app}/app.html?page=${encodeURIComponent(world().app)}`)
      await gone(handle, 'closed')
    })

    test('is deleted when the page is reloaded', async () => {
      const { page } = await begun()
      const handle = handleOf()
      await page.reload()
      await gone(handle, 'closed')
    })

    test('is deleted when the page is closed', async () => {
      const { page } = await begun()
      const handle = handleOf()
      await page.close()
      await gone(handle, 'closed')
      const [{ headers, status }] = world().proxy.of(CLOSE)
      assert.equal(status, 204)
      assert.equal(headers.authorization, undefined, 'a beacon carries no headers')
    })

    test('is another one after the page comes back from the back-forward cache', async () => {
      const { page, alias } = await begun()
      const handle = handleOf()
      await page.evaluate(() => {
        state.kept = true
        dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
      })
      assert.equal(await page.evaluate(() => state.operation.state), 'away')
      await gone(handle, 'closed')
      await page.evaluate(() =>
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
      )
      await until('another alias', () => page.evaluate(() => state.operation.state === 'open'))
      const next = await page.evaluate(() => state.operation.alias)
      assert.notEqual(next, alias)
      assert.equal((await page.evaluate(submitTwice)).result.state, 'done')
    })

    describe('while another one is on its way to a page that came back', () => {
      /** A page that has come back; `release` lets its other alias arrive. */
      async function comingBack() {
        const { page } = await begun()
        const handle = handleOf()
        await page.evaluate(move, 'pagehide')
        // Its beacon would be taken for the request that is to be held.
        await gone(handle, 'closed')
        let release
        const hold = new Promise((resolve) => (release = resolve))
        const served = world().proxy.next({ path: '/v1/aliases', hold })
        await page.evaluate(move, 'pageshow')
        await served
        const count = async (what) =>
          (await eventsOf(handle)).filter((event) => event === what).length
        return { page, release, count }
      }

      test('stays given up', async () => {
        const { page, release, count } = await comingBack()
        await page.evaluate(() => state.operation.cancel())
        release()
        await until('both to be closed', async () => (await count('closed')) === 2)
        assert.equal(await page.evaluate(() => state.operation.state), 'cancelled')
      })

      test('is one other, although the page went away and came back again', async () => {
        const { page, release, count } = await comingBack()
        await page.evaluate(move, 'pagehide')
        await page.evaluate(move, 'pageshow')
        release()
        await until('another alias', () => page.evaluate(() => state.operation.state === 'open'))
        assert.equal((await page.evaluate(submitTwice)).result.state, 'done')
        assert.equal(await count('opened'), 2)
      })

      test('is closed if the page has gone away, and is a third when it is back', async () => {
        const { page, release, count } = await comingBack()
        await page.evaluate(move, 'pagehide')
        release()
        await until('both to be closed', async () => (await count('closed')) === 2)
        assert.equal(await page.evaluate(() => state.operation.state), 'away')
        await page.evaluate(move, 'pageshow')
        await until('a third', () => page.evaluate(() => state.operation.state === 'open'))
        assert.equal((await page.evaluate(submitTwice)).result.state, 'done')
      })
    })

    test('is another one, or none, after the user went back', async () => {
      const { page, alias } = await begun()
      const handle = handleOf()
      await page.evaluate(() => void (state.kept = true))
      await page.go(`${world().app}/app.html?page=${encodeURIComponent(world().app)}`)
      await gone(handle, 'closed')
      await page.back()
      // Whether a browser keeps the page is its own affair; neither way the old alias is of any use.
      await until('the page', () => page.evaluate(() => globalThis.state?.status === 'open'))
      const kept = await page.evaluate(() => state.kept === true)
      if (kept) {
        await until('another alias', () => page.evaluate(() => state.operation.state === 'open'))
        assert.notEqual(await page.evaluate(() => state.operation.alias), alias)
      } else {
        assert.equal(await page.evaluate(() => state.operation === undefined), true)
      }
    })

    test('is taken over by another terminal of the same user, and by nobody else', async () => {
      const { page, pairingCode } = await begun({ transferable: true, limits: { amount: 100 } })
      assert.match(pairingCode, /^lp1(\.[\w-]+){4}$/)
      const stranger = await openVisit(
        await world().fragmentUrl({ storage: 'memory' }, { ...SCOPE, subject: 'user-2' }),
      )
      assert.equal(await stranger.page.evaluate(claim, pairingCode), 'alias_invalid')
      const kiosk = await openVisit(await world().fragmentUrl({ storage: 'memory' }, SCOPE))
      assert.equal(await kiosk.page.evaluate(claim, pairingCode), 'transfer')
      const { result } = await kiosk.page.evaluate(submitTwice, {
        amount: 100,
        currency: 'CNY',
        to: 'x',
      })
      assert.equal(result.state, 'done')
      const first = await page.evaluate(() => state.operation.submit().catch(({ code }) => code))
      assert.equal(first, 'alias_invalid')
    })

    test('needs the visit’s scope', async () => {
      const { page } = await openVisit(await world().fragmentUrl())
      const { error } = await page.evaluate(begin, { account: 'XM-6222000000000000' })
      assert.equal(error, 'insufficient_scope')
      assert.equal((await page.evaluate(callApi)).status, 200)
    })
  })
}

/** Runs in the page: begins a transfer of one yuan. */
async function begin({ account, ...options }) {
  const gateway = new URLSearchParams(location.search).get('gateway')
  try {
    if (account === undefined) {
      const response = await state.visit.fetch(`${gateway}/api/accounts`)
      const [first] = await response.json()
      account = first.id
      state.balance = first.balance
    }
    const details = { amount: 100, currency: 'CNY', to: 'tea' }
    state.operation = await state.visit.beginOperation('transfer', details, { account, ...options })
    const { alias, pairingCode } = state.operation
    return { account, alias, pairingCode }
  } catch (error) {
    return { error: error.code ?? String(error) }
  }
}

/** Runs in the page: begins another one, which its own signal alone would stop. */
async function beginLate() {
  const gateway = new URLSearchParams(location.search).get('gateway')
  const [first] = await (await state.visit.fetch(`${gateway}/api/accounts`)).json()
  const { signal } = new AbortController()
  const begun = state.visit.beginOperation('transfer', undefined, { account: first.id, signal })
  state.late = begun.then(
    () => 'begun',
    ({ code }) => code,
  )
}

/** Runs in the page. */
async function submitTwice(details) {
  const result = await state.operation.submit(details)
  const again = await state.operation.submit().catch(({ code }) => code)
  return { result, state: state.operation.state, again }
}

/** Runs in the page: what the account held before and holds now. */
async function balances() {
  const gateway = new URLSearchParams(location.search).get('gateway')
  const [first] = await (await state.visit.fetch(`${gateway}/api/accounts`)).json()
  return [state.balance, first.balance]
}

/** Runs in the page: into the back-forward cache, or out of it. */
function move(name) {
  dispatchEvent(new PageTransitionEvent(name, { persisted: true }))
}

/** Runs in the page of another terminal. */
async function claim(code) {
  try {
    state.operation = await state.visit.claimOperation(code)
    return state.operation.type
  } catch (error) {
    return error.code ?? String(error)
  }
}
