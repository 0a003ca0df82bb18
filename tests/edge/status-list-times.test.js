// For how long a Token Status List counts, from a real server and by the clock of whoever reads it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  fail,
  listToken,
  outcome,
  serve,
  server,
  source,
  startSeconds,
  unavailable,
  useListServer,
} from './support/status_list_world.js'
import { start } from './support/world.js'

useListServer()

describe('the time of a list', () => {
  /** After how many seconds it is asked for again, looking each second from `from` on. */
  async function life({ list, headers, options, from = 1, most = 200 }) {
    server.respond = serve(listToken({ ttl: undefined, ...list }), headers)
    const { ask, clock } = source(options)
    await ask(0)
    // What is ahead of need does not count here.
    for (let passed = 0; ; passed++) {
      if (passed >= most) return Infinity
      server.respond = fail
      if (
        passed >= from &&
        !(await ask(0).then(
          () => true,
          () => false,
        ))
      )
        return passed
      clock.pass(1)
    }
  }

  test('is its ttl', async () => {
    assert.equal(await life({ list: { ttl: 60 } }), 60)
  })

  test('is what is left of its answer’s only where it has no ttl', async () => {
    const age = (control, age) => ({ 'cache-control': control, ...(age && { age }) })
    for (const [headers, seconds] of [
      [age('public, max-age=30'), 30],
      [age('max-age=100', '60'), 40],
      [age('max-age=100', '5000'), 10],
      [age('max-age=100, s-maxage=50', '20'), 30],
      [age('private, max-age=40'), 40],
      [age(`max-age=${'9'.repeat(400)}`, '9'.repeat(400)), Infinity],
      [
        { date: new Date(start).toUTCString(), expires: new Date(start + 50_000).toUTCString() },
        50,
      ],
    ]) {
      assert.equal(await life({ headers }), seconds, JSON.stringify(headers))
      // From when it was fetched, however old the copy was: the draft's §13.7.
      assert.equal(await life({ headers, list: { ttl: 90 } }), 90)
    }
  })

  test('is kept within bounds', async () => {
    assert.equal(await life({ list: { ttl: 1e-3 } }), 10)
    assert.equal(await life({ headers: { 'cache-control': 'no-store' } }), 10)
    assert.equal(await life({ list: { ttl: 1e9 }, options: { maxTtlSeconds: 20 } }), 20)
    const day = 86_400
    assert.equal(await life({ list: { ttl: 1e300 }, from: day - 1, most: day + 2 }), day)
    assert.equal(await life({ from: 299, most: 302 }), 300)
  })

  test('ends with its exp and the tolerance for clocks, whatever its ttl and whatever is accepted', async () => {
    const list = { ttl: 60, exp: startSeconds + 20 }
    assert.equal(await life({ list }), 25)
    assert.equal(await life({ list, options: { staleSeconds: 1000 } }), 25)
    assert.equal(await life({ list, options: { clockToleranceSeconds: 0 } }), 20)
  })

  test('ends a week after it was made where it has no exp, whatever else it says', async () => {
    const week = 7 * 86_400
    const made = (secondsAgo, more) => ({ iat: startSeconds - secondsAgo, ...more })
    assert.equal(await life({ list: made(week - 20, { ttl: 60 }) }), 20)
    assert.equal(await life({ list: made(week - 20), options: { staleSeconds: 1000 } }), 20)
    assert.equal(await life({ list: made(week - 20, { ttl: 60, exp: startSeconds + 1e6 }) }), 60)
    const options = { maxListAgeSeconds: 30 }
    assert.equal(await life({ list: made(10, { ttl: 60 }), options }), 20)
  })

  test('that is over before it comes is an outage, as for a cold instance before a forgotten copy', async () => {
    const old = { iat: startSeconds - 300 * 86_400, ttl: 60 }
    server.respond = serve(listToken(old), { age: '25000000', 'cache-control': 'max-age=60' })
    const { ask, events } = source()
    await assert.rejects(ask(0), unavailable('token_expired'))
    assert.deepEqual(events, [{ type: 'status_list', outcome: 'failed', code: 'token_expired' }])
    assert.equal(await source({ maxListAgeSeconds: 301 * 86_400 }).ask(0), false)
    server.respond = serve(listToken({ ...old, exp: startSeconds + 60 }))
    assert.equal(await source().ask(0), false)
  })

  test('is stretched by no more than allowed while its server fails', async () => {
    const list = { ttl: 60 }
    assert.equal(await life({ list, options: { staleSeconds: 30 } }), 90)
  })
})
