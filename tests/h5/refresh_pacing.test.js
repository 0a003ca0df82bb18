// When a refresh that failed is tried again. The test turns the clocks: the page's own, and its timers.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { openVisit } from '@lingpai/h5'

import { refusedWith } from '../support/refused.js'
import { createGateway } from './support/gateway.js'

const REFRESH = '/v1/visits/refresh'

let gateway
let visit
let events
let clock

beforeEach(async () => {
  gateway = await createGateway()
  events = []
})
afterEach(() => visit?.close())

/** Opens a visit whose timers and clock only go on with `pass`. */
async function open(t, more) {
  const startMs = Date.now()
  const monotonic = performance.now.bind(performance)
  let passedMs = 0
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => monotonic() + passedMs)
  clock = {
    async pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        passedMs += 1000
        t.mock.timers.tick(1000)
        await settle()
      }
    },
  }
  const now = () => startMs + passedMs
  visit = await openVisit(gateway.options({ now, onEvent: (event) => events.push(event), ...more }))
}

/** Lets everything happen that waits for no timer. */
async function settle() {
  const ends = ['resending', 'granted', 'refresh_failed', 'served_from_cache']
  do for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  while (!ends.includes(events.at(-1)?.type) && events.some(({ kind }) => kind === 'refresh'))
}

const refreshes = () => gateway.seen.filter(({ path }) => path === REFRESH).length
const failures = () => events.filter(({ type }) => type === 'refresh_failed').length

// A token of 900 seconds is due 120 seconds before its end; a few more for rounding.
const DUE = 783

describe('a refresh that failed', () => {
  test('is not tried again sooner than the gateway asks', async (t) => {
    await open(t)
    gateway.plan = [gateway.unsealed(429, 'rate_limited', { 'retry-after': '70' })]
    await clock.pass(DUE)
    assert.deepEqual([refreshes(), failures()], [1, 1])
    await clock.pass(65)
    assert.equal(refreshes(), 1)
    await clock.pass(10)
    assert.deepEqual([refreshes(), failures()], [2, 1])
  })

  test('is not tried again for one who calls, either, while the gateway wants to be left alone', async (t) => {
    await open(t)
    gateway.plan = [gateway.unsealed(503, 'temporarily_unavailable', { 'retry-after': '90' })]
    const forced = { minValiditySeconds: 3600 }
    await refusedWith('temporarily_unavailable', () => visit.token(forced))
    const error = await visit.token(forced).catch((error) => error)
    assert.deepEqual([error.code, error.retryAfterMs], ['temporarily_unavailable', 90_000])
    assert.equal(refreshes(), 1)
    await clock.pass(91)
    await visit.token(forced)
    assert.equal(refreshes(), 2)
  })

  test('reads a date in Retry-After by the gateway’s own clock', async (t) => {
    await open(t)
    const day = Date.UTC(2001, 1, 2)
    const date = (ms) => new Date(ms).toUTCString()
    const headers = { date: date(day), 'retry-after': date(day + 90_000) }
    gateway.plan = [gateway.unsealed(503, 'temporarily_unavailable', headers)]
    const error = await visit.token({ minValiditySeconds: 3600 }).catch((error) => error)
    assert.equal(error.retryAfterMs, 90_000)
  })

  test('gets one more chance before the token ends, however long the gateway asks for', async (t) => {
    await open(t)
    gateway.plan = [gateway.unsealed(503, 'temporarily_unavailable', { 'retry-after': '3600' })]
    await clock.pass(DUE)
    assert.equal(refreshes(), 1)
    await clock.pass(112)
    assert.equal(refreshes(), 2)
    assert.ok((await visit.token()).length > 0)
  })

  test('is tried again after a while that grows, and differs from page to page', async (t) => {
    await open(t, once())
    gateway.plan = Array(200).fill(gateway.unsealed(400, 'invalid_request'))
    await clock.pass(DUE)
    const waits = []
    let before = refreshes()
    for (let second = 0, last; second < 600; second++) {
      await clock.pass(1)
      if (refreshes() === before) continue
      before = refreshes()
      if (last !== undefined) waits.push(second - last)
      last = second
    }
    assert.ok(waits.length >= 8 && waits.length <= 100, waits.join())
    assert.ok(Math.min(...waits) >= 5 && Math.max(...waits) <= 62, waits.join())
    assert.ok(new Set(waits).size > 2, waits.join())
  })

  for (const code of ['invalid_grant', 'replayed']) {
    test(`(${code}) is not tried again at all: the visit has ended`, async (t) => {
      await open(t)
      gateway.plan = [gateway.refuse(code, code)]
      await clock.pass(DUE)
      assert.equal(refreshes(), 1)
      assert.ok(events.some(({ type }) => type === 'ended'))
      await clock.pass(600)
      assert.equal(refreshes(), 1)
    })
  }
})

/** An app that gives one access token, and declines from then on. */
function once() {
  let given = false
  return {
    requestAccessToken({ proofKeyThumbprint: jkt }) {
      if (given) throw new Error('declined')
      given = true
      return gateway.accessToken({ jkt })
    },
  }
}
