// Where tokens go, what is told of them, and options that are none.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { audience, claimsOf, keys, refusal, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

describe('where tokens go', () => {
  for (const address of [
    'https://evil.example/orders',
    'https://api.example.evil.example/',
    'https://api.example@evil.example/',
    'http://api.example/orders',
    'https://api.example:8443/orders',
    '//api.example/orders',
    'https:/\\evil.example',
  ]) {
    test(`${address} gets none`, async () => {
      const it = world()
      await it.run(assert.rejects(it.mini.request({ url: address }), refused('origin_mismatch')))
      assert.equal(it.gateway.log.length, 0)
    })
  }

  test('a method that the platform cannot send is wrong usage', async () => {
    const it = world()
    await it.run(
      assert.rejects(it.mini.request({ url: service, method: 'PATCH' }), { name: 'TypeError' }),
    )
  })

  test('no event and no error holds a token', async () => {
    const it = world()
    const token = await it.run(it.mini.token())
    await it.phone.pass(800_000)
    it.gateway.fault = ({ form }) => form && refusal('invalid_grant', 'visit_ended')
    await it.run(it.mini.token().catch((error) => it.events.push(error)))
    assert.ok(!JSON.stringify(it.events).includes(token.text.split('.')[2]))
  })
})

describe('wrong options', () => {
  for (const [name, value] of [
    ['host', undefined],
    ['gateway', 'http://gate.example'],
    ['gateway', 'https://gate.example/'],
    ['clientId', ''],
    ['audience', 7],
    ['proof', 'maybe'],
    ['origins', ['api.example']],
    ['keys', { keys: [] }],
    ['wasmDirectory', 'wasm'],
  ]) {
    test(`${name}: ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => world('wechat', { mini: { [name]: value } }),
        (error) => error.name === 'TypeError' && error.message.startsWith(`${name}:`),
      )
    })
  }
})

test('a service may be called at the gateway too, and gets no proof of another request', async () => {
  const it = world()
  await it.run(it.mini.request({ url: service }))
  const { headers } = it.gateway.log.at(-1)
  const { htu, htm, ath } = claimsOf(headers.dpop)
  assert.deepEqual([htu, htm], [service, 'GET'])
  assert.ok(ath)
  assert.equal(headers.authorization.split(' ')[0], 'DPoP')
  assert.equal(audience, 'https://api.example')
})
