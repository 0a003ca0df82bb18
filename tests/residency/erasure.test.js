// The Worker as it is deployed: visits in the name of an identity, and what is left when the identity is erased.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { publicKey, verifyJws } from '@lingpai/edge/jose'
import { erasureSubject } from '@lingpai/edge/residency'

import { areaKeys, RULES } from './support/region.js'
import * as deployed from '../support/deployment.js'
import { encryptionKey, proofKey, secret } from '../support/jose_keys.js'
import { dpopProof } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { startWorker } from '../support/worker.js'

const VAULT_SCOPES = ['tokenize:name', 'reveal:name']
const SCOPES = [
  ...['users:read', 'users:write', 'users:move', 'users:erase', 'users:read:self'],
  ...VAULT_SCOPES,
]
const symmetric = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: secret() })
const NUMBER = '+8613900001234'

let worker
let deployment
let operator
let output = ''

before(async () => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  deployment = await deployed.createDeployment({ issuer, pages: ['https://page.example'] })
  const [client] = JSON.parse(deployment.bindings.CLIENTS)
  Object.assign(client, { subjects: 'identities', scopes: SCOPES })
  const bindings = {
    ...deployment.bindings,
    CLIENTS: JSON.stringify([client]),
    RESIDENCY: JSON.stringify({ rules: RULES }),
    REGION_KEYS: JSON.stringify(areaKeys()),
    VAULT_SEAL_KEYS: JSON.stringify([{ key: await encryptionKey('seal-1', 'X25519') }]),
    VAULT_DATA_KEYS: JSON.stringify([{ key: symmetric('data-1') }]),
    VAULT_INDEX_KEY: JSON.stringify(symmetric('index')),
    VAULT_FIELDS: JSON.stringify([{ name: 'name', kind: 'text.1' }]),
  }
  worker = await startWorker({ port, bindings, onOutput: (text) => (output += text) })
  operator = await deployed.forgeVisitToken(deployment, { scope: SCOPES.join(' ') })
})
after(() => worker?.stop())

async function call(method, path, { token = operator, key, body } = {}) {
  const url = `${deployment.issuer}/v1/users${path}`
  const proof = key && (await dpopProof(key, { method, url, token }))
  const headers = {
    authorization: `${key ? 'DPoP' : 'Bearer'} ${token}`,
    ...(proof && { dpop: proof }),
    ...(body && { 'content-type': 'application/json' }),
  }
  const answer = await deployed.post(url, { method, headers, body: body && JSON.stringify(body) })
  const json = /json/.test(answer.headers.get('content-type') ?? '')
  return { ...answer, body: json ? JSON.parse(answer.body) : answer.body }
}

test('a visit carries the opaque id through a move, and ends with the erasure', async () => {
  const registered = await call('POST', '', { body: { type: 'phone', identifier: NUMBER } })
  assert.deepEqual([registered.status, registered.body.area], [201, 'cn'])
  const { id } = registered.body
  const profile = { phone: 'not here', city: 'Suzhou-secret' }
  assert.equal((await call('PUT', `/${id}/data/profile`, { body: profile })).status, 200)

  const key = await proofKey()
  const visit = { subject: id, scope: 'users:read:self', proofKey: key }
  const { vt, accessToken, rt, ak } = await deployed.visit(deployment, visit)
  assert.equal(claimsOf(vt).sub, id)
  for (const token of [vt, accessToken]) {
    assert.ok(!JSON.stringify(claimsOf(token)).includes(NUMBER.slice(1)))
  }
  const mine = () => call('GET', `/${id}/data/profile`, { token: vt, key })
  assert.deepEqual((await mine()).body, profile)
  const moved = await call('POST', `/${id}/move`, { body: { area: 'eu' } })
  assert.deepEqual([moved.status, moved.body.area], [200, 'eu'])
  assert.deepEqual((await mine()).body, profile, 'the visit survives the move')

  const erased = await call('POST', `/${id}/erase`)
  assert.equal(erased.status, 200)
  const { header, payload } = verifyJws(erased.body.certificate, publicKey(deployment.signing))
  const claims = JSON.parse(Buffer.from(payload))
  assert.equal(header.typ, 'lp-erasure+jwt')
  assert.equal(claims.iss, deployment.issuer)
  assert.equal(claims.sub_hash, erasureSubject(id))
  assert.deepEqual(
    claims.deleted.filter(({ items }) => items > 0).map(({ area, kind }) => [area, kind]),
    // The copy in the old area was deleted when the move ended.
    [
      ['eu', 'identity'],
      ['eu', 'data'],
    ],
  )
  const refused = await mine()
  assert.deepEqual([refused.status, refused.body.error_description], [401, 'token_revoked'])
  const refresh = await deployed.prepareRefresh(deployment, {
    refreshToken: rt,
    proofKey: key,
    appKey: ak,
  })
  const { status, content } = await refresh.send()
  assert.equal(status, 400, JSON.stringify(content))
  assert.equal((await call('GET', `/${id}/data/profile`)).body.error, 'identity_erased')
  // Nor is another visit begun, whoever asks for one.
  const again = await deployed.requestAccessToken(deployment, {
    subject: id,
    scope: 'users:read:self',
  })
  assert.equal(again.status, 410)
})

test('a person who is erased takes along what the vault has of them, and the certificate says how much', async () => {
  const visitOf = async (identifier) => {
    const { id } = (await call('POST', '', { body: { type: 'phone', identifier } })).body
    const key = await proofKey()
    const scope = VAULT_SCOPES.join(' ')
    return { id, key, ...(await deployed.visit(deployment, { subject: id, scope, proofKey: key })) }
  }
  const [me, other] = [await visitOf('+8613900005678'), await visitOf('+8613900005679')]
  const vault = async ({ vt, key }, path, items) => {
    const url = `${deployment.issuer}${path}`
    const proof = await dpopProof(key, { method: 'POST', url, token: vt })
    const headers = {
      authorization: `DPoP ${vt}`,
      dpop: proof,
      'content-type': 'application/json',
    }
    const { body } = await deployed.post(url, { headers, body: JSON.stringify({ items }) })
    return JSON.parse(body).results
  }
  const tokenize = (who, ...values) =>
    vault(
      who,
      '/v1/tokens',
      values.map((value, at) => ({ op: String(at), field: 'name', value })),
    )
  const mine = await tokenize(me, 'Shen Mo', 'Shen Mo of Suzhou', 'the same for both')
  await tokenize(other, 'the same for both')
  const erased = await call('POST', `/${me.id}/erase`)
  assert.equal(erased.status, 200, JSON.stringify(erased.body))
  const claims = claimsOf(erased.body.certificate)
  assert.equal(claims.vault.items, 2)
  assert.ok(claims.vault.at <= claims.completed)
  const questions = mine.map(({ token }) => ({ field: 'name', token }))
  const answers = await vault(other, '/v1/tokens/reveal', questions)
  assert.deepEqual(
    answers.map(({ value }) => value),
    [null, null, 'the same for both'],
  )
})

test('a client of identities names identities, and nothing else', async () => {
  const { status } = await deployed.requestAccessToken(deployment, {
    subject: NUMBER,
    scope: 'users:read:self',
  })
  assert.equal(status, 400)
})

test('pages may call it, and unknown callers may not', async () => {
  const url = `${deployment.issuer}/v1/users/report`
  const preflight = await deployed.post(url, {
    method: 'OPTIONS',
    headers: { origin: deployment.page, 'access-control-request-method': 'GET' },
  })
  assert.equal(preflight.headers.get('access-control-allow-origin'), deployment.page)
  const { status } = await deployed.post(url, { method: 'GET' })
  assert.equal(status, 401)
})

test('nothing of it is in what the Worker writes', () => {
  assert.ok(!output.includes(NUMBER.slice(1)) && !output.includes('Suzhou-secret'), output)
})

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}
