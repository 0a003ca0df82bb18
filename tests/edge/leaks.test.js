// Nothing that is told about a refusal holds 8 characters in a row of what was refused: thousands of good and hostile
// tokens, proofs, keys and sealed texts, all of random content, through everything that reads them. What is told: errors
// with stack and causes, events, metrics, Server-Timing, problem documents, the console, and what workerd writes.
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'

import { createMetrics, createVerifier } from '@lingpai/edge'
import { createAuthority } from '@lingpai/edge/authority'
import * as jose from '@lingpai/edge/jose'
import {
  clientAssertion,
  launchUrl,
  openAccessToken,
  requestAccessToken,
} from '@lingpai/edge/partner'

import { createDeployment, forgeVisitToken } from '../support/deployment.js'
import { proofKey as createProofKey } from '../support/jose_keys.js'
import { dpopProof } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { workerBundle } from '../support/worker_bundle.js'
import { startServer } from '../support/workerd_server.js'
import {
  audience,
  clockAt,
  issuer,
  page,
  sealed,
  sharedKey,
  start,
  world,
} from './support/world.js'

const LENGTH = 8
const ROUNDS = 1500
const SEED = 20270101

const told = new Set()
const secrets = new Set()
const counts = { accepted: 0, refused: 0 }
const random = generator(SEED)
const original = {}

before(() => {
  for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn']) {
    original[name] = console[name]
    console[name] = (...args) => tell(args.map((it) => inspect(it)).join(' '))
  }
})

after(() => Object.assign(console, original))

test('the check finds a leak', () => {
  const token = randomText(200)
  assert.equal(
    leak(new Set([`refused: ${token.slice(50, 58)}`]), new Set([token])),
    token.slice(50, 58),
  )
  assert.equal(leak(new Set([`refused: ${token.slice(50, 57)}`]), new Set([token])), undefined)
})

describe('in this process', () => {
  test('tokens and proofs at a verifier', async () => {
    const { metrics, verifiers, make } = verification()
    for (let round = 0; round < ROUNDS; round++) {
      const request = await make()
      const verifier = pick(verifiers)
      const token = request.headers.get('authorization').split(' ')[1] ?? ''
      await attempt(() => verifier.verify(request))
      await attempt(() => verifier.verify(token, { proofCheckedByCaller: random() < 0.5 }))
      await attempt(() => verifier.verifySync(token, { proofCheckedByCaller: random() < 0.5 }))
      const response = await verifier.protect(() => new Response('good'))(request)
      tell(`${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`)
    }
    tell(JSON.stringify(metrics.snapshot()))
    tell(metrics.prometheus())
    assert.ok(counts.accepted > ROUNDS / 10, `${counts.accepted} accepted`)
    assert.ok(counts.refused > ROUNDS, `${counts.refused} refused`)
    assertNothingTold()
  })

  test('keys, wherever they are read', async () => {
    for (let round = 0; round < ROUNDS / 3; round++) {
      const key = hostileKey()
      const other = jose.generateKey('Ed25519', { kid: secretText() })
      const jws = jose.signJws(secretText(), other, { typ: 'JWT' })
      const options = { issuer, audience }
      await attempt(() => createVerifier({ ...options, keys: [key] }))
      await attempt(() => createVerifier({ ...options, keys: key }))
      await attempt(() => createVerifier({ ...options, keys: [other], unsealKeys: [{ key }] }))
      await attempt(() => jose.publicKey(key))
      await attempt(() => jose.thumbprint(key))
      await attempt(() => jose.signJws('text', key, { typ: 'JWT' }))
      await attempt(() => jose.verifyJws(jws, key))
      await attempt(() => jose.verifyJwsAsync(jws, key))
      await attempt(() => jose.sealJwe('text', key, { typ: 't', cty: 'c' }))
      await attempt(() => clientAssertion({ clientId: 'app', issuer, privateKey: key }))
      await attempt(() => authorityWith(key))
      await attempt(async () => {
        const text = random() < 0.5 ? JSON.stringify({ keys: [key] }) : mutated(JSON.stringify(key))
        const fetch = async () => new Response(text, { status: pick([200, 200, 404, 503]) })
        const keys = `${issuer}/jwks.json`
        await createVerifier({ ...options, keys, fetch, onEvent: tellEvent }).verify(secret(jws))
      })
    }
    assertNothingTold()
  })

  test('sealed texts, requests and answers of authority and partner', async () => {
    const place = world()
    const [appKey] = (await (await place.authority.configuration()).json()).app_keys
    const accessToken = (await place.accessToken()).accessToken
    secret(accessToken)
    const { signingKey, encryptionKey } = place.partner
    secret(signingKey.d)
    secret(encryptionKey.d)
    const partner = { issuer, keys: `${issuer}/jwks.json`, fetch: place.fetch, now: place.clock }
    for (let round = 0; round < ROUNDS / 5; round++) {
      const content = { at: secret(pick([accessToken, mutated(accessToken)])), jkt: secretText() }
      const { body } = sealed(pick(['visit', 'refresh']), appKey, content)
      const hostile = secret(pick([body, mutated(body), secretText(300)]))
      for (const answer of ['answerVisit', 'refreshVisit']) {
        const headers = {
          origin: pick([page, `https://${secretText()}.example`]),
          dpop: secretText(80),
        }
        const request = new Request(`${issuer}/v1/visits`, {
          method: 'POST',
          body: hostile,
          headers,
        })
        await tellProblem(await place.authority[answer](request))
      }
      const form = new URLSearchParams({
        client_assertion: secret(mutated(accessToken)),
        subject: secretText(),
      })
      await tellProblem(
        await place.authority.issueAccessToken(
          new Request(`${issuer}/v1/access-tokens`, { method: 'POST', body: form }),
        ),
      )
      await attempt(() => openAccessToken(hostile, { privateKey: encryptionKey, ...partner }))
      await attempt(() => jose.openJwe(hostile, encryptionKey))
      await attempt(() => jose.openDirect(hostile, crypto.getRandomValues(new Uint8Array(32))))
      await attempt(() => launchUrl(`https://${secretText()}.example/#x`, hostile))
      await attempt(() =>
        requestAccessToken({
          ...partner,
          clientId: 'app',
          signingKey,
          encryptionKey,
          subject: secretText(),
          audience,
          scope: 'read',
          page,
          fetch: async () => new Response(hostile, { status: pick([200, 400, 500]) }),
        }),
      )
    }
    assertNothingTold()
  })
})

describe('in workerd', () => {
  let server
  let deployment
  before(async () => {
    const port = await freePort()
    deployment = await createDeployment({ issuer: `http://127.0.0.1:${port}`, pages: [page] })
    const directory = await workerBundle()
    const { bindings } = deployment
    server = await startServer({ directory, entry: 'index.js', port, bindings, ledger: true })
  })
  after(() => server?.stop())

  test('requests to the deployed Worker', async () => {
    const key = await createProofKey()
    secret(key.jwk.d)
    for (const { key } of JSON.parse(deployment.bindings.SIGNING_KEYS)) secret(key.d)
    const statuses = new Set()
    for (let round = 0; round < ROUNDS / 10; round++) {
      const good = await forgeVisitToken(deployment, { jkt: key.jkt, sub: secretText() })
      const token = secret(round % 3 === 0 ? good : printable(mutated(good)))
      const proof = await dpopProof(key, {
        method: 'GET',
        url: `${deployment.issuer}/api/me`,
        token,
      })
      const dpop = secret(round % 2 === 0 ? proof : printable(mutated(proof)))
      const headers = { authorization: `DPoP ${token}`, dpop, connection: 'close' }
      const protectedRoute = await fetch(`${deployment.issuer}/api/me`, { headers })
      statuses.add(protectedRoute.status)
      if (protectedRoute.status !== 200) await tellProblem(protectedRoute)
      else await protectedRoute.arrayBuffer()
      const body = secret(mutated(token))
      const visit = { method: 'POST', body, headers: { ...headers, origin: page } }
      await tellProblem(await fetch(`${deployment.issuer}/v1/visits`, visit))
    }
    assert.ok(statuses.has(200) && statuses.has(401), [...statuses].join())
    tell(server.output())
    assertNothingTold()
  })
})

/** Verifiers of one issuer in several configurations, and a maker of requests to them. */
function verification() {
  const metrics = createMetrics()
  const keys = ['Ed25519', 'P-256'].map((kind, i) => jose.generateKey(kind, { kid: `k${i}` }))
  const edge = jose.generateKey('X25519', { kid: 'edge' })
  const proofKeys = ['Ed25519', 'P-256'].map((kind) => jose.generateKey(kind, { kid: 'proof' }))
  for (const { d } of [...keys, edge, ...proofKeys]) secret(d)
  const now = clockAt()
  const nonceSecret = secret(sharedKey().k)
  const options = {
    issuer,
    audience,
    keys: keys.map(jose.publicKey),
    type: 'at+jwt',
    publicOrigin: audience,
    unsealKeys: [{ key: edge }],
    serverTiming: true,
    now,
    onEvent(event) {
      metrics(event)
      tellEvent(event)
    },
  }
  const burned = new Set()
  const replay = { burn: async (key) => !burned.has(key) && Boolean(burned.add(key)) }
  const failing = (error) => () => Promise.reject(error)
  const verifiers = [
    createVerifier({ ...options, replay }),
    createVerifier({ ...options, replay: 'unchecked' }),
    createVerifier({ ...options, replay, nonceSecrets: [nonceSecret] }),
    createVerifier({ ...options, replay: { burn: failing(new Error('store')) } }),
    createVerifier({ ...options, replay, revocation: { isRevoked: () => random() < 0.5 } }),
    createVerifier({ ...options, replay, requiredScope: 'admin', requiredClaims: ['tenant'] }),
  ]

  async function make() {
    const key = pick(keys)
    const proofKey = pick(proofKeys)
    const jwk = JSON.parse(
      JSON.stringify({
        ...jose.publicKey(proofKey),
        kid: undefined,
        use: undefined,
        alg: undefined,
      }),
    )
    const bound = random() < 0.7
    const claims = {
      iss: pick([issuer, issuer, issuer, `https://${secretText()}.example`]),
      aud: pick([audience, audience, audience, secretText()]),
      sub: secretText(),
      jti: secretText(),
      iat: start / 1000,
      exp: start / 1000 + pick([60, 60, 60, -60]),
      [secretText()]: pick([secretText(), [secretText()], { [secretText()]: 1 }]),
      ...(bound && { cnf: { jkt: jose.thumbprint(jwk) } }),
      ...(random() < 0.1 && { nbf: pick([secretText(), start / 1000 + 600]) }),
    }
    let token = signed(
      { alg: algorithmOf(key), kid: key.kid, typ: 'at+jwt', ...oddHeader() },
      claims,
      key,
    )
    if (random() < 0.3) token = mutated(token)
    if (random() < 0.2) token = jose.sealToken(token, jose.publicKey(edge))
    if (random() < 0.1) token = mutated(token)
    secret(token)
    const proof = signed(
      { alg: algorithmOf(proofKey), typ: 'dpop+jwt', jwk, ...(random() < 0.1 && oddHeader()) },
      {
        htm: pick(['GET', 'GET', 'GET', secretText()]),
        htu: pick([`${audience}/a`, `${audience}/a`, `${audience}/${secretText()}`]),
        iat: start / 1000 + pick([0, 0, 0, -600]),
        jti: secretText(),
        ath: createHash('sha256').update(token).digest('base64url'),
        ...(random() < 0.3 && { nonce: secretText() }),
      },
      proofKey,
    )
    const dpop = secret(random() < 0.2 ? mutated(proof) : proof)
    const headers = new Headers({
      authorization: `${bound ? 'DPoP' : 'Bearer'} ${printable(token)}`,
    })
    if (bound) headers.set('dpop', printable(dpop))
    return { method: 'GET', url: `${audience}/a?code=${secretText()}`, headers }
  }
  return { metrics, verifiers, make }
}

/** A header member that nobody expects, or one that is expected with something else in it. */
function oddHeader() {
  return pick([
    {},
    {},
    {},
    {},
    { kid: secretText() },
    { alg: secretText() },
    { typ: secretText() },
    { crit: [secretText()] },
    { [secretText()]: secretText() },
  ])
}

function signed(header, claims, key) {
  const input = [header, claims]
    .map((it) => Buffer.from(JSON.stringify(it)).toString('base64url'))
    .join('.')
  // The signature of another text will do where the header is odd; a good one comes from the package itself.
  const text = jose.signJws(JSON.stringify(claims), key, { typ: header.typ ?? 'JWT' })
  const [own, payload, signature] = text.split('.')
  const same = Buffer.from(own, 'base64url').toString() === JSON.stringify(header)
  return same ? [own, payload, signature].join('.') : `${input}.${signatureOf(input, key)}`
}

function signatureOf(input, { kty, crv, x, y, d }) {
  const key = createPrivateKey({ key: { kty, crv, x, y, d }, format: 'jwk' })
  const hash = crv === 'P-256' ? 'sha256' : null
  return sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

const algorithmOf = ({ crv }) => (crv === 'Ed25519' ? 'EdDSA' : 'ES256')

/** A key with one thing wrong with it, or none. */
function hostileKey() {
  const key = jose.generateKey(pick(['Ed25519', 'P-256', 'X25519', 'ECDH-P-256']), {
    kid: secretText(),
  })
  secret(key.d)
  secret(key.x)
  const { d: _, ...open } = key
  return pick([
    () => key,
    () => open,
    () => ({ ...key, d: secret(mutated(key.d)) }),
    () => ({ ...open, x: secret(mutated(key.x)) }),
    () => ({ ...key, crv: secretText() }),
    () => ({ ...open, kty: secretText() }),
    () => ({ ...key, alg: secretText() }),
    () => ({ ...open, use: secretText() }),
    () => ({ ...open, key_ops: [secretText()] }),
    () => ({ ...open, kid: secretText(400) }),
    () => ({ kty: 'oct', k: secret(mutated(sharedKey().k)), kid: secretText() }),
    () => ({ kty: 'RSA', n: secretText(342), e: secretText(4), alg: 'RS256', kid: secretText() }),
  ])()
}

function authorityWith(key) {
  return createAuthority({
    issuer,
    signingKeys: [{ key }],
    appKeys: [{ key }],
    refreshKeys: [{ key }],
    subjectKey: key,
    clients: [],
    ledger: {},
  })
}

/** The same text with a few characters changed, lost, doubled or moved. */
function mutated(text) {
  let result = text
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * result.length)
    const [head, tail] = [result.slice(0, at), result.slice(at)]
    result = pick([
      () => head + pick([...'.=+/ \n"\\{}é\u0000A-_']) + tail,
      () => head + tail.slice(1),
      () => head + randomText(1) + tail.slice(1),
      () => head + randomText(40) + tail,
      () => head,
      () => tail + head,
    ])()
  }
  return result
}

/** What headers can carry at all. */
function printable(text) {
  return text.replaceAll(/[^\x21-\x7e]/g, '~')
}

async function attempt(action) {
  try {
    await action()
    counts.accepted += 1
  } catch (error) {
    counts.refused += 1
    for (let at = error, depth = 0; at && depth < 10; at = at.cause, depth++) {
      tell(`${at.name} ${at.code} ${at.message}\n${at.stack}\n${JSON.stringify(at)}`)
    }
    tell(inspect(error, { depth: 10, showHidden: true }))
  }
}

function tell(text) {
  told.add(text)
}

function tellEvent(event) {
  tell(JSON.stringify(event))
}

/** The answer to a refused request, unless it travels sealed. */
async function tellProblem(response) {
  const { status, headers } = response
  const body = await response.text()
  if (headers.get('content-type')?.startsWith('application/jose')) return
  tell(`${status} ${JSON.stringify([...headers])} ${body}`)
}

function assertNothingTold() {
  assert.ok(told.size > 50, `${told.size} texts`)
  assert.equal(leak(told, secrets), undefined, `seed ${SEED}`)
}

/** The first piece of a secret in any of the texts. */
function leak(texts, secrets) {
  const pieces = new Set()
  for (const text of texts) {
    for (let i = 0; i + LENGTH <= text.length; i++) pieces.add(text.slice(i, i + LENGTH))
  }
  for (const text of secrets) {
    for (let i = 0; i + LENGTH <= text.length; i++) {
      const piece = text.slice(i, i + LENGTH)
      if (pieces.has(piece)) return piece
    }
  }
  return undefined
}

function secret(text) {
  secrets.add(text)
  return text
}

function secretText(length = 24) {
  return secret(randomText(length))
}

function randomText(length) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return Array.from({ length }, () => letters[Math.floor(random() * 64)]).join('')
}

function pick(list) {
  return list[Math.floor(random() * list.length)]
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
