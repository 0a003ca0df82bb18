// Data that a platform makes for the app's server: opened under the session of the visit, accepted once, and refused with a code of
// its own whenever something about it is not right. The verifier stands before all of it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { post } from '../support/deployment.js'
import { proofKey } from '../support/jose_keys.js'
import { callWithJson, login, loginForm, send, startWorld } from './support/world.js'

const WITH_SESSIONS = ['wechat', 'qq', 'douyin', 'kuaishou', 'baidu']

let world
let key

before(async () => {
  world = await startWorld({
    register: (registrations) => [
      ...registrations,
      // The same person has two apps here.
      ...['shop', 'club'].map((clientId) => ({
        ...registrations.find(({ platform }) => platform === 'douyin'),
        clientId,
        linkGroup: 'brand',
        anonymous: true,
      })),
    ],
  })
  key = await proofKey()
})
after(() => world?.stop())

const payload = (granted, members) => call('/api/mini/payload', granted, members)
const phone = (granted, members) => call('/api/mini/phone', granted, members)
const call = (path, granted, members) => callWithJson(world, path, granted, key, members)
const enter = (platform, user, more) => {
  const code = world.platforms[platform].login({ user })
  return login(world, platform, { code, proofKey: key, ...more })
}

function assertRefused({ status, content }, code, expected = 400) {
  assert.deepEqual([status, content.error_description], [expected, code])
}

function altered(base64, index, difference = 1) {
  const bytes = Buffer.from(base64, 'base64')
  bytes[index < 0 ? bytes.length + index : index] ^= difference
  return bytes.toString('base64')
}

for (const platform of WITH_SESSIONS) {
  describe(`${platform}: encryptedData`, () => {
    const user = `payloads-${platform}`
    const members = { nickName: '令牌 😀', gender: 1 }
    let granted

    before(async () => {
      granted = await enter(platform, user)
    })

    test('opens, and holds what the platform has put in', async () => {
      const data = world.platforms[platform].encrypted(members, { user })
      const { status, content } = await payload(granted, data)
      assert.equal(status, 200, JSON.stringify(content))
      assert.equal(content.nickName, members.nickName)
    })

    test('that names somebody names the user of the visit', async () => {
      const { encrypted, openidOf } = world.platforms[platform]
      const name = platform === 'baidu' ? 'openid' : 'openId'
      const own = encrypted({ [name]: openidOf(user) }, { user })
      assert.equal((await payload(granted, own)).status, 200)
      const other = encrypted({ [name]: openidOf('another') }, { user })
      assertRefused(await payload(granted, other), 'subject_mismatch')
    })

    test('is accepted once', async () => {
      const data = world.platforms[platform].encrypted(members, { user })
      assert.equal((await payload(granted, data)).status, 200)
      assertRefused(await payload(granted, data), 'payload_replayed')
    })

    test('tampered with, anywhere, is one and the same refusal, and nothing is lost', async () => {
      const data = world.platforms[platform].encrypted(members, { user })
      // Baidu's first 16 bytes are random, and nobody looks at them.
      for (const index of [platform === 'baidu' ? 17 : 0, 33, -17, -1]) {
        const tampered = { ...data, encryptedData: altered(data.encryptedData, index) }
        assertRefused(await payload(granted, tampered), 'decryption_failed')
      }
      assert.equal((await payload(granted, data)).status, 200, 'the genuine one still opens')
    })

    test('with an iv of 15 bytes, a plus that became a space, no padding: malformed', async () => {
      const data = world.platforms[platform].encrypted(members, { user })
      for (const change of [
        { iv: Buffer.alloc(15).toString('base64') },
        { iv: data.iv.replaceAll('=', '') },
        { encryptedData: ` ${data.encryptedData.slice(1)}` },
        { encryptedData: data.encryptedData.slice(4) },
        { encryptedData: '' },
        { encryptedData: 7 },
        { iv: undefined },
      ]) {
        assertRefused(await payload(granted, { ...data, ...change }), 'malformed')
      }
    })

    if (platform !== 'baidu') {
      test('of another app, or old, or of the future', async () => {
        const { encrypted } = world.platforms[platform]
        const now = Math.floor(Date.now() / 1000)
        const other = encrypted(members, { user, appId: 'another-app' })
        assertRefused(await payload(granted, other), 'watermark_mismatch')
        for (const timestamp of [now - 400, now + 400]) {
          const data = encrypted(members, { user, timestamp })
          assertRefused(await payload(granted, data), 'payload_expired')
        }
      })
    } else {
      test('of another app', async () => {
        const other = world.platforms.baidu.encrypted(members, { user, appId: 'another-app' })
        assertRefused(await payload(granted, other), 'decryption_failed')
      })
    }

    test('signed raw data holds letter by letter, and once', async () => {
      const signed = world.platforms[platform].signed({ nickName: '令牌', n: 1.0 }, user)
      const spaced = { ...signed, rawData: signed.rawData.replace(':', ': ') }
      assertRefused(await payload(granted, spaced), 'signature_invalid')
      const forged = { ...signed, signature: '0'.repeat(40) }
      assertRefused(await payload(granted, forged), 'signature_invalid')
      const { status, content } = await payload(granted, signed)
      assert.deepEqual([status, content.nickName], [200, '令牌'])
      assertRefused(await payload(granted, signed), 'payload_replayed')
    })
  })
}

describe('sessions', () => {
  const members = { nickName: 'n' }

  test('data made just before a login opens under it, and so does data made after it', async () => {
    const { wechat } = world.platforms
    const user = 'rotated'
    await enter('wechat', user)
    const before = wechat.encrypted(members, { user })
    const granted = await enter('wechat', user)
    const after = wechat.encrypted(members, { user })
    assert.equal((await payload(granted, before)).status, 200)
    assert.equal((await payload(granted, after)).status, 200)
  })

  test('however often a login is repeated, the session before it serves on', async () => {
    const { wechat } = world.platforms
    const user = 'repeated'
    await enter('wechat', user)
    const before = wechat.encrypted(members, { user })
    const form = loginForm(world, 'wechat', { code: wechat.login({ user }) })
    const crowd = Array.from({ length: 20 }, () => send(world, form, { proofKey: key }))
    const [{ content: granted }] = await Promise.all(crowd)
    assert.equal((await payload(granted, before)).status, 200)
  })

  test('five minutes after a login the session before it is gone', async () => {
    const { wechat } = world.platforms
    const user = 'late'
    await enter('wechat', user)
    const keyBefore = wechat.keyOf(user)
    const granted = await enter('wechat', user)
    await world.worker.setClock(301)
    try {
      const timestamp = Math.floor(Date.now() / 1000) + 301
      const data = wechat.encrypted(members, { user, key: keyBefore, timestamp })
      const answer = await callWithJson(world, '/api/mini/payload', granted, key, data, 301)
      assertRefused(answer, 'decryption_failed')
    } finally {
      await world.worker.setClock(0)
    }
  })

  test('a login elsewhere makes this one’s session stale, and says so', async () => {
    const { wechat } = world.platforms
    const user = 'stale'
    const first = await enter('wechat', user)
    // Two more logins: the first session serves no more, not even as the one before.
    await enter('wechat', user)
    const last = await enter('wechat', user)
    const made = wechat.encrypted(members, { user, key: Buffer.alloc(16, 9).toString('base64') })
    assertRefused(await payload(first, made), 'session_stale')
    assertRefused(await payload(last, made), 'decryption_failed')
    const genuine = wechat.encrypted(members, { user })
    assert.equal((await payload(first, genuine)).status, 200, 'the platform has one key for both')
  })

  test('one person’s data is of no use under the visit of another', async () => {
    const { wechat } = world.platforms
    await enter('wechat', 'victim')
    const thief = await enter('wechat', 'thief')
    const data = wechat.encrypted(members, { user: 'victim' })
    assertRefused(await payload(thief, data), 'decryption_failed')
  })

  test('and what was presented survive a crash of workerd', async () => {
    const { wechat } = world.platforms
    const user = 'survivor'
    const granted = await enter('wechat', user)
    const data = wechat.encrypted(members, { user })
    await world.worker.crash()
    assert.equal((await payload(granted, data)).status, 200)
    assertRefused(await payload(granted, data), 'payload_replayed')
  })

  test('no call comes past the verifier', async () => {
    const granted = await enter('wechat', 'verified')
    const data = world.platforms.wechat.encrypted(members, { user: 'verified' })
    const bearer = await login(world, 'wechat', { code: world.platforms.wechat.login() })
    const other = await proofKey()
    const answer = await callWithJson(world, '/api/mini/payload', granted, other, data)
    assert.equal(answer.status, 401)
    const altered = { ...granted, access_token: `${granted.access_token.slice(0, -4)}AAAA` }
    assert.equal((await payload(altered, data)).status, 401)
    assert.equal((await payload(bearer, data)).status, 401, 'a bearer token with a proof')
  })
})

describe('phone numbers', () => {
  const wechat = () => world.platforms.wechat
  const expected = { phoneNumber: '13800000000', purePhoneNumber: '13800000000', countryCode: '86' }

  test('WeChat, by code: once, and never with another code', async () => {
    const granted = await enter('wechat', 'phone')
    const code = wechat().phoneCode()
    const answer = await phone(granted, { code })
    assert.deepEqual([answer.status, answer.content], [200, expected])
    assertRefused(await phone(granted, { code }), 'invalid_code')
    assertRefused(await phone(granted, { code: 'none' }), 'invalid_code')
  })

  test('WeChat: the app’s access token is asked for once, and again when it is not accepted', async () => {
    const granted = await enter('wechat', 'phone')
    const asked = () => wechat().calls.filter(({ path }) => path === '/cgi-bin/stable_token').length
    wechat().renewAccessToken()
    const before = asked()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => phone(granted, { code: wechat().phoneCode() })),
    )
    for (const { status, content } of answers) assert.equal(status, 200, JSON.stringify(content))
    assert.ok(asked() - before >= 1 && asked() - before <= 2, `${asked() - before} calls`)
    const settled = asked()
    assert.equal((await phone(granted, { code: wechat().phoneCode() })).status, 200)
    assert.equal(asked(), settled)
  })

  test('WeChat: of another app, old, or refused by the platform', async () => {
    const granted = await enter('wechat', 'phone')
    const other = wechat().phoneCode({ appId: 'another-app' })
    assertRefused(await phone(granted, { code: other }), 'watermark_mismatch')
    const old = wechat().phoneCode({ timestamp: 1_700_000_000 })
    assertRefused(await phone(granted, { code: old }), 'payload_expired')
    for (const [failure, code] of [
      [{ errcode: -1 }, 'temporarily_unavailable'],
      [{ errcode: 45011 }, 'rate_limited'],
      ['reset', 'temporarily_unavailable'],
      ['html', 'temporarily_unavailable'],
    ]) {
      wechat().fail(failure, 1, '/wxa/business/getuserphonenumber')
      assertRefused(await phone(granted, { code: wechat().phoneCode() }), code, 503)
    }
    wechat().fail({ errcode: 0 }, 1, '/wxa/business/getuserphonenumber')
    assertRefused(await phone(granted, { code: wechat().phoneCode() }), 'server_error', 502)
  })

  for (const platform of WITH_SESSIONS) {
    test(`${platform}: encrypted`, async () => {
      const user = `phone-${platform}`
      const granted = await enter(platform, user)
      const members = platform === 'baidu' ? { mobile: '13800000000' } : expected
      const data = world.platforms[platform].encrypted(members, { user })
      const { status, content } = await phone(granted, data)
      assert.deepEqual([status, content.phoneNumber], [200, '13800000000'])
    })
  }

  test('Alipay: signed and encrypted; forged, altered and repeated ones are refused', async () => {
    const { alipay } = world.platforms
    const granted = await enter('alipay', 'phone')
    const data = alipay.phone()
    assertRefused(
      await phone(granted, { ...data, response: altered(data.response, 3) }),
      'signature_invalid',
    )
    assertRefused(
      await phone(granted, { ...data, sign: alipay.phone().sign.slice(4) }),
      'signature_invalid',
    )
    assertRefused(await phone(granted, { ...data, sign: '!' }), 'signature_invalid')
    const { status, content } = await phone(granted, data)
    assert.deepEqual([status, content], [200, { phoneNumber: '13800000000' }])
    assertRefused(await phone(granted, data), 'payload_replayed')
  })

  test('where a platform has no such thing it is denied', async () => {
    const granted = await enter('alipay', 'phone')
    assertRefused(await phone(granted, { code: 'c' }), 'access_denied')
    assertRefused(await payload(granted, { encryptedData: 'AAAA', iv: 'AAAA' }), 'session_stale')
    const qq = await enter('qq', 'phone')
    assertRefused(await phone(qq, world.platforms.alipay.phone()), 'access_denied')
  })
})

describe('one person in two apps', () => {
  const douyin = () => world.platforms.douyin
  const subjectOf = async (client_id, made, more = {}) => {
    const form = loginForm(world, 'douyin', { client_id, code: douyin().login(made), ...more })
    const { content, status, body } = await send(world, form, { proofKey: key })
    assert.equal(status, 200, body)
    return JSON.parse(Buffer.from(content.access_token.split('.')[1], 'base64url')).sub
  }

  test('is one subject where the platform names one union id', async () => {
    const one = await subjectOf('shop', { user: 'a1', union: 'union-a' })
    const other = await subjectOf('club', { user: 'a2', union: 'union-a' })
    assert.equal(one, other)
    assert.notEqual(one, await subjectOf('shop', { user: 'b1', union: 'union-b' }))
  })

  test('keeps its subject when the platform begins to name a union id', async () => {
    const first = await subjectOf('shop', { user: 'c1' })
    assert.equal(await subjectOf('shop', { user: 'c1', union: 'union-c' }), first)
    assert.equal(await subjectOf('club', { user: 'c2', union: 'union-c' }), first)
  })

  test('two accounts that turn out to be one person stay two: nothing is merged behind its back', async () => {
    const [one, two] = [
      await subjectOf('shop', { user: 'd1' }),
      await subjectOf('club', { user: 'd2' }),
    ]
    assert.notEqual(one, two)
    assert.equal(await subjectOf('shop', { user: 'd1', union: 'union-d' }), one)
    assert.equal(await subjectOf('club', { user: 'd2', union: 'union-d' }), two)
  })

  test('twenty first logins at once agree on one subject', async () => {
    const logins = Array.from({ length: 20 }, (_, index) =>
      subjectOf(index % 2 ? 'shop' : 'club', { user: `e${index}`, union: 'union-e' }),
    )
    assert.equal(new Set(await Promise.all(logins)).size, 1)
  })

  test('a device is nobody’s account', async () => {
    const user = await subjectOf('shop', { user: 'f1', union: 'union-f' })
    const device = await subjectOf(
      'shop',
      { user: 'f1', union: 'union-f', kind: 'device' },
      { subject_token_type: 'urn:x-lingpai:token-type:douyin-anonymous-code' },
    )
    assert.notEqual(user, device)
  })
})

describe('scopes', () => {
  for (const [path, scope, other] of [
    ['/api/mini/payload', 'platform:payload', 'platform:phone'],
    ['/api/mini/phone', 'platform:phone', 'platform:payload'],
  ]) {
    test(`${path} takes ${scope}`, async () => {
      const user = `scoped-${scope}`
      const granted = await enter('wechat', user, { scope: `profile ${other}` })
      const refused = await call(path, granted, {})
      assert.deepEqual([refused.status, refused.content.error], [403, 'insufficient_scope'])
      const enough = await enter('wechat', user, { scope })
      assert.equal((await call(path, enough, {})).status, 400, 'what was sent is looked at')
    })

    test(`${path} gives nothing to a token without a proof key`, async () => {
      const code = world.platforms.wechat.login({ user: `bearer-${scope}` })
      const granted = await login(world, 'wechat', { code })
      const headers = {
        authorization: `Bearer ${granted.access_token}`,
        'content-type': 'application/json',
      }
      const { status } = await post(world.deployment.issuer + path, { headers, body: '{}' })
      assert.equal(status, 403)
    })
  }
})
