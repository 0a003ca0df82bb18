// Every way in which a platform, a client or a thief can fail: its own code each time, the platform's beside it, and a login
// that works right afterwards.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { post } from '../support/deployment.js'
import { proofKey } from '../support/jose_keys.js'
import { dpopProof } from '../support/jose_party.js'
import { PLATFORMS } from '../support/platforms/index.js'
import { login, loginForm, lpRequest, send, startWorld } from './support/world.js'

let world
let key

before(async () => {
  world = await startWorld({
    register: (registrations) => [
      ...registrations,
      // A second app on WeChat, whose servers know neither it nor its secret.
      { ...registrations.find(named('wechat')), clientId: 'other-app', appId: 'wx-other' },
      { ...registrations.find(named('wechat')), clientId: 'off', enabled: false },
      { ...registrations.find(named('baidu')), clientId: 'knows', codes: { 777: 'invalid_code' } },
      { ...registrations.find(named('wechat')), clientId: 'bound-only', bearerScopes: undefined },
      {
        ...registrations.find(named('wechat')),
        clientId: 'nowhere',
        endpoint: 'http://127.0.0.1:1',
      },
    ],
  })
  key = await proofKey()
})
after(() => world?.stop())

const named = (platform) => (registration) => registration.platform === platform

/** A refusal with exactly this status, error and description, and this word of the platform's. */
function assertRefused(answer, [status, error, description, providerCode]) {
  const { content, headers } = answer
  assert.deepEqual(
    {
      status: answer.status,
      error: content.error,
      description: content.error_description,
      providerCode: content.provider_code,
    },
    { status, error, description, providerCode },
  )
  assert.equal(content.status, status)
  assert.match(headers.get('content-type'), /^application\/json/)
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.ok(headers.get('date'))
  assert.equal(headers.get('retry-after') !== null, status === 429 || status === 503)
}

const INVALID_CODE = [400, 'invalid_request', 'invalid_code']
const CODE_USED = [400, 'invalid_request', 'code_used']
const MALFORMED = [400, 'invalid_request', 'malformed']
const UNAVAILABLE = [503, 'temporarily_unavailable', 'temporarily_unavailable']
const SERVER_ERROR = [500, 'server_error', 'server_error']
const RATE_LIMITED = [429, 'rate_limited', 'rate_limited']

/** What each platform calls a code that it does not know, or that was used. */
const UNKNOWN = {
  alipay: 'isv.code-invalid',
  baidu: 'invalid_code',
  douyin: '40018',
  kuaishou: 'invalid_grant',
  qq: '40029',
  wechat: '40029',
}

/** What the servers of a platform answer when they refuse, by what it is. */
const MEANINGS = {
  busy: UNAVAILABLE,
  rate_limited: RATE_LIMITED,
  risk_blocked: [400, 'access_denied', 'risk_blocked'],
  wrong_secret: SERVER_ERROR,
  wrong_app: SERVER_ERROR,
  int64: SERVER_ERROR,
}

for (const platform of PLATFORMS) {
  describe(platform, () => {
    const exchange = (more, options) => send(world, loginForm(world, platform, more), options)

    test('a code that it does not know', async () => {
      assertRefused(await exchange({ code: 'no-such-code' }), [...INVALID_CODE, UNKNOWN[platform]])
    })

    test('a code that has expired, or is of another app', async () => {
      for (const made of [{ expired: true }, { appId: 'another-app' }]) {
        const code = world.platforms[platform].login(made)
        assertRefused(await exchange({ code }), [...INVALID_CODE, UNKNOWN[platform]])
      }
    })

    test('each of its own refusals', async () => {
      const { refusals, fail } = world.platforms[platform]
      for (const [name, words] of Object.entries(refusals)) {
        fail(() => words)
        const answer = await exchange()
        const { content } = answer
        assertRefused(answer, [...MEANINGS[name], content.provider_code])
        assert.ok(content.provider_code, `${name} says what the platform calls it`)
      }
    })

    for (const [failure, word] of [
      ['reset', 'unreachable'],
      ['garbage', 'unreadable'],
      ['html', 'unreadable'],
      ['huge', 'unreadable'],
      ['redirect', 'unreadable'],
      ['not_utf8', 'unreadable'],
      ['http_500', 'http-5xx'],
    ]) {
      test(`its network: ${failure}; the same code works afterwards`, async () => {
        const { fail, login } = world.platforms[platform]
        const form = loginForm(world, platform, { code: login(), lp_request: lpRequest() })
        fail(failure)
        assertRefused(await send(world, form), [...UNAVAILABLE, word])
        assert.equal((await send(world, form)).status, 200)
      })
    }

    test('an answer that is lost takes the code with it, and says so', async () => {
      const { fail, login } = world.platforms[platform]
      const form = loginForm(world, platform, { code: login(), lp_request: lpRequest() })
      fail('answer_lost')
      assertRefused(await send(world, form), [...UNAVAILABLE, 'unreachable'])
      const again = await send(world, form)
      const known = ['wechat', 'qq'].includes(platform)
      assertRefused(again, known ? [...CODE_USED, '40163'] : [...INVALID_CODE, UNKNOWN[platform]])
    })
  })
}

test('a code of a platform that only the registration knows', async () => {
  for (const [client_id, refusal] of [
    ['mini-baidu', SERVER_ERROR],
    ['knows', INVALID_CODE],
  ]) {
    world.platforms.baidu.fail({ errno: 777 })
    const form = loginForm(world, 'baidu', { client_id })
    assertRefused(await send(world, form), [...refusal, '777'])
  }
})

test('a platform that does not answer is given up in time', async () => {
  world.platforms.wechat.fail('hang')
  assertRefused(await send(world, loginForm(world, 'wechat')), [...UNAVAILABLE, 'timeout'])
})

test('a platform that is nowhere', async () => {
  const form = loginForm(world, 'wechat', { client_id: 'nowhere' })
  assertRefused(await send(world, form), [...UNAVAILABLE, 'unreachable'])
})

describe('Alipay signs its answers', () => {
  test('one signed by somebody else, and one by nobody, log nobody in', async () => {
    const { alipay } = world.platforms
    for (const words of [alipay.forged(), alipay.unsigned]) {
      alipay.fail(() => words)
      assertRefused(await send(world, loginForm(world, 'alipay')), [...SERVER_ERROR, 'signature'])
    }
  })
})

describe('a client', () => {
  const exchange = (more, options) => send(world, loginForm(world, 'wechat', more), options)

  test('that nobody knows', async () => {
    assertRefused(await exchange({ client_id: 'nobody' }), [
      401,
      'invalid_client',
      'invalid_client',
    ])
  })

  test('that is not enabled', async () => {
    assertRefused(await exchange({ client_id: 'off' }), [400, 'access_denied', 'access_denied'])
  })

  test('of another app brings this one’s code', async () => {
    const code = world.platforms.wechat.login()
    assertRefused(await exchange({ client_id: 'other-app', code }), [...SERVER_ERROR, '40013'])
    assert.equal((await login(world, 'wechat', { code })).token_type, 'Bearer', 'it is not used up')
  })

  test('of another platform brings this one’s code', async () => {
    const before = world.platforms.qq.calls.length
    assertRefused(await exchange({ client_id: 'mini-qq' }), MALFORMED)
    assert.equal(world.platforms.qq.calls.length, before, 'no platform was asked')
  })

  test('that asks for what it is not registered for', async () => {
    assertRefused(await exchange({ audience: 'https://other.example' }), [
      400,
      'invalid_target',
      'invalid_target',
    ])
    assertRefused(await exchange({ scope: 'admin' }), [400, 'invalid_scope', 'invalid_scope'])
    assertRefused(await exchange({ resource: 'https://x.example' }), [
      400,
      'invalid_target',
      'invalid_target',
    ])
  })

  test('that has no proof key where one is wanted', async () => {
    assertRefused(await exchange({ client_id: 'bound-only' }), [
      400,
      'invalid_dpop_proof',
      'proof_required',
    ])
    const bound = await login(world, 'wechat', { client_id: 'bound-only', proofKey: key })
    assert.equal(bound.token_type, 'DPoP')
  })

  test('that sends no form, or a form that is none', async () => {
    const url = `${world.deployment.issuer}/v1/exchange`
    const form = new URLSearchParams(loginForm(world, 'wechat')).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const [body, headers] of [
      [form, { 'content-type': 'application/json' }],
      [form, {}],
      ['', type],
      [`${form}&client_id=mini-wechat`, type],
      [`${form}&pad=${'x'.repeat(17_000)}`, type],
      [form.replace('wechat-code', 'jd-code'), type],
      // A code whose plus was not escaped.
      [form.replace('subject_token=', 'subject_token=a+'), type],
    ]) {
      const response = await post(url, { body, headers })
      assertRefused({ ...response, content: JSON.parse(response.body) }, MALFORMED)
    }
    const get = await fetch(url)
    assert.equal(get.status, 405)
    await get.text()
  })

  test('hears refusals with 200 where it asks for it, whatever is wrong', async () => {
    for (const more of [{ code: 'none' }, { client_id: 'nobody' }, { audience: '' }]) {
      const { status, content } = await exchange({ ...more, lp_error_status: '200' })
      assert.equal(status, 200)
      assert.ok(content.error)
    }
  })
})

describe('a proof', () => {
  const exchange = (proof) => send(world, loginForm(world, 'wechat'), { proof })
  const url = () => `${world.deployment.issuer}/v1/exchange`

  test('that was used before', async () => {
    const proof = await dpopProof(key, { method: 'POST', url: url() })
    assert.equal((await exchange(proof)).status, 200)
    assertRefused(await exchange(proof), [400, 'invalid_dpop_proof', 'proof_replayed'])
  })

  test('for another address, another method, of another time, or none at all', async () => {
    const other = { method: 'POST', url: `${world.deployment.issuer}/v1/visits` }
    const old = { iat: Math.floor(Date.now() / 1000) - 600 }
    for (const [proof, code] of [
      [await dpopProof(key, other), 'proof_url_mismatch'],
      [await dpopProof(key, { method: 'GET', url: url() }), 'proof_method_mismatch'],
      [await dpopProof(key, { method: 'POST', url: url(), claims: old }), 'proof_expired'],
      ['not-a-proof', 'invalid_dpop_proof'],
    ]) {
      const before = world.platforms.wechat.calls.length
      assertRefused(await exchange(proof), [400, 'invalid_dpop_proof', code])
      assert.equal(world.platforms.wechat.calls.length, before, 'no platform was asked')
    }
  })
})

test('a Worker whose registrations are wrong names the binding and shows nothing of it', async () => {
  for (const [change, binding] of [
    [(registrations) => registrations.map((one) => ({ ...one, scopes: 'all' })), 'MINI_PROGRAMS'],
    [
      (registrations) => registrations.map((one) => ({ ...one, endpoint: 'http://evil.example' })),
      'MINI_PROGRAMS',
    ],
    [
      // What a platform tells about a person, for whoever holds a token.
      (registrations) =>
        registrations.map((one) => ({ ...one, bearerScopes: ['profile', 'platform:phone'] })),
      'MINI_PROGRAMS',
    ],
  ]) {
    const broken = await startWorld({ register: change })
    try {
      const response = await post(`${broken.deployment.issuer}/v1/exchange`)
      assert.equal(response.status, 500)
      assert.match(response.body, new RegExp(`Binding ${binding} is malformed`))
      for (const secret of broken.secrets()) assert.ok(!response.body.includes(secret))
    } finally {
      await broken.stop()
    }
  }
})
