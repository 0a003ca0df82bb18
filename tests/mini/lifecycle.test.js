// What the life cycle of a mini-program and the habits of single platforms do to its sessions.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { hang, keys, lose, refusal, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

const REFRESH = 'refresh_token'

test('calls that have come back leave no timer behind', async () => {
  const it = world('wechat')
  await it.run(it.mini.login())
  await it.run(it.mini.request({ url: service }))
  assert.deepEqual(it.phone.timers(), [])
})

describe('in the background', () => {
  test('a mini-program that was frozen for long renews when it is shown', async () => {
    const it = world()
    await it.run(it.mini.token())
    it.process.hide()
    await it.phone.pass(1_200_000)
    assert.equal(it.gateway.count(REFRESH), 0)
    it.process.show()
    await it.phone.pass(1)
    assert.equal(it.gateway.count(REFRESH), 1)
    await it.run(it.mini.token())
    assert.equal(it.gateway.count(REFRESH), 1)
  })

  test('a login that is interrupted by the background goes on when the mini-program is shown', async () => {
    const it = world()
    it.gateway.fault = ({ form }) => {
      if (form && it.gateway.log.length === 1) it.process.hide()
    }
    const login = it.mini.login()
    await it.phone.pass(20_000)
    it.process.show()
    assert.ok((await it.run(login)).text)
    assert.equal(it.gateway.logins, 1)
    assert.equal(it.gateway.families.size, 1)
  })

  test('frozen beyond the time in which an exchange can be repeated: a new code is got, and no code sent late', async () => {
    const it = world()
    it.gateway.fault = ({ form }) => form && hang()
    void it.mini.login().catch(() => {})
    await it.phone.pass(1)
    await it.phone.pass(120_000)
    it.gateway.fault = () => undefined
    it.start()
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 2)
  })
})

test('on Alipay a service that hides its refusal is told from one that cannot be reached', async () => {
  const it = world('alipay')
  it.gateway.fault = ({ path }) => path === '/orders' && refusal('invalid_request')
  await it.run(assert.rejects(it.mini.request({ url: service }), refused('status_hidden')))
  it.gateway.fault = ({ path }) => path === '/orders' && lose()
  await it.run(assert.rejects(it.mini.request({ url: service }), refused('network_unavailable')))
  const telling = world('alipay', { failureTellsStatus: true })
  telling.gateway.fault = ({ path }) =>
    path === '/orders' && refusal('invalid_request', undefined, 422)
  assert.equal((await telling.run(telling.mini.request({ url: service }))).status, 422)
})

test('on Douyin a user without an account comes anonymously', async () => {
  const it = world('douyin', { anonymous: true })
  await it.run(it.mini.token())
  assert.equal(
    it.gateway.log[0].form.subject_token_type,
    'urn:x-lingpai:token-type:douyin-anonymous-code',
  )
})

test('on WeChat a record from before the platform encrypted is still read', async () => {
  const it = world('wechat', { sdkVersion: '2.20.1' })
  const first = await it.run(it.mini.token())
  assert.ok([...it.phone.disk.keys()].every((key) => key.startsWith('plain')))
  it.start({ sdkVersion: '3.6.0' })
  assert.equal((await it.run(it.mini.token())).text, first.text)
  assert.ok([...it.phone.disk.keys()].every((key) => key.startsWith('encrypted')))
})
