// An issuer whose key set cannot be had for a while. That says nothing about the access token, so nothing is lost by it.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'

import { openVisit } from '@lingpai/h5'

import { signingKey } from '../support/jose_keys.js'
import { createGateway } from './support/gateway.js'

let gateway
let visits

beforeEach(async () => {
  gateway = await createGateway()
  visits = []
  // Waits between attempts are not what these tests are about; time-outs of requests last as they do.
  const { setTimeout } = globalThis
  mock.method(globalThis, 'setTimeout', (run, ms, ...rest) =>
    setTimeout(run, ms < 10_000 ? 0 : ms, ...rest),
  )
})
afterEach(async () => {
  mock.restoreAll()
  await Promise.all(visits.map((visit) => visit.close()))
})

async function open(more) {
  const visit = await openVisit(gateway.options({ keys: undefined, ...more }))
  visits.push(visit)
  return visit
}

const answer = (status, body, headers) => () => new Response(body, { status, headers })
const html = answer(200, '<h1>Log in</h1>', { 'content-type': 'text/html' })
const unreachable = () => {
  throw new TypeError('fetch failed')
}

describe('a key set that is not there', () => {
  for (const [name, step, code] of [
    ['too many requests', answer(429, ''), 'rate_limited'],
    ['forbidden', answer(403, 'blocked'), 'temporarily_unavailable'],
    ['not found', answer(404, ''), 'temporarily_unavailable'],
    ['a failing server', answer(500, ''), 'temporarily_unavailable'],
    ['a portal', html, 'temporarily_unavailable'],
    ['half a key set', answer(200, '{"keys":[{"kty":"OKP"'), 'temporarily_unavailable'],
    ['no network', unreachable, 'network_unavailable'],
  ]) {
    test(`(${name}) is an error that may pass: the same launch opens the visit later`, async () => {
      let made
      const requestAccessToken = ({ proofKeyThumbprint: jkt }) =>
        (made ??= gateway.accessToken({ jkt }))
      gateway.keyPlan = Array(4).fill(step)
      const error = await open({ requestAccessToken }).catch((error) => error)
      assert.deepEqual([error.code, error.retryable], [code, true])
      assert.equal(gateway.seen.length, 0, 'the access token was not sent')
      made = undefined
      assert.equal((await open({ requestAccessToken })).source, 'issued')
    })

    test(`(${name}) is asked for again`, async () => {
      gateway.keyPlan = [step, step]
      await open()
      assert.equal(gateway.keysAsked, 3)
    })
  }

  test('is left alone as long as it asks', async () => {
    gateway.keyPlan = [answer(429, '', { 'retry-after': '120' })]
    const error = await open().catch((error) => error)
    assert.deepEqual([error.code, error.retryAfterMs], ['rate_limited', 120_000])
    assert.equal(gateway.keysAsked, 1)
  })

  test('does not end a visit that is open: its refresh fails, and works later', async () => {
    const visit = await open()
    // The keys rotate while the set cannot be had.
    gateway.deployment.signing = await signingKey('next')
    gateway.keyPlan = Array(4).fill(answer(503, '', { 'retry-after': '120' }))
    const error = await visit.token({ minValiditySeconds: 3600 }).catch((error) => error)
    assert.equal(error.retryable, true)
    assert.equal(typeof (await visit.token()), 'string')
  })
})
