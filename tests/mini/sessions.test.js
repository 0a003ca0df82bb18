// Logging in, using and renewing tokens on each platform, and whatever may come between.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { platforms, proving } from './hosts/index.js'
import { restart } from './hosts/random.js'
import {
  audience,
  claimsOf,
  hang,
  keys,
  lose,
  loseAnswer,
  refusal,
  url,
} from './support/gateway.js'
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
        it.gateway.fault = () => undefined
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

describe('with a key', () => {
  test('a refresh whose answer was lost is repeated after a restart, and the family lives', async () => {
    const it = world()
    await it.run(it.mini.token())
    await it.phone.pass(800_000)
    it.gateway.fault = ({ form }) => form && hang()
    void it.mini.token().catch(() => {})
    await it.phone.pass(1)
    it.gateway.fault = () => undefined
    it.start()
    await it.run(it.mini.token())
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 1)
    assert.equal(it.gateway.count(REFRESH), 3)
  })

  test('a refresh token that is refused gives way to a login', async () => {
    const it = world()
    await it.run(it.mini.token())
    for (const family of it.gateway.families.values()) family.revoked = true
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 2)
  })

  test('a token that the service refuses is replaced once, and the request sent again', async () => {
    const it = world()
    await it.run(it.mini.token())
    for (const family of it.gateway.families.values()) family.revoked = true
    const answer = await it.run(it.mini.request({ url: service }))
    assert.equal(answer.status, 200)
    assert.equal(it.gateway.logins, 2)
    it.gateway.fault = ({ path }) => path === '/orders' && refusal('invalid_token', undefined, 401)
    assert.equal((await it.run(it.mini.request({ url: service }))).status, 401)
  })

  test('the server’s nonce is put into the proof', async () => {
    const it = world('wechat', { gateway: { demandNonce: true } })
    await it.run(it.mini.token())
    assert.equal(it.gateway.log.length, 2)
    assert.equal(it.gateway.logins, 1)
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 1)
  })

  test('the key survives restarts, and dies with a logout', async () => {
    const it = world()
    const jkt = async () => claimsOf((await it.run(it.mini.token())).text).cnf.jkt
    const first = await jkt()
    it.start()
    await it.phone.pass(800_000)
    assert.equal(await jkt(), first)
    await it.run(it.mini.logout())
    assert.ok(
      [...it.phone.disk.values()].every((value) => !/refreshToken|"key"|"text"/.test(value)),
    )
    assert.notEqual(await jkt(), first)
  })

  test('an issuer that is configured is verified, by its keys or those it publishes', async () => {
    for (const more of [{ keys }, {}]) {
      const it = world('wechat', { mini: { issuer: url, ...more } })
      await it.run(it.mini.token())
      const strange = world('wechat', { mini: { issuer: 'https://other.example', keys } })
      await strange.run(assert.rejects(strange.mini.token(), refused('issuer_mismatch')))
    }
  })

  test('an answer for somebody else is refused', async () => {
    for (const [mini, code] of [
      [{ audience: 'https://other.example' }, 'invalid_target'],
      [{ scope: 'nothing' }, undefined],
    ]) {
      const it = world('wechat', { mini })
      if (code) await it.run(assert.rejects(it.mini.token(), refused(code)))
      else assert.equal((await it.run(it.mini.token())).scope, 'nothing')
    }
    const it = world('wechat', { mini: { scope: 'read' } })
    it.gateway.fault = ({ form }) => {
      if (form) form.scope = 'read pay'
    }
    await it.run(assert.rejects(it.mini.token(), refused('scope_exceeded')))
  })
})

describe('without entropy, or with a bad one', () => {
  for (const [random, code] of [
    ['zeros', 'entropy_weak'],
    ['constant', 'entropy_weak'],
    ['counting', 'entropy_weak'],
    ['short', 'entropy_missing'],
    ['failing', 'entropy_missing'],
    ['silent', 'network_unavailable'],
  ]) {
    test(`a source that is ${random} is refused with ${code}, and nothing is sent`, async () => {
      const it = world('wechat', { random })
      await it.run(assert.rejects(it.mini.token(), refused(code)))
      assert.equal(it.gateway.log.length, 0)
      assert.equal(it.gateway.logins, 0)
      // Once it works again, so does the mini-program.
      it.start({ random: 'good' })
      await it.run(it.mini.token())
    })
  }

  test('a source that gives the same after each start is found out at the second', async () => {
    const it = world('wechat', { random: 'same' })
    restart()
    await it.run(it.mini.token())
    it.start()
    restart()
    await it.run(assert.rejects(it.mini.token(), refused('entropy_weak')))
  })

  test('no source at all: a Bearer token, unless a key is required', async () => {
    const it = world('wechat', { random: 'absent' })
    assert.equal((await it.run(it.mini.token())).type, 'Bearer')
    it.start({ mini: { proof: 'required' } })
    await it.run(assert.rejects(it.mini.token(), refused('entropy_missing')))
  })

  for (const wasm of ['absent', 'hollow', 'broken']) {
    test(`WebAssembly is ${wasm}: JavaScript goes on without proofs, and what was bound waits`, async () => {
      const it = world()
      await it.run(it.mini.token())
      it.start({ wasm })
      const token = await it.run(it.mini.token())
      assert.equal(token.type, 'Bearer')
      assert.equal(
        it.events.some(({ type }) => type === 'wasm-failed'),
        wasm === 'broken',
      )
      it.start()
      await it.phone.pass(1_000_000)
      assert.equal((await it.run(it.mini.token())).type, 'DPoP')
      assert.equal(it.gateway.count(REFRESH), 1)
    })
  }
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
