// What a page is told of its operation when the answer was lost: doubt stays doubt until somebody answers who knows.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'

import { openVisit } from '@lingpai/h5'

import { createGateway } from './support/gateway.js'

let gateway
let visit
let operation

beforeEach(async () => {
  gateway = await createGateway()
  visit = await openVisit(gateway.options())
  const exp = Math.floor(Date.now() / 1000) + 300
  gateway.plan.push(() => Response.json({ alias: 'XM-1', handle: 'a.b', close: 'c', exp }))
  operation = await visit.beginOperation('transfer', { amount: 1 }, { account: 'XM-0' })
})

const refused = (status, code) => () =>
  Response.json({ error: 'invalid_token', error_description: code, status }, { status })
const state =
  (answer, status = 200) =>
  () =>
    Response.json({ state: answer }, { status })
const codeOf = (submitted) => submitted.catch(({ code }) => code)

/** Refusals of whoever asks, which say nothing about the operation. */
const ofTheCaller = [
  [401, 'token_revoked'],
  [403, 'insufficient_scope'],
  [400, 'invalid_request'],
]

test('an alias that is refused until the hour ends is not waited for', async () => {
  const headers = { 'retry-after': '1800' }
  const before = gateway.seen.length
  gateway.plan.push(() =>
    Response.json({ error_description: 'rate_limited' }, { status: 429, headers }),
  )
  const refused = await visit.beginOperation('transfer', {}, { account: 'XM-0' }).catch((it) => it)
  assert.deepEqual([refused.code, refused.retryAfterMs], ['rate_limited', 60_000])
  assert.equal(gateway.seen.length, before + 1)
})

describe('a refusal after a lost answer', () => {
  for (const [status, code] of ofTheCaller) {
    test(`${status} ${code} leaves the operation in doubt, and the same request is sent again`, async () => {
      gateway.plan.push(gateway.lose, refused(status, code))
      assert.equal(await codeOf(operation.submit()), code)
      assert.equal(operation.state, 'in_doubt')
      await assert.rejects(operation.submit({ amount: 2 }), /details/)
      // Still in doubt however often it is refused.
      gateway.plan.push(refused(status, code))
      assert.equal(await codeOf(operation.submit()), code)
      assert.equal(operation.state, 'in_doubt')
      gateway.plan.push(() => Response.json({ state: 'done', result: 7 }))
      assert.deepEqual(await operation.submit(), { state: 'done', result: 7 })
      const bodies = gateway.seen.filter(({ path }) => path === '/v1/operations')
      assert.equal(new Set(bodies.map(({ body }) => body)).size, 1)
    })
  }

  test('of the registry ends the doubt: there is no such operation', async () => {
    gateway.plan.push(gateway.lose, refused(400, 'alias_invalid'))
    assert.equal(await codeOf(operation.submit()), 'alias_invalid')
    assert.equal(operation.state, 'cancelled')
  })

  test('for its limits ends the doubt too, and other details may follow', async () => {
    gateway.plan.push(gateway.lose, refused(403, 'access_denied'))
    assert.equal(await codeOf(operation.submit()), 'access_denied')
    assert.equal(operation.state, 'open')
  })
})

test('a refusal after the service said that it is being executed leaves it in doubt', async () => {
  gateway.plan.push(state('pending', 202), refused(401, 'token_revoked'))
  assert.equal(await codeOf(operation.submit()), 'token_revoked')
  assert.equal(operation.state, 'in_doubt')
})

test('a refusal of the first request of all leaves it open', async () => {
  gateway.plan.push(refused(403, 'insufficient_scope'))
  assert.equal(await codeOf(operation.submit()), 'insufficient_scope')
  assert.equal(operation.state, 'open')
})
