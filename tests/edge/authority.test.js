// The authority as partners and pages meet it, with a ledger in memory.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAuthority } from '@lingpai/edge/authority'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, verifyJws } from '@lingpai/edge/jose'
import { clientAssertion } from '@lingpai/edge/partner'
import {
  appKeys,
  audience,
  clockAt,
  issuer,
  page,
  proofKey,
  sealed,
  send,
  sharedKey,
  start,
  visit,
  world,
} from './support/world.js'

const refused = (code) => (error) => {
  assert.equal(error.code, code)
  return true
}

describe('a visit', () => {
  test('gives a token that services accept, and a refresh token for its key', async () => {
    const place = world()
    const key = proofKey('Ed25519', place.clock)
    const { vt, rt, ak, now } = await visit(place, key)
    assert.equal(now, start / 1000)
    const verifier = createVerifier({
      issuer,
      audience,
      keys: await (await place.authority.jwks()).json(),
      now: place.clock,
    })
    const { claims } = verifier.verifySync(vt, { proofCheckedByCaller: true })
    assert.equal(claims.cnf.jkt, key.jkt)
    assert.equal(claims.client_id, 'app')
    assert.notEqual(claims.sub, 'user-1')
    const { body, open } = sealed('refresh', ak, { rt, jkt: key.jkt })
    const next = await open(await send(place, 'refresh', body, { key }))
    assert.ok(next.rt && next.rt !== rt)
  })

  test('without a proof key is not refreshed', async () => {
    const { vt, rt } = await visit(world())
    assert.ok(vt)
    assert.equal(rt, undefined)
  })

  test('repeated as it was gets the same values; by somebody else, nothing ever again', async () => {
    const place = world()
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    const mine = sealed('visit', appKey, { at: accessToken })
    const first = await mine.open(await send(place, 'visit', mine.body))
    const again = await mine.open(await send(place, 'visit', mine.body))
    assert.equal(again.vt, first.vt)
    const thief = sealed('visit', appKey, { at: accessToken })
    const response = await send(place, 'visit', thief.body)
    assert.equal(response.status, 409)
    assert.equal((await thief.open(response)).error, 'replayed')
    assert.equal((await mine.open(await send(place, 'visit', mine.body))).error, 'replayed')
    const payload = JSON.parse(Buffer.from(first.vt.split('.')[1], 'base64url').toString())
    assert.equal(await place.ledger.isRevoked(payload.sid), true)
  })

  for (const [reason, change] of [
    ['origin_mismatch', { origin: 'https://evil.example' }],
    ['proof_required', { key: undefined }],
  ]) {
    test(`is refused in a sealed answer: ${reason}`, async () => {
      const place = world()
      const key = proofKey('Ed25519', place.clock)
      const { accessToken } = await place.accessToken({ jkt: key.jkt })
      const [appKey] = await appKeys(place)
      const { body, open } = sealed('visit', appKey, { at: accessToken, jkt: key.jkt })
      const document = await open(await send(place, 'visit', body, { key, ...change }))
      assert.equal(document.error_description, reason)
      assert.equal(document.now, start / 1000)
    })
  }

  test('of another proof key than the launch is refused', async () => {
    const place = world()
    const [mine, other] = [proofKey('Ed25519', place.clock), proofKey('Ed25519', place.clock)]
    const { accessToken } = await place.accessToken({ jkt: mine.jkt })
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('visit', appKey, { at: accessToken, jkt: other.jkt })
    const document = await open(await send(place, 'visit', body, { key: other }))
    assert.equal(document.error_description, 'key_binding_mismatch')
  })

  test('with a proof used before is refused', async () => {
    const place = world()
    const key = proofKey('Ed25519', place.clock)
    const { accessToken } = await place.accessToken({ jkt: key.jkt })
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('visit', appKey, { at: accessToken, jkt: key.jkt })
    const dpop = await key.proof('POST', `${issuer}/v1/visits`)
    assert.equal((await send(place, 'visit', body, { headers: { dpop } })).status, 200)
    const document = await open(await send(place, 'visit', body, { headers: { dpop } }))
    assert.equal(document.error_description, 'proof_replayed')
  })

  test('is put off while the ledger is down', async () => {
    const place = world()
    place.ledger.decide = () => Promise.reject(new Error('down'))
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('visit', appKey, { at: accessToken })
    const response = await send(place, 'visit', body)
    assert.equal(response.status, 503)
    assert.ok(response.headers.get('retry-after'))
    assert.equal((await open(response)).error, 'temporarily_unavailable')
  })

  test('that expired before its first use is refused', async () => {
    const place = world()
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    place.clock.pass(125)
    const { body, open } = sealed('visit', appKey, { at: accessToken })
    assert.equal((await open(await send(place, 'visit', body))).error_description, 'token_expired')
  })
})

describe('requests that cannot be read', () => {
  test('all look alike', async () => {
    const place = world()
    const [appKey] = await appKeys(place)
    const { accessToken } = await place.accessToken()
    const { body } = sealed('visit', appKey, { at: accessToken })
    const other = generateKey('X25519', { kid: appKey.kid })
    const cases = [
      ['', {}],
      ['{}', {}],
      ['x'.repeat(40_000), {}],
      [body, { headers: { 'content-type': 'application/json' } }],
      [` ${body}`, {}],
      [body.slice(0, -3), {}],
      [sealed('refresh', appKey, { rt: 'x' }).body, {}],
      [sealed('visit', publicKey(other), { at: accessToken }).body, {}],
      [sealed('visit', appKey, { at: 1 }).body, {}],
      [sealed('visit', appKey, { at: accessToken, more: true }).body, {}],
    ]
    const answers = new Set()
    for (const [text, options] of cases) {
      const response = await send(place, 'visit', text, options)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(response.headers.get('cache-control'), 'no-store')
      answers.add(`${response.status} ${await response.text()}`)
    }
    assert.equal(answers.size, 1, [...answers].join('\n'))
    const [answer] = answers
    assert.match(answer, /^400 \{"error":"invalid_request","type":/)
    assert.doesNotMatch(answer, /error_description/)
  })

  test('are read no further than their limit', async () => {
    const place = world()
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(8 * 1024))
      },
    })
    const request = new Request(`${issuer}/v1/visits`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'application/jose', origin: page },
    })
    assert.equal((await place.authority.answerVisit(request)).status, 400)
    assert.ok(pulled < 10, `${pulled} chunks`)
  })

  test('to a key that is gone are told so', async () => {
    const place = world()
    const gone = generateKey('X25519', { kid: 'gone' })
    const { body } = sealed('visit', publicKey(gone), { at: 'x' })
    const response = await send(place, 'visit', body)
    assert.equal((await response.json()).error, 'unknown_key')
  })
})

describe('CORS', () => {
  const ask = (origin) =>
    world().authority.preflight(
      new Request(`${issuer}/v1/visits`, { method: 'OPTIONS', headers: { origin } }),
    )

  test('lets exactly the registered pages ask', async () => {
    const response = await ask(page)
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('access-control-allow-origin'), page)
    assert.match(response.headers.get('access-control-allow-headers'), /DPoP/)
    assert.ok(Number(response.headers.get('access-control-max-age')) > 0)
    assert.equal(response.headers.get('access-control-allow-credentials'), null)
    for (const origin of [`${page}.evil.example`, 'http://h5.example', 'null']) {
      const answer = await ask(origin)
      assert.equal(answer.status, 403)
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
    }
  })

  test('lets them read every answer, refusals included', async () => {
    const response = await send(world(), 'visit', 'x')
    assert.equal(response.headers.get('access-control-allow-origin'), page)
    assert.match(response.headers.get('access-control-expose-headers'), /DPoP-Nonce/)
    assert.equal(response.headers.get('vary'), 'Origin')
    assert.ok(response.headers.get('date'))
  })
})

describe('a partner', () => {
  // Whoever can answer in the authority's place has tokens of that authority at hand, made for others.
  test('does not take an access token that it did not ask for', async () => {
    const place = world()
    const swapped = (asked) => async (input, init) => {
      if (new Request(input).url.endsWith('/jwks.json')) return place.fetch(input, init)
      const form = new URLSearchParams(init.body)
      for (const [name, value] of Object.entries(asked)) {
        if (value === undefined) form.delete(name)
        else form.set(name, value)
      }
      return place.fetch(input, { ...init, body: form.toString() })
    }
    const jkt = (await proofKey()).jkt
    await assert.rejects(
      place.accessToken({ jkt, fetch: swapped({ jkt: undefined }) }),
      refused('key_binding_mismatch'),
    )
    await assert.rejects(
      place.accessToken({ fetch: swapped({ scope: 'read pay' }) }),
      refused('scope_exceeded'),
    )
    assert.ok((await place.accessToken({ jkt, fetch: swapped({}) })).accessToken)
  })

  test('gets one access token for each assertion', async () => {
    const place = world()
    const assertion = clientAssertion({
      clientId: 'app',
      issuer,
      privateKey: place.partner.signingKey,
      now: place.clock,
    })
    const answers = await Promise.all(
      [1, 2, 3].map(() => ask(place, { client_assertion: assertion })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
    const refusal = await answers.find(({ status }) => status === 401).json()
    assert.deepEqual([refusal.error, refusal.error_description], ['invalid_client', 'replayed'])
  })

  for (const [error, change] of [
    ['invalid_target', { audience: 'https://other.example' }],
    ['invalid_target', { page: 'https://evil.example' }],
    ['invalid_scope', { scope: 'read admin' }],
    ['invalid_request', { subject: '' }],
    ['invalid_request', { jkt: 'short' }],
  ]) {
    test(`is refused as ${error}: ${JSON.stringify(change)}`, async () => {
      await assert.rejects(world().accessToken(change), refused(error))
    })
  }

  test('that is disabled gets nothing, and its visits are not refreshed', async () => {
    await assert.rejects(
      world({ client: { enabled: false } }).accessToken(),
      refused('access_denied'),
    )
    const registration = {}
    const clients = { find: () => registration.client, hasPage: () => true }
    const place = world({ clients })
    registration.client = place.registration
    const key = proofKey('Ed25519', place.clock)
    const { rt, ak } = await visit(place, key)
    registration.client = { ...place.registration, enabled: false }
    const { body, open } = sealed('refresh', ak, { rt, jkt: key.jkt })
    const response = await send(place, 'refresh', body, { key })
    assert.equal(response.status, 403)
    assert.equal((await open(response)).error, 'access_denied')
    registration.client = place.registration
    assert.equal((await send(place, 'refresh', body, { key })).status, 400)
  })

  test('with the assertion of another, for another issuer, or of another type is refused', async () => {
    const place = world()
    const forged = generateKey('Ed25519', { kid: 'partner-sig' })
    const assertion = (more) =>
      clientAssertion({
        clientId: 'app',
        issuer,
        privateKey: place.partner.signingKey,
        now: place.clock,
        ...more,
      })
    for (const [text, description] of [
      [assertion({ privateKey: forged }), undefined],
      [assertion({ clientId: 'nobody' }), undefined],
      [assertion({ issuer: 'https://other.example' }), 'audience_mismatch'],
      [assertion({ now: () => start - 70_000 }), 'token_expired'],
      ['x', undefined],
    ]) {
      const response = await ask(place, { client_assertion: text })
      assert.equal(response.status, 401)
      const document = await response.json()
      assert.equal(document.error, 'invalid_client')
      assert.equal(document.error_description, description)
    }
  })

  test('that says something twice is refused', async () => {
    const body = 'subject=a&subject=b'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await world().authority.issueAccessToken(
      new Request(`${issuer}/v1/access-tokens`, { method: 'POST', body, headers }),
    )
    assert.equal((await response.json()).error, 'invalid_request')
  })

  test('cannot speak for the user of another', async () => {
    const keys = {
      subjectKey: sharedKey(),
      signingKeys: [{ key: generateKey('Ed25519', { kid: 's' }) }],
    }
    const subjects = []
    for (const clientId of ['app', 'other']) {
      const place = world({ ...keys, client: { clientId } })
      const { accessToken } = await place.accessToken({ clientId })
      subjects.push(JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sub)
    }
    assert.notEqual(subjects[0], subjects[1])
  })

  function ask(place, change) {
    const form = new URLSearchParams({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      subject: 'user-1',
      audience,
      scope: 'read',
      page,
      ...change,
    })
    return place.authority.issueAccessToken(
      new Request(`${issuer}/v1/access-tokens`, { method: 'POST', body: form }),
    )
  }
})

describe('keys in rotation', () => {
  const [old, next] = ['old', 'next'].map((kid) => generateKey('Ed25519', { kid }))
  const at = (seconds) => start / 1000 + seconds
  const signingKeys = [
    { key: old, retireAtSeconds: at(2000) },
    { key: next, activeFromSeconds: at(1000) },
  ]
  const kidOf = (text) => JSON.parse(Buffer.from(text.split('.')[0], 'base64url')).kid
  const published = async ({ authority }) =>
    (await (await authority.jwks()).json()).keys.map(({ kid }) => kid)

  test('are published ahead, sign in their time, and are gone afterwards', async () => {
    const place = world({ signingKeys })
    assert.deepEqual(await published(place), ['old', 'next'])
    assert.equal(kidOf((await visit(place)).vt), 'old')
    place.clock.pass(1000)
    assert.equal(kidOf((await visit(place)).vt), 'next')
    place.clock.pass(1000)
    assert.deepEqual(await published(place), ['next'])
  })

  test('let an access token of the retiring key through until it retires', async () => {
    const place = world({
      signingKeys: [
        { key: old, retireAtSeconds: at(60) },
        { key: next, activeFromSeconds: at(30) },
      ],
    })
    const tokens = [await place.accessToken(), await place.accessToken()]
    const [appKey] = await appKeys(place)
    place.clock.pass(31)
    const good = sealed('visit', appKey, { at: tokens[0].accessToken })
    assert.equal(kidOf((await good.open(await send(place, 'visit', good.body))).vt), 'next')
    place.clock.pass(30)
    const late = sealed('visit', appKey, { at: tokens[1].accessToken })
    const document = await late.open(await send(place, 'visit', late.body))
    assert.equal(document.error_description, 'key_not_found')
  })

  test('open requests to an AppKey until it retires', async () => {
    const [one, two] = ['a1', 'a2'].map((kid) => generateKey('X25519', { kid }))
    const place = world({
      appKeys: [
        { key: one, retireAtSeconds: at(100) },
        { key: two, activeFromSeconds: at(50) },
      ],
    })
    const { accessToken } = await place.accessToken()
    const { body, open } = sealed('visit', publicKey(one), { at: accessToken })
    place.clock.pass(60)
    assert.equal((await open(await send(place, 'visit', body))).ak.kid, 'a2')
    place.clock.pass(40)
    assert.equal((await (await send(place, 'visit', body)).json()).error, 'unknown_key')
  })

  test('that all retired leave a sealed fault, not an unsealed one', async () => {
    const place = world({ signingKeys: [{ key: old, retireAtSeconds: at(60) }] })
    const key = proofKey('Ed25519', place.clock)
    const { rt, ak } = await visit(place, key)
    place.clock.pass(61)
    await assert.rejects(place.accessToken(), refused('server_error'))
    const { body, open } = sealed('refresh', ak, { rt, jkt: key.jkt })
    const response = await send(place, 'refresh', body, { key })
    assert.equal(response.status, 500)
    assert.equal((await open(response)).error, 'server_error')
  })

  test('never show what is private', async () => {
    const { authority } = world({ signingKeys })
    for (const response of [await authority.jwks(), await authority.configuration()]) {
      assert.doesNotMatch(await response.text(), /"d":/)
    }
    const [key] = (await (await authority.jwks()).json()).keys
    assert.ok(verifyJws((await visit(world({ signingKeys }))).vt, key).payload)
  })
})

describe('wrong usage', () => {
  for (const [name, options] of [
    ['ledger', { ledger: {} }],
    ['clients', { clients: {} }],
    ['clients', { clients: [{ clientId: 'a', pages: ['https://h5.example/'] }] }],
    ['signingKeys', { signingKeys: 'x' }],
    ['signingKeys', { signingKeys: [{ key: generateKey('X25519', { kid: 'e' }) }] }],
    ['appKeys', { appKeys: [{ key: generateKey('Ed25519', { kid: 's' }) }] }],
    ['subjectKey', { subjectKey: { kty: 'oct', k: 'AA' } }],
    ['issuer', { issuer: 'http://gate.example' }],
    ['visitLifetimeSeconds', { visitLifetimeSeconds: 901 }],
  ]) {
    test(`is a TypeError that names ${name}`, () => {
      assert.throws(
        () => world(options),
        (error) => error instanceof TypeError && error.message.includes(name),
      )
    })
  }

  test('is refused at creation, not at the first request', () => {
    assert.throws(() => createAuthority(), TypeError)
    assert.equal(typeof clockAt()(), 'number')
  })
})
