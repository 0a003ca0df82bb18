// From a platform's login to calls that the Worker in workerd has verified, and back again after everything that can come
// between: on each of the six platforms, with the platforms' servers on loopback.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startWorld } from '../exchange/support/world.js'
import { requestAccessToken } from '../support/deployment.js'
import { platforms, proving } from './hosts/index.js'
import { deviceIn } from './support/device.js'
import { refused } from './support/world.js'

let world
const device = (platform, fixed) => deviceIn(world, platform, fixed)

before(async () => {
  world = await startWorld()
})
after(() => world?.stop())

for (const platform of Object.keys(platforms)) {
  const bound = proving.includes(platform)

  describe(platform, () => {
    test('login, fifty calls at once, expiry, refresh, kill and cold start: every call verified', async () => {
      const it = device(platform)
      const calls = await it.run(
        Promise.all(Array.from({ length: 50 }, () => it.mini.request({ url: it.me }))),
      )
      assert.deepEqual([...new Set(calls.map(({ status }) => status))], [200])
      assert.equal(it.logins, 1)
      assert.equal(it.exchanges(), 1)
      const who = calls[0].json().sub ?? calls[0].json().subject
      assert.ok(who)
      const first = await it.run(it.mini.token())
      assert.equal(first.type, bound ? 'DPoP' : 'Bearer')
      await it.phone.pass(first.expiresAtMs - it.phone.nowMs + 1000)
      assert.equal((await it.run(it.mini.request({ url: it.me }))).status, 200)
      assert.equal(it.exchanges(), 2)
      assert.equal(it.logins, bound ? 1 : 2)
      it.process.kill()
      it.start()
      const after = await it.run(it.mini.request({ url: it.me }))
      assert.equal(after.status, 200)
      assert.equal(after.json().sub ?? after.json().subject, who)
      assert.equal(it.exchanges(), 2)
    })

    test('killed before the answer came, at login and at a refresh', async () => {
      const it = device(platform)
      it.fault = ({ url }) => (url.endsWith('/v1/exchange') ? 'silence' : undefined)
      void it.mini.token().catch(() => {})
      await it.phone.pass(1)
      it.fault = () => undefined
      it.start()
      const first = await it.run(it.mini.token())
      assert.equal(it.logins, bound ? 1 : 2)
      await it.phone.pass(first.expiresAtMs - it.phone.nowMs)
      it.fault = ({ url }) => (url.endsWith('/v1/exchange') ? 'silence' : undefined)
      void it.mini.token().catch(() => {})
      await it.phone.pass(1)
      it.fault = () => undefined
      it.start()
      assert.equal((await it.run(it.mini.request({ url: it.me }))).status, 200)
      assert.equal(it.logins, bound ? 1 : 4)
    })

    for (const [name, code] of [
      ['busy', 'temporarily_unavailable'],
      ['rate_limited', 'rate_limited'],
      ['risk_blocked', 'risk_blocked'],
      ['wrong_secret', 'server_error'],
      ['wrong_app', 'server_error'],
    ]) {
      test(`its servers say ${name}: ${code}, and the next login works`, async (t) => {
        const it = device(platform)
        const words = it.server.refusals[name]
        if (words === undefined) return t.diagnostic('this platform has no such word')
        it.server.fail(() => words)
        await it.run(
          assert.rejects(it.mini.token(), (error) => {
            assert.ok(error.providerCode)
            return refused(code)(error)
          }),
        )
        await it.phone.pass(120_000)
        assert.equal((await it.run(it.mini.request({ url: it.me }))).status, 200)
      })
    }

    for (const failure of ['reset', 'garbage', 'html', 'http_500', 'answer_lost']) {
      test(`its servers fail by ${failure}: told as passing, and it passes`, async () => {
        const it = device(platform)
        it.server.fail(failure)
        await it.run(
          assert.rejects(it.mini.token(), refused('temporarily_unavailable', { retryable: true })),
        )
        await it.phone.pass(120_000)
        assert.equal((await it.run(it.mini.request({ url: it.me }))).status, 200)
      })
    }

    test('a code of another app: its own code, after one more try', async () => {
      const it = device(platform)
      it.code = { appId: 'another-app' }
      await it.run(assert.rejects(it.mini.token(), refused('invalid_code')))
      assert.equal(it.logins, 2)
      it.code = undefined
      await it.phone.pass(6_000)
      await it.run(it.mini.token())
    })

    test('a code that was spent elsewhere: a fresh one is got', async () => {
      const it = device(platform)
      const spent = it.server.login()
      const other = device(platform)
      other.phone.login = () => ({ code: spent })
      await other.run(other.mini.token())
      const { login } = it.phone
      let first = true
      it.phone.login = () => (first ? ((first = false), { code: spent }) : login())
      await it.run(it.mini.token())
      assert.equal(it.logins, 1)
    })
  })
}

test('Alipay is told of a refusal although it hides bodies of bad answers', async () => {
  const it = device('alipay', { failureTellsStatus: false })
  it.server.fail(() => it.server.refusals.rate_limited)
  await it.run(assert.rejects(it.mini.token(), refused('rate_limited')))
})

test('a lost answer costs no second code where there is a key', async () => {
  const it = device('wechat')
  let losses = 2
  it.fault = ({ url }) => (url.endsWith('/v1/exchange') && losses-- > 0 ? 'answer' : undefined)
  await it.run(it.mini.token())
  assert.equal(it.logins, 1)
  assert.equal(it.exchanges(), 3)
})

test('a visit: the back-end’s access token is redeemed, used, refreshed, and resumed after a restart', async () => {
  const { deployment } = world
  const it = device('wechat', {})
  await world.worker.setClock(0)
  const { accessToken } = await requestAccessToken(deployment)
  it.start({ mini: { issuer: deployment.issuer } })
  const visit = await it.run(it.mini.openVisit(accessToken))
  assert.equal((await it.run(visit.request({ url: it.me }))).status, 200)
  const first = await it.run(visit.token())
  await it.phone.pass(first.expiresAtMs - it.phone.nowMs + 1000)
  const second = await it.run(visit.token())
  assert.notEqual(second.text, first.text)
  it.start({ mini: { issuer: deployment.issuer } })
  const resumed = await it.run(it.mini.resumeVisit())
  assert.equal((await it.run(resumed.token())).text, second.text)
  assert.equal((await it.run(resumed.request({ url: it.me }))).status, 200)
  assert.equal(it.logins, 0)
})

test('two visits opened at once: each access token is redeemed, and the last one is the visit', async () => {
  const { deployment } = world
  const it = device('wechat', {})
  await world.worker.setClock(0)
  const access = [await requestAccessToken(deployment), await requestAccessToken(deployment)]
  it.start({ mini: { issuer: deployment.issuer } })
  const opened = await it.run(
    Promise.all(access.map(({ accessToken }) => it.mini.openVisit(accessToken))),
  )
  for (const visit of opened)
    assert.equal((await it.run(visit.request({ url: it.me }))).status, 200)
  const redeemed = it.sent.filter(({ url }) => url.endsWith('/v1/visits'))
  assert.equal(redeemed.length, 2)
})

test('a visit that is renewed while another one is opened: neither is lost', async () => {
  const { deployment } = world
  const it = device('wechat', {})
  await world.worker.setClock(0)
  const access = [await requestAccessToken(deployment), await requestAccessToken(deployment)]
  it.start({ mini: { issuer: deployment.issuer } })
  const visit = await it.run(it.mini.openVisit(access[0].accessToken))
  let refused = false
  it.fault = ({ url }) => {
    if (refused || url !== it.me) return undefined
    refused = true
    return { status: 401, headers: {}, body: '' }
  }
  const [answer, other] = await it.run(
    Promise.all([visit.request({ url: it.me }), it.mini.openVisit(access[1].accessToken)]),
  )
  assert.equal(answer.status, 200)
  assert.equal((await it.run(other.request({ url: it.me }))).status, 200)
})

test('a visit that the gateway does not know: refused with its own code, and the login goes on', async () => {
  const { deployment } = world
  const it = device('wechat')
  it.start({ mini: { issuer: deployment.issuer } })
  await it.run(assert.rejects(it.mini.openVisit('no.access.token'), { name: 'LingpaiError' }))
  assert.equal((await it.run(it.mini.request({ url: it.me }))).status, 200)
})
