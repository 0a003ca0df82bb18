// `/v1/users` over HTTP: scopes, refusals that say what to do, what a caller sees of a move under way.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startRegion } from './support/region.js'
import { until } from '../support/until.js'

let region
let numbers = 0

before(async () => {
  region = await startRegion()
})
after(() => region?.stop())

const phone = () => `+86137${String(10_000_000 + ++numbers)}`
const every = { sub: 'operator', scope: 'users:read users:write users:move users:erase' }

async function send(method, path, body, { claims = every, headers } = {}) {
  const text =
    body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await region.ask('http', claims, method, `/v1/users${path}`, text, headers)
  const json = /json/.test(answer.headers['content-type'] ?? '')
  return { ...answer, body: json ? JSON.parse(answer.text) : answer.text }
}

const register = async () =>
  (await send('POST', '', { type: 'phone', identifier: phone() })).body.id

describe('scopes', () => {
  const some = Buffer.alloc(16, 5).toString('base64url')
  const routes = [
    ['users:write', 'POST', '', {}],
    ['users:read', 'POST', '/lookup', {}],
    ['users:read', 'GET', '/report'],
    ['users:read', 'GET', `/${some}`],
    ['users:read', 'GET', `/${some}/identifier`],
    ['users:write', 'PUT', `/${some}/identifier`, {}],
    ['users:read', 'GET', `/${some}/data`],
    ['users:read', 'GET', `/${some}/data/profile`],
    ['users:write', 'PUT', `/${some}/data/profile`, '1'],
    ['users:write', 'DELETE', `/${some}/data/profile`],
    ['users:move', 'POST', `/${some}/move`, {}],
    ['users:erase', 'POST', `/${some}/erase`],
    ['users:erase', 'DELETE', `/${some}`],
    ['users:read', 'GET', `/${some}/certificate`],
  ]
  for (const [scope, method, path, body] of routes) {
    test(`${method} /v1/users${path.replace(some, '{id}')} takes ${scope}`, async () => {
      const others = every.scope.replace(scope, '')
      for (const claims of [
        { sub: 'operator', scope: others },
        { sub: 'operator', scope: `${scope}:self` },
        { sub: some.replace('B', 'C'), scope: `${scope}:self` },
        { sub: some },
      ]) {
        const { status, body: answer } = await send(method, path, body, { claims })
        assert.deepEqual([status, answer.error], [403, 'insufficient_scope'])
      }
      const granted = await send(method, path, body, { claims: { sub: 'operator', scope } })
      assert.notEqual(granted.status, 403)
    })
  }

  test('with :self are for the identity that the token is about', async () => {
    const [id, other] = [await register(), await register()]
    const claims = { sub: id, scope: 'users:read:self users:write:self' }
    assert.equal((await send('PUT', `/${id}/data/profile`, '1', { claims })).status, 200)
    assert.equal((await send('GET', `/${id}/data`, undefined, { claims })).text, '{"profile":1}')
    assert.equal((await send('GET', `/${other}/data`, undefined, { claims })).status, 403)
    assert.equal((await send('GET', '/report', undefined, { claims })).status, 403)
  })
})

describe('answers', () => {
  test('a registration is 201, and 200 for one that exists; lookups name their area', async () => {
    const identifier = phone()
    const first = await send('POST', '', { type: 'phone', identifier })
    assert.equal(first.status, 201)
    assert.deepEqual(Object.keys(first.body).sort(), ['area', 'id'])
    const again = await send('POST', '', { type: 'phone', identifier })
    assert.deepEqual([again.status, again.body], [200, first.body])
    const query = { type: 'phone', identifier, area: 'cn' }
    assert.equal((await send('POST', '/lookup', query)).body.id, first.body.id)
    assert.equal((await send('POST', '/lookup', { ...query, area: 'eu' })).status, 404)
    assert.equal((await send('POST', '/lookup', { type: 'phone', identifier })).status, 400)
    assert.equal(first.headers['cache-control'], 'no-store')
  })

  test('what is wrong is named, and never repeated', async () => {
    const id = await register()
    for (const [method, path, body, detail] of [
      ['POST', '', '{', 'body'],
      ['POST', '', '[]', 'body'],
      ['POST', '', { type: 'phone' }, 'identifier'],
      ['POST', '', { type: 'phone', identifier: 'secret-value' }, 'identifier'],
      ['POST', '', { type: 'fax', identifier: 'secret-value' }, 'type'],
      ['POST', '', { type: 'phone', identifier: phone(), region: 'secret-value' }, 'region'],
      ['PUT', `/${id}/data/profile`, 'secret-value', 'body'],
      ['PUT', `/${id}/data/unknown`, '1', 'type'],
      ['POST', `/${id}/move`, {}, 'area'],
    ]) {
      const { status, body: answer, text } = await send(method, path, body)
      assert.equal(status, 400, text)
      assert.equal(answer.error, 'invalid_request')
      assert.match(answer.detail, new RegExp(detail))
      assert.ok(!text.includes('secret-value'))
    }
    assert.equal((await send('POST', `/${id}/move`, { area: 'mars' })).body.error, 'invalid_target')
    const much = JSON.stringify('x'.repeat(20_000))
    for (const text of [much, JSON.stringify('x'.repeat(8_192))]) {
      const { status, body } = await send('PUT', `/${id}/data/profile`, text)
      assert.deepEqual([status, body.error], [400, 'invalid_request'])
    }
    const headers = { 'Idempotency-Key': 'short' }
    const named = await send('PUT', `/${id}/data/profile`, '1', { headers })
    assert.equal(named.status, 400)
  })

  test('an Idempotency-Key is for one write: again it changes nothing, for another one it is refused', async () => {
    const id = await register()
    const headers = { 'Idempotency-Key': Buffer.alloc(16, 7).toString('base64url') }
    const put = (body, more) => send('PUT', `/${id}/data/profile`, body, { headers, ...more })
    assert.equal((await put('1')).status, 200)
    await put('2', { headers: {} })
    assert.equal((await put('1')).status, 200, 'a repetition')
    for (const other of [
      () => put('3'),
      () => send('DELETE', `/${id}/data/profile`, undefined, { headers }),
    ]) {
      const { status, body } = await other()
      assert.deepEqual([status, body.error], [422, 'idempotency_conflict'])
      assert.equal((await send('GET', `/${id}/data/profile`)).text, '2')
    }
    // What the data hosts know, the identity host does not: there it is a write of its own.
    const change = (identifier) =>
      send('PUT', `/${id}/identifier`, { type: 'phone', identifier }, { headers })
    const [next, other] = [phone(), phone()]
    assert.equal((await change(next)).status, 200)
    assert.equal((await change(next)).status, 200)
    assert.equal((await change(other)).status, 422)
    assert.equal((await send('GET', `/${id}/identifier`)).body.identifier, next)
  })

  test('unknown addresses are 404, wrong methods 405 with what there is', async () => {
    const id = await register()
    assert.equal((await send('GET', '/x')).status, 404)
    assert.equal((await send('GET', `/${id}/data/UPPER`)).status, 404)
    const wrong = await send('PATCH', `/${id}`, '{}')
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, DELETE'])
    const unknown = Buffer.alloc(16, 8).toString('base64url')
    for (const path of ['', '/identifier', '/data', '/certificate']) {
      assert.equal((await send('GET', `/${unknown}${path}`)).body.error, 'identity_unknown')
    }
  })
})

describe('a move under way', () => {
  test('lets reads in, refuses writes for the moment, and ends by itself', async () => {
    const id = await register()
    await send('PUT', `/${id}/data/profile`, '"before"')
    const fault = { kind: 'data', method: 'copyFor', moment: 'before', skip: 0, times: 4 }
    await region.ask('fault', fault)
    const move = await send('POST', `/${id}/move`, { area: 'eu' })
    assert.equal(move.status, 202)
    assert.deepEqual([move.body.state, move.body.writable], ['moving', false])

    for (const [method, path, body] of [
      ['PUT', '/data/profile', '"during"'],
      ['DELETE', '/data/profile'],
      ['PUT', '/identifier', { type: 'phone', identifier: phone() }],
    ]) {
      const refused = await send(method, `/${id}${path}`, body)
      assert.deepEqual([refused.status, refused.body.error], [409, 'moving'])
      assert.ok(Number(refused.headers['retry-after']) > 0)
    }
    assert.equal((await send('POST', `/${id}/move`, { area: 'us' })).body.error, 'moving')
    assert.equal((await send('GET', `/${id}/data/profile`)).text, '"before"')

    await region.ask('fault', null)
    await until('the alarm to finish it', async () => {
      const { body } = await send('GET', `/${id}`)
      return body.state === 'active' && body.area === 'eu'
    })
    assert.equal((await send('PUT', `/${id}/data/profile`, '"after"')).status, 200)
  })

  test('to a host that stays away is undone, and writes go on', async () => {
    const id = await register()
    // As often as it is tried.
    const fault = { kind: 'identity', method: 'stage', moment: 'before', times: 5, skip: 0 }
    await region.ask('fault', fault)
    await send('POST', `/${id}/move`, { area: 'us' })
    await until(
      'it to be undone',
      async () => {
        const { body } = await send('GET', `/${id}`)
        return body.undone === 'temporarily_unavailable' && body.state === 'active'
      },
      { timeoutMs: 60_000, everyMs: 250 },
    )
    assert.equal((await send('GET', `/${id}`)).body.area, 'cn')
    assert.equal((await send('PUT', `/${id}/data/profile`, '1')).status, 200)
  })
})

describe('an erasure', () => {
  test('is 202 while a host cannot be reached, and has its certificate when it is done', async () => {
    const id = await register()
    await region.ask('fault', { kind: 'data', method: 'remove', moment: 'after', skip: 3 })
    const begun = await send('POST', `/${id}/erase`)
    assert.deepEqual([begun.status, begun.body.state], [202, 'removing'])
    assert.deepEqual((await send('GET', `/${id}/certificate`)).body.error, 'moving')
    assert.equal((await send('GET', `/${id}/data`)).body.error, 'identity_erased')
    await until('its end', async () => (await send('GET', `/${id}`)).body.state === 'removed')
    const { status, headers, text } = await send('GET', `/${id}/certificate`)
    assert.deepEqual([status, headers['content-type']], [200, 'application/jose'])
    assert.equal(text.split('.').length, 3)
    const again = await send('POST', `/${id}/erase`)
    assert.equal(again.status, 200)
  })
})

test('workerd has logged no identifier and no value', () => {
  assert.ok(!/13710\d{6}|secret-value/.test(region.output()), 'an identifier in the log')
})
