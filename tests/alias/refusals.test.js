// Everything that is refused, each with its code, and what a refusal leaves as it was.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { proofKey } from '../support/jose_keys.js'
import { randomId, startService } from './support/service.js'

let service
let page

before(async () => {
  service = await startService()
  page = await service.page()
})
after(() => service?.stop())

function assertRefused({ status, headers, json, text }, expected, code) {
  assert.deepEqual([status, json?.error_description], [expected, code], text)
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.equal(headers.get('cache-control'), 'no-store')
}

describe('an alias is refused', () => {
  for (const account of ['13800138000', 'zhangwei', 'user 1380013', '张三13800138000', 'x-1234']) {
    test(`to the account "${account}"`, async () => {
      assertRefused(await page.open(account), 422, 'identifier_unsuitable')
    })
  }

  test('to an account of somebody else', async () => {
    assertRefused(await page.open('foreign-13800138000'), 403, 'access_denied')
  })

  test('beyond thirty-two at a time', async () => {
    const own = await service.page()
    for (let nth = 0; nth < 32; nth++) await own.alias()
    assertRefused(await own.open('user-13800138000'), 429, 'rate_limited')
  })

  test('to a subject that had as many as it gets within an hour, whatever its visit', async () => {
    const headers = { 'x-per-hour': '3' }
    const pages = [await service.page({ sub: 'busy' }), await service.page({ sub: 'busy' })]
    const answers = []
    // An hour may end meanwhile, but not two.
    for (let nth = 0; nth < 7; nth++) {
      answers.push(await pages[nth % 2].open('user-13800138000', { headers }))
    }
    const given = answers.filter(({ status }) => status === 201)
    assert.ok(given.length >= 3 && given.length <= 6, `${given.length} were given`)
    const refused = answers.find(({ status }) => status !== 201)
    assertRefused(refused, 429, 'rate_limited')
    const wait = Number(refused.headers.get('retry-after'))
    assert.ok(wait >= 1 && wait <= 3600, `to be asked again in ${wait} s`)
    const other = await service.page({ sub: 'idle' })
    assert.equal((await other.open('user-13800138000', { headers })).status, 201)
  })

  test('and takes no name from anybody', async () => {
    const headers = { 'x-method': 'multiply' }
    const full = await service.page()
    for (let nth = 0; nth < 32; nth++) await full.alias()
    for (let nth = 0; nth < 3; nth++) {
      assertRefused(await full.open('same-90000001', { headers }), 429, 'rate_limited')
    }
    const sub = 'without-names'
    const other = await service.page({ sub })
    assert.equal((await other.open('same-90000001', { headers })).status, 201)
    const opened = (await service.events()).find(({ subject }) => subject === sub)
    assert.equal(opened.modifications, 0, 'its first sequence was free')
  })

  for (const [what, body] of [
    ['an operation that the service does not have', { account: 'user-1380013', operation: 'fly' }],
    ['no account', { operation: 'transfer' }],
    ['an account that is no text', { account: 1, operation: 'transfer' }],
    ['an account without end', { account: 'a1'.repeat(40), operation: 'transfer' }],
    [
      'limits that bound nothing',
      { account: 'user-1380013', operation: 'transfer', limits: { a: null } },
    ],
    ['limits that are none', { account: 'user-1380013', operation: 'transfer', limits: [] }],
    ['a member that is not known', { account: 'user-1380013', operation: 'transfer', sub: 'x' }],
    [
      'a transferable that is none',
      { account: 'user-1380013', operation: 'transfer', transferable: 1 },
    ],
    ['no object', '[]'],
    ['no JSON', '{"account":'],
    ['a name twice', '{"account":"user-1","account":"user-2","operation":"transfer"}'],
    ['more than is read', JSON.stringify({ account: 'x'.repeat(20_000), operation: 'transfer' })],
  ]) {
    test(`for ${what}`, async () => {
      assertRefused(await page.send('/v1/aliases', body), 400, 'invalid_request')
    })
  }
})

describe('an operation is refused', () => {
  const key = randomId()

  test('under aliases that are unknown, used, closed, foreign, or for something else, all alike', async () => {
    const [used, closed, foreign, other, bound] = [
      await page.alias(),
      await page.alias(),
      await (await service.page({ sub: 'user-2' })).alias(),
      await page.alias(),
      await (await service.page({ sid: randomId() })).alias(),
    ]
    await page.submit(used.alias)
    const { handle, close } = closed
    await service.post('/v1/aliases/close', { body: JSON.stringify({ handle, close }) })
    // The same visit with another proof key, as a stolen refresh would have it.
    const sid = randomId()
    const mine = await (await service.page({ sid })).alias()
    const rebound = await service.page({ sid })
    const answers = [
      await page.submit('user-00000000000'),
      await page.submit(used.alias),
      await page.submit(closed.alias),
      await page.submit(foreign.alias),
      await page.submit(bound.alias),
      await page.submit(other.alias, { operation: 'close-account' }),
      await rebound.submit(mine.alias),
    ]
    for (const answer of answers) assertRefused(answer, 404, 'alias_invalid')
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1, 'letter by letter')
    assert.equal((await page.submit(other.alias)).status, 200, 'and lost nothing by it')
  })

  test('beyond the limits of its alias, which is not used up by it', async () => {
    const limits = { amount: 100, currency: 'CNY', to: ['alice', 'bob'] }
    const { alias } = await page.alias('user-13800138000', { limits })
    const good = { amount: 100, currency: 'CNY', to: 'bob' }
    for (const bad of [
      { ...good, amount: 101 },
      { ...good, amount: -1 },
      { ...good, amount: '1' },
      { ...good, amount: 0.5 },
      { ...good, currency: 'USD' },
      { ...good, to: 'mallory' },
      { currency: 'CNY', to: 'bob' },
    ]) {
      assertRefused(await page.submit(alias, { details: bad }), 403, 'access_denied')
    }
    assert.equal((await page.submit(alias, { details: good })).status, 200)
  })

  test('under a key that was used for another request', async () => {
    const [one, two] = [await page.alias(), await page.alias()]
    assert.equal((await page.submit(one.alias, { key })).status, 200)
    assertRefused(await page.submit(two.alias, { key }), 422, 'idempotency_conflict')
    const details = { amount: 2 }
    assertRefused(await page.submit(one.alias, { key, details }), 422, 'idempotency_conflict')
    assert.equal((await page.submit(two.alias)).status, 200, 'and lost nothing by it')
  })

  for (const [what, members] of [
    ['a short key', { idempotency_key: 'short' }],
    ['no key', { idempotency_key: undefined }],
    ['details that are no object', { details: 'all' }],
    ['an unknown operation', { operation: 'fly' }],
    ['an unknown member', { account: 'user-1' }],
  ]) {
    test(`for ${what}`, async () => {
      const { alias } = await page.alias()
      const body = { alias, operation: 'transfer', details: {}, idempotency_key: randomId() }
      assertRefused(
        await page.send('/v1/operations', { ...body, ...members }),
        400,
        'invalid_request',
      )
    })
  }
})

describe('what the proof does not cover is not executed', () => {
  const request = async () => ({
    alias: (await page.alias()).alias,
    operation: 'transfer',
    details: { amount: 1, to: 'alice' },
    idempotency_key: randomId(),
  })

  test('another body than that which was proved', async () => {
    const shown = await request()
    const altered = { ...shown, details: { amount: 1000, to: 'mallory' } }
    const before = service.bank.executions.length
    const answer = await page.send('/v1/operations', altered, { proven: JSON.stringify(shown) })
    assertRefused(answer, 401, 'proof_body_mismatch')
    assert.equal(service.bank.executions.length, before)
    assert.equal((await page.send('/v1/operations', shown)).status, 200, 'and lost nothing by it')
  })

  test('the same members in another spelling', async () => {
    const shown = await request()
    const spelt = JSON.stringify(shown, null, 1)
    const answer = await page.send('/v1/operations', spelt, { proven: JSON.stringify(shown) })
    assertRefused(answer, 401, 'proof_body_mismatch')
  })

  for (const path of ['/v1/aliases', '/v1/aliases/claim', '/v1/operations']) {
    test(`a proof that covers nothing, at ${path}`, async () => {
      assertRefused(await page.send(path, {}, { proven: null }), 401, 'proof_body_mismatch')
    })

    test(`no token, at ${path}`, async () => {
      assertRefused(await service.post(path, { body: '{}' }), 401, 'token_missing')
    })

    test(`a proof by another key, at ${path}`, async () => {
      const thief = await service.page()
      const { jkt } = await proofKey()
      const stolen = await service.page({ cnf: { jkt } })
      assertRefused(await stolen.send(path, {}), 401, 'proof_key_mismatch')
      assert.ok(thief)
    })
  }

  test('a token that is bound to no key', async () => {
    const { cnf: _, ...claims } = page.claims
    const unbound = await service.page({ ...claims, cnf: undefined })
    const answer = await unbound.send('/v1/aliases', {})
    assertRefused(answer, 401, 'scheme_mismatch')
  })

  test('a token of no visit', async () => {
    const own = await service.page({ sid: undefined })
    assertRefused(await own.open('user-13800138000'), 401, 'claim_invalid')
  })
})

describe('a beacon', () => {
  for (const [what, body, type] of [
    ['without a handle', '{"close":"AAAAAAAAAAAAAAAAAAAAAA"}'],
    ['that is no JSON', 'handle'],
    [
      'with more than belongs there',
      `{"handle":"${'a'.repeat(22)}.${'a'.repeat(22)}","close":"${'a'.repeat(22)}","x":1}`,
    ],
    ['of two kilobytes', 'x'.repeat(2_000)],
    ['with a member twice', 'handle=a&handle=b', 'application/x-www-form-urlencoded'],
  ]) {
    test(`${what} is malformed`, async () => {
      const headers = { 'content-type': type ?? 'text/plain' }
      assertRefused(
        await service.post('/v1/aliases/close', { body, headers }),
        400,
        'invalid_request',
      )
    })
  }
})
