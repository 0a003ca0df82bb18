// The exchange as a library, outside of any Worker: its options, stores of one's own, and what becomes of their failures.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import {
  createAuthority,
  decideLedger,
  isRevokedRecord,
  revokedRecord,
} from '@lingpai/edge/authority'
import { askPlatform, callPlatform, createExchange, decideClaim } from '@lingpai/edge/exchange'
import { generateKey } from '@lingpai/edge/jose'

import { secret } from '../support/jose_keys.js'
import { startPlatforms } from '../support/platforms/index.js'
import { claimsOf, lpRequest } from './support/world.js'

const issuer = 'https://gate.example'
const audience = 'https://api.example'

let platforms
let registrations

before(async () => {
  platforms = await startPlatforms()
  registrations = platforms.registrations({ audience })
})
after(() => platforms?.stop())

const shared = (kid) => ({ kty: 'oct', kid, k: secret() })

/** A ledger in memory that knows login codes, as other stores would be written. */
function memoryLedger() {
  const [records, claims, asked, burned] = [new Map(), new Map(), new Map(), new Set()]
  const keep = (family, { record }) => record !== undefined && records.set(family, record)
  return {
    async decide(family, command) {
      const decision = decideLedger(records.get(family), command)
      keep(family, decision)
      return decision.outcome
    },
    async revoke(family) {
      if (records.has(family)) keep(family, revokedRecord(records.get(family)))
    },
    isRevoked: async (family) => records.has(family) && isRevokedRecord(records.get(family)),
    async burn(key) {
      return burned.size < burned.add(key).size
    },
    async ask(family, claim, call) {
      const decision = decideClaim(claims.get(family), records.get(family), claim)
      claims.set(family, decision.record)
      if (decision.standing === 'used') return { refused: 'code_used' }
      if (decision.outcome !== undefined) return { outcome: decision.outcome }
      if (!asked.has(family)) asked.set(family, askPlatform(call))
      return asked.get(family)
    },
  }
}

/** A store in memory. */
function memoryStore() {
  const [sessions, links] = [new Map(), new Map()]
  return {
    sessions,
    async keepSession(owner, sealed) {
      sessions.set(owner, sealed)
    },
    sessionsOf: async (owner) => [sessions.get(owner)].filter(Boolean),
    async link(id, value) {
      if (!links.has(id)) links.set(id, value)
      return links.get(id)
    },
    async forget(id) {
      sessions.delete(id)
    },
    async accessToken(_, call) {
      const answered = await callPlatform(call)
      const { access_token: token } = JSON.parse(answered.answer ?? '{}')
      return token ? { token } : answered
    },
  }
}

function world({
  ledger = memoryLedger(),
  store = memoryStore(),
  authorityOptions,
  ...options
} = {}) {
  const authority = createAuthority({
    issuer,
    signingKeys: [{ key: generateKey('Ed25519', { kid: 's1' }) }],
    appKeys: [{ key: generateKey('X25519', { kid: 'a1' }) }],
    refreshKeys: [{ key: shared('r1') }],
    subjectKey: shared('sub'),
    clients: [],
    ledger,
    ...authorityOptions,
  })
  const all = {
    authority,
    clients: registrations,
    store,
    sessionKeys: [{ key: shared('se1') }],
    ...options,
  }
  return { exchange: createExchange(all), store, ledger, options: all }
}

function request(members = {}, platform = 'wechat') {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: platforms.platforms[platform].login(),
    subject_token_type: `urn:x-lingpai:token-type:${platform}-code`,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    client_id: `mini-${platform}`,
    audience,
    ...members,
  })
  return new Request(`${issuer}/v1/exchange`, { method: 'POST', body })
}

async function content(response) {
  return { status: response.status, ...(await response.json()) }
}

describe('options', () => {
  test('each that is wrong is named, and nothing of its value is shown', () => {
    const { options } = world()
    const [wechat] = registrations.filter(({ platform }) => platform === 'wechat')
    const [alipay] = registrations.filter(({ platform }) => platform === 'alipay')
    const clients = (...all) => ({ clients: all })
    for (const [change, words] of [
      [{ authority: {} }, /^authority: /],
      [{ store: {} }, /^store: has no keepSession\(\)/],
      [{ store: undefined }, /^store: /],
      [{ ledger: {} }, /^ledger: has no ask\(\)/],
      [{ sessionKeys: undefined }, /^sessionKeys: /],
      [{ sessionKeys: [] }, /^sessionKeys: /],
      [{ sessionKeys: [{ key: { kty: 'oct', k: 'AAAA' } }] }, /^sessionKeys: key_unusable/],
      [{ sessionLifetimeSeconds: 1 }, /^sessionLifetimeSeconds: /],
      [{ payloadMaxAgeSeconds: 0 }, /^payloadMaxAgeSeconds: /],
      [{ platformTimeoutMs: 60_000 }, /^platformTimeoutMs: /],
      [{ clients: 'all' }, /^clients: /],
      [clients(wechat, wechat), /^clients: a clientId occurs twice/],
      [clients({ ...wechat, appSecret: '' }), /^clients: mini-wechat: appSecret: /],
      [
        clients({ ...wechat, scopes: ['a b'], bearerScopes: undefined }),
        /^clients: mini-wechat: claim_invalid \(scopes\)/,
      ],
      [clients({ ...wechat, platform: 'jd' }), /^clients: mini-wechat: .*platform/],
      [clients({ ...wechat, endpoint: 'http://api.example' }), /mini-wechat: endpoint: /],
      [clients({ ...wechat, endpoint: 'https://api.example/path' }), /mini-wechat: endpoint: /],
      [clients({ ...alipay, privateKey: '!' }), /mini-alipay: privateKey: /],
      [
        clients({
          ...alipay,
          privateKey: '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----',
        }),
        /mini-alipay: privateKey: .*PKCS #8/,
      ],
    ]) {
      assert.throws(
        () => createExchange({ ...options, ...change }),
        (error) => {
          assert.ok(error instanceof TypeError, String(error))
          assert.match(error.message, words)
          for (const { appSecret } of registrations) {
            if (appSecret) assert.ok(!error.message.includes(appSecret))
          }
          return true
        },
      )
    }
  })

  test('a private key that no host can use is the deployment’s fault, not the client’s', async () => {
    const clients = registrations.map((one) => ({ ...one, privateKey: one.privateKey && 'AAAA' }))
    const { exchange } = world({ clients })
    const { status, error } = await content(await exchange.answer(request({}, 'alipay')))
    assert.deepEqual([status, error], [500, 'server_error'])
  })
})

describe('stores of one’s own', () => {
  test('a login, its repetition, and nobody else', async () => {
    const { exchange } = world()
    const members = {
      subject_token: platforms.platforms.wechat.login(),
      lp_request: lpRequest(),
    }
    const first = await content(await exchange.answer(request(members)))
    assert.equal(first.status, 200, JSON.stringify(first))
    const again = await content(await exchange.answer(request(members)))
    assert.deepEqual(claimsOf(again), claimsOf(first))
    const other = await content(
      await exchange.answer(request({ ...members, lp_request: lpRequest() })),
    )
    assert.equal(other.error_description, 'code_used')
  })

  test('that do not know refuse, and say nothing of why', async () => {
    const down = async () => {
      throw new Error('the store said: secret-of-the-store')
    }
    const broken = {
      'ledger.ask': { ledger: { ...memoryLedger(), ask: down } },
      'ledger.decide': { ledger: { ...memoryLedger(), decide: down } },
      'store.keepSession': { store: { ...memoryStore(), keepSession: down } },
      registry: { clients: { find: down } },
    }
    for (const [what, options] of Object.entries(broken)) {
      const response = await world(options).exchange.answer(request())
      assert.equal(response.status, 503, what)
      assert.ok(response.headers.get('retry-after'), what)
      assert.ok(!(await response.text()).includes('secret-of-the-store'), what)
    }
    const { exchange } = world({ store: { ...memoryStore(), sessionsOf: down } })
    const claims = { sub: 's', client_id: 'mini-wechat', sid: 'f' }
    const payload = { encryptedData: 'AAAA', iv: 'AAAA' }
    await assert.rejects(exchange.openPayload(claims, payload), { code: 'storage_unavailable' })
  })

  test('a store that fails before anything is granted loses nothing: the same request works next', async () => {
    const store = memoryStore()
    const { keepSession } = store
    let fail = true
    store.keepSession = (...all) => {
      if (!fail) return keepSession(...all)
      fail = false
      return Promise.reject(new Error('down'))
    }
    const { exchange } = world({ store })
    const members = {
      subject_token: platforms.platforms.wechat.login(),
      lp_request: lpRequest(),
    }
    assert.equal((await exchange.answer(request(members))).status, 503)
    assert.equal((await exchange.answer(request(members))).status, 200)
    assert.equal(store.sessions.size, 1)
  })

  test('a visit that is no mini-program’s has no payloads', async () => {
    const { exchange } = world()
    const payload = { encryptedData: 'AAAA', iv: 'AAAA' }
    for (const claims of [
      {},
      { sub: 's', client_id: 'partner', sid: 'f' },
      { sub: 's', client_id: 'mini-wechat' },
    ]) {
      await assert.rejects(exchange.openPayload(claims, payload), { code: 'access_denied' })
    }
  })

  test('a clock that is set back on the way leaves no more of a token than it ever had', async () => {
    let nowMs = Date.now()
    const ledger = memoryLedger()
    const decide = ledger.decide
    ledger.decide = async (...all) => {
      const outcome = await decide(...all)
      nowMs -= 3000
      return outcome
    }
    const { exchange } = world({ ledger, authorityOptions: { now: () => nowMs } })
    const code = platforms.platforms.wechat.login()
    const answer = await content(await exchange.answer(request({ subject_token: code })))
    const { iat, exp } = claimsOf(answer)
    assert.equal(answer.expires_in, exp - iat)
  })

  test('a cut-off of the subject ends what began before it', async () => {
    let before
    const { exchange, ledger } = world({
      authorityOptions: { cutOffs: { cutOffOf: async () => before } },
    })
    const members = {
      subject_token: platforms.platforms.wechat.login(),
      lp_request: lpRequest(),
    }
    const first = await content(await exchange.answer(request(members)))
    before = Math.floor(Date.now() / 1000) + 5
    const again = await content(await exchange.answer(request(members)))
    assert.deepEqual([again.status, again.error_description], [400, 'visit_ended'])
    assert.equal(await ledger.isRevoked(claimsOf(first).sid), true)
  })
})

describe('events', () => {
  test('tell what a platform refused and where accounts conflict, and spoil nothing', async () => {
    const events = []
    const onEvent = (event) => {
      events.push(event)
      throw new Error('a listener of one’s own')
    }
    const clients = registrations.map((one) => ({ ...one, linkGroup: 'brand' }))
    const { exchange } = world({ clients, onEvent })
    const { wechat } = platforms.platforms
    const refused = await content(await exchange.answer(request({ subject_token: 'none' })))
    assert.equal(refused.error_description, 'invalid_code')
    const login = async (user, union) =>
      assert.equal(
        (await exchange.answer(request({ subject_token: wechat.login({ user, union }) }))).status,
        200,
      )
    await login('one')
    await login('two')
    await login('one', 'union')
    await login('two', 'union')
    assert.deepEqual(events, [
      {
        type: 'platform_refused',
        clientId: 'mini-wechat',
        platform: 'wechat',
        reason: 'invalid_code',
        providerCode: '40029',
      },
      { type: 'link_conflict', clientId: 'mini-wechat', platform: 'wechat' },
    ])
  })
})

test('a group that is set later changes the subject of nobody who is known', async () => {
  const { wechat } = platforms.platforms
  const store = memoryStore()
  const subjectKey = shared('sub')
  const enter = async (clients, user) => {
    const { exchange } = world({ clients, store, authorityOptions: { subjectKey } })
    const code = wechat.login({ user, union: 'union-late' })
    return claimsOf(await content(await exchange.answer(request({ subject_token: code })))).sub
  }
  const grouped = registrations.map((one) => ({ ...one, linkGroup: 'brand' }))
  const before = await enter(registrations, 'known')
  // Somebody with the same union id came first once there is a group.
  const other = await enter(grouped, 'unknown')
  assert.notEqual(other, before)
  assert.equal(await enter(grouped, 'known'), before)
})

describe('checkSession', () => {
  const enter = async (exchange, user) => {
    const code = platforms.platforms.wechat.login({ user })
    return claimsOf(await content(await exchange.answer(request({ subject_token: code }))))
  }

  test('says whether WeChat knows the stored session as the valid one', async () => {
    const { exchange } = world()
    const claims = await enter(exchange, 'user-7')
    assert.equal(await exchange.checkSession(claims), true)
    // The user logs in at another server of the app: there is another key now.
    const { wechat } = platforms.platforms
    wechat.redeem(wechat.login({ user: 'user-7' }), wechat.app.appId)
    assert.equal(await exchange.checkSession(claims), false)
    assert.equal(await exchange.checkSession({ ...claims, sub: 'stranger' }), false)
  })

  test('does not take an outage for an answer', async () => {
    const { exchange } = world()
    const claims = await enter(exchange, 'user-8')
    platforms.platforms.wechat.fail({ errcode: -1 }, 1, '/wxa/checksession')
    await assert.rejects(exchange.checkSession(claims), { code: 'temporarily_unavailable' })
    await assert.rejects(exchange.checkSession({ ...claims, client_id: 'mini-qq' }), {
      code: 'access_denied',
    })
  })
})
