// Logging in, using and renewing tokens on each platform, and whatever may come between.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { platforms, proving } from './hosts/index.js'
import { claimsOf, hang, keys, lose, loseAnswer, refusal, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const REFRESH = 'refresh_token'

for (const platform of Object.keys(platforms)) {
  const bound = proving.includes(platform)

  describe(`on ${platform}`, () => {
    test('a login gives a token, and a request with it passes the verifier', async () => {
      const it = world(platform)
      const token = await it.run(it.mini.login())
      assert.equal(token.type, bound ? 'DPoP' : 'Bearer')
      assert.equal(token.expiresAtMs - it.phone.nowMs, (bound ? 900 : 300) * 1000)
      const [{ form, headers }] = it.gateway.log
      assert.equal(form.subject_token_type, `urn:x-lingpai:token-type:${platform}-code`)
      assert.equal('dpop' in headers, bound)
      assert.equal(form.lp_error_status, platform === 'alipay' ? '200' : undefined)
      const answer = await it.run(
        it.mini.request({ url: service, method: 'POST', body: { total: '9007199254740993' } }),
      )
      assert.equal(answer.status, 200)
      assert.deepEqual(
        { ...answer.json() },
        { sub: 'u-1', bound, echo: '{"total":"9007199254740993"}' },
      )
      const status = await it.run(it.mini.status())
      assert.equal(status.proof, bound ? 'key' : 'none')
      assert.equal(status.engine, bound ? 'wasm' : 'javascript')
      assert.equal(status.durable, true)
    })

    test('fifty calls at once do one login', async () => {
      const it = world(platform)
      const calls = Array.from({ length: 50 }, (_, at) =>
        at % 3 === 0
          ? it.mini.login()
          : at % 3 === 1
            ? it.mini.token()
            : it.mini.request({ url: service }),
      )
      await it.run(Promise.all(calls))
      assert.equal(it.gateway.logins, 1)
      assert.equal(it.gateway.count(EXCHANGE), 1)
    })

    test('a storm on a refused login is answered with the refusal, and the server asked once', async () => {
      const it = world(platform)
      it.gateway.fault = ({ form }) =>
        form && {
          ...refusal('rate_limited', undefined, 429, '45011'),
          headers: { 'retry-after': '30' },
        }
      const calls = Array.from({ length: 50 }, () =>
        assert.rejects(it.mini.token(), refused('rate_limited', { providerCode: '45011' })),
      )
      await it.run(Promise.all(calls))
      assert.equal(it.gateway.log.length, 1)
      await it.run(assert.rejects(it.mini.token(), refused('rate_limited')))
      assert.equal(it.gateway.log.length, 1)
      it.gateway.fault = () => undefined
      await it.phone.pass(31_000)
      await it.run(it.mini.token())
      assert.equal(it.gateway.log.length, 2)
    })

    test('a token is renewed ahead of its end, and after it', async () => {
      const it = world(platform)
      const first = await it.run(it.mini.token())
      await it.phone.pass(60_000)
      assert.equal((await it.run(it.mini.token())).text, first.text)
      await it.phone.pass((bound ? 800 : 240) * 1000 - 60_000)
      const second = await it.run(it.mini.token())
      assert.notEqual(second.text, first.text)
      assert.equal(it.gateway.count(bound ? REFRESH : EXCHANGE), bound ? 1 : 2)
      await it.phone.pass(3_600_000)
      const third = await it.run(it.mini.token())
      assert.notEqual(third.text, second.text)
      assert.equal(claimsOf(third.text).sub, claimsOf(first.text).sub)
    })

    test('a cold start goes on with what was kept', async () => {
      const it = world(platform)
      const first = await it.run(it.mini.token())
      it.start()
      assert.equal((await it.run(it.mini.token())).text, first.text)
      assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
      assert.equal(it.gateway.log.filter(({ form }) => form).length, 1)
    })

    test('killed before the answer came: the next start asks for the same, and gets it', async () => {
      const it = world(platform)
      it.gateway.fault = ({ form }) => form && hang()
      void it.mini.login().catch(() => {})
      await it.phone.pass(1)
      it.gateway.fault = () => undefined
      it.start()
      const token = await it.run(it.mini.token())
      assert.ok(token.text)
      const asked = it.gateway.log.filter(({ form }) => form)
      const repeated = asked[0].form.subject_token === asked[1].form.subject_token
      // Without entropy a repetition cannot be told from a theft, and a new code is got.
      assert.equal(repeated, bound)
      assert.equal(it.gateway.families.size, bound ? 1 : 2)
    })

    test('an answer that is lost is asked for again, and costs no second login where there is entropy', async () => {
      const it = world(platform)
      let lost = 0
      it.gateway.fault = ({ form }) => (form && lost++ < 2 ? loseAnswer() : undefined)
      await it.run(it.mini.token())
      assert.equal(it.gateway.logins, bound ? 1 : 2)
    })

    for (const [description, provider] of [
      ['invalid_code', '40029'],
      ['code_used', '40163'],
    ]) {
      test(`${description}: one more code is tried, and no third`, async () => {
        const it = world(platform)
        it.gateway.fault = ({ form }) =>
          form && refusal('invalid_request', description, 400, provider)
        await it.run(
          assert.rejects(
            it.mini.token(),
            refused(description, { providerCode: provider, status: 400 }),
          ),
        )
        assert.equal(it.gateway.logins, 2)
        // Whoever asks at once is answered with the same, and platform and gateway are left alone.
        await it.run(assert.rejects(it.mini.token(), refused(description)))
        assert.equal(it.gateway.logins, 2)
        it.gateway.fault = () => undefined
        await it.phone.pass(6_000)
        await it.run(it.mini.token())
      })
    }

    for (const [error, description, status, code] of [
      ['access_denied', 'risk_blocked', 400, 'risk_blocked'],
      ['server_error', undefined, 500, 'server_error'],
      ['temporarily_unavailable', undefined, 503, 'temporarily_unavailable'],
      ['invalid_client', undefined, 401, 'invalid_client'],
      ['invalid_target', undefined, 400, 'invalid_target'],
    ]) {
      test(`the gateway says ${code}: the caller hears it, and what there is stays`, async () => {
        const it = world(platform)
        const before = await it.run(it.mini.token())
        it.gateway.fault = ({ form }) => form && refusal(error, description, status)
        await it.phone.pass(bound ? 895_000 : 296_000)
        await it.run(assert.rejects(it.mini.token(), refused(code, { status })))
        it.gateway.fault = () => undefined
        await it.phone.pass(6_000)
        const after = await it.run(it.mini.token())
        assert.equal(claimsOf(after.text).sub, claimsOf(before.text).sub)
        assert.equal(it.gateway.logins, bound ? 1 : 3)
      })
    }

    for (const [error, description, code] of [
      ['access_denied', 'risk_blocked', 'risk_blocked'],
      ['access_denied', undefined, 'access_denied'],
      ['invalid_client', undefined, 'invalid_client'],
    ]) {
      test(`a login is refused for good with ${code}: calls of the next seconds make no other`, async () => {
        const it = world(platform)
        it.gateway.fault = ({ form }) => form && refusal(error, description)
        for (let call = 0; call < 10; call++)
          await it.run(assert.rejects(it.mini.token(), refused(code)))
        assert.equal(it.gateway.logins, 1)
        it.gateway.fault = () => undefined
        await it.phone.pass(6_000)
        assert.ok((await it.run(it.mini.token())).text)
      })
    }

    test('a page of the network in place of an answer: no answer, and the code is kept for it', async () => {
      const it = world(platform)
      const headers = { 'content-type': 'text/html' }
      it.gateway.fault = ({ form }) => form && { status: 200, headers, body: '<html>Log in</html>' }
      await it.run(
        assert.rejects(it.mini.token(), refused('network_unavailable', { retryable: true })),
      )
      it.gateway.fault = () => undefined
      await it.phone.pass(6_000)
      assert.ok((await it.run(it.mini.token())).text)
    })

    test('the platform fails to log in: no request is made', async () => {
      const it = world(platform)
      it.phone.login = () => ({ failure: 'system error' })
      await it.run(assert.rejects(it.mini.token(), refused('network_unavailable')))
      assert.equal(it.gateway.log.length, 0)
    })

    test('no network: the token at hand serves until its end, and then the caller hears why', async () => {
      const it = world(platform)
      const first = await it.run(it.mini.token())
      it.gateway.fault = ({ form }) => form && lose()
      await it.phone.pass(bound ? 800_000 : 250_000)
      assert.equal((await it.run(it.mini.token())).text, first.text)
      await it.phone.pass(100_000)
      await it.run(
        assert.rejects(it.mini.token(), refused('network_unavailable', { retryable: true })),
      )
    })

    test('a storage that fails costs durability, not the login', async () => {
      const it = world(platform, { failStorage: () => true })
      await it.run(it.mini.token())
      assert.equal((await it.run(it.mini.status())).durable, false)
      assert.ok(it.events.some(({ type }) => type === 'storage-failed'))
      assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
    })

    test('a record that was cut off is dropped, and a new login made', async () => {
      const it = world(platform)
      await it.run(it.mini.token())
      for (const [key, value] of it.phone.disk) it.phone.disk.set(key, value.slice(0, -40))
      it.start()
      await it.run(it.mini.token())
      assert.equal(it.gateway.logins, 2)
      assert.ok(it.events.some(({ type }) => type === 'record-dropped'))
    })

    test('a clock that is wrong by days changes nothing', async () => {
      for (const error of [-3 * 86_400_000, 3 * 86_400_000]) {
        const it = world(platform)
        it.phone.clockErrorMs = error
        const first = await it.run(it.mini.token())
        assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
        it.start()
        assert.equal((await it.run(it.mini.token())).text, first.text)
        // Put right meanwhile, which is a jump by days for what was kept.
        it.phone.clockErrorMs = 0
        it.start()
        assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
      }
    })
  })
}
