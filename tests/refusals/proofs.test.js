// DPoP proofs (RFC 9449) that do not fit the request that they come with.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { alter } from '../support/hostile_jws.js'
import { proofKey } from '../support/jose_keys.js'
import { dpopProof, nowSeconds } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { assertChallenge, assertRefusal } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

let worker
let deployment
let key
let token

before(async () => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  deployment = await deployed.createDeployment({ issuer, pages: [page] })
  worker = await startWorker({ port, bindings: deployment.bindings })
  key = await proofKey()
  token = (await deployed.visit(deployment, { proofKey: key })).vt
})

after(() => worker?.stop())

/** Rows: what is wrong with the proof -> its code and how to make it from the good one's parts. */
const rows = {
  'for another method': ['proof_method_mismatch', (parts) => proof({ ...parts, method: 'DELETE' })],
  'for another path': [
    'proof_url_mismatch',
    (parts) => proof({ ...parts, url: `${parts.url}/more` }),
  ],
  'for another host': [
    'proof_url_mismatch',
    (parts) => proof({ ...parts, url: 'https://other.example/api/me' }),
  ],
  'for another scheme': [
    'proof_url_mismatch',
    (parts) => proof({ ...parts, url: parts.url.replace('http:', 'https:') }),
  ],
  'by another key': ['proof_key_mismatch', async (parts) => dpopProof(await proofKey(), parts)],
  'made ten minutes ago': ['proof_expired', (parts) => proof(parts, { iat: nowSeconds() - 600 })],
  'from the future': ['proof_expired', (parts) => proof(parts, { iat: nowSeconds() + 600 })],
  'that is no token': ['invalid_dpop_proof', () => 'nonsense'],
  'with an altered signature': [
    'invalid_dpop_proof',
    async (parts) => {
      const [header, claims, signature] = (await proof(parts)).split('.')
      return [header, claims, alter(signature)].join('.')
    },
  ],
  'of another type': [
    'invalid_dpop_proof',
    (parts) => dpopProof(key, { ...parts, header: { typ: 'JWT' } }),
  ],
  'without jti': ['invalid_dpop_proof', (parts) => proof(parts, { jti: undefined })],
  'without iat': ['invalid_dpop_proof', (parts) => proof(parts, { iat: undefined })],
  'with the private key in its header': [
    'invalid_dpop_proof',
    (parts) => dpopProof(key, { ...parts, header: { jwk: key.jwk } }),
  ],
}

describe('the protected endpoint refuses a proof', () => {
  const parts = () => ({ method: 'GET', url: `${deployment.issuer}/api/me`, token })
  const call = (proof) => deployed.callApi(deployment, { token, proof, scheme: 'DPoP' })

  for (const [name, [code, make]] of Object.entries(rows)) {
    test(name, async () => {
      assertChallenge(await call(await make(parts())), { error: 'invalid_dpop_proof', code })
    })
  }

  test('for another token (ath)', async () => {
    const other = await proof({ ...parts(), token: `${token}x` })
    assertChallenge(await call(other), {
      error: 'invalid_dpop_proof',
      code: 'proof_token_mismatch',
    })
  })

  test('without ath', async () => {
    const bare = await proof({ ...parts(), token: undefined })
    assertChallenge(await call(bare), { error: 'invalid_dpop_proof', code: 'proof_token_mismatch' })
  })

  test('that was used before', async () => {
    const once = await proof(parts())
    assert.equal((await call(once)).status, 200)
    assertChallenge(await call(once), { error: 'invalid_dpop_proof', code: 'proof_replayed' })
  })

  test('whose jti was used before', async () => {
    const jti = crypto.randomUUID()
    assert.equal((await call(await proof(parts(), { jti }))).status, 200)
    const again = await proof(parts(), { jti, iat: nowSeconds() - 1 })
    assertChallenge(await call(again), { error: 'invalid_dpop_proof', code: 'proof_replayed' })
  })

  test('twice in one request', async () => {
    const [first, second] = [await proof(parts()), await proof(parts())]
    assertChallenge(await call(`${first}, ${second}`), {
      error: 'invalid_dpop_proof',
      code: 'invalid_dpop_proof',
    })
  })

  test('that is missing', async () => {
    const response = await deployed.callApi(deployment, { token, scheme: 'DPoP' })
    assertChallenge(response, { error: 'invalid_dpop_proof', code: 'proof_required' })
  })

  test('under the scheme Bearer', async () => {
    const response = await deployed.callApi(deployment, { token, scheme: 'Bearer' })
    assertChallenge(response, { code: 'scheme_mismatch' })
  })

  test('for a token that is bound to no key', async () => {
    const unbound = await deployed.forgeVisitToken(deployment)
    const response = await deployed.callApi(deployment, { token: unbound, proofKey: key })
    assertChallenge(response, { code: 'scheme_mismatch' })
  })

  test('where no token came at all', async () => {
    const response = await deployed.callApi(deployment, {})
    assert.equal(response.status, 401)
    assert.equal(JSON.parse(response.body).error_description, 'token_missing')
    assert.match(response.headers.get('www-authenticate'), /^DPoP( algs="[^"]+")?$/)
  })
})

describe('the authority refuses a proof', () => {
  const parts = () => ({ method: 'POST', url: `${deployment.issuer}/v1/visits` })
  const refusal = (code) => ({ status: 400, error: 'invalid_dpop_proof', code })

  async function prepared() {
    const accessToken = await deployed.forgeAccessToken(deployment, { jkt: key.jkt })
    return deployed.prepareVisit(deployment, { accessToken, proofKey: key })
  }

  for (const [name, [code, make]] of Object.entries(rows)) {
    test(name, async () => {
      const { send } = await prepared()
      assertRefusal(await send({ proof: await make(parts()) }), refusal(code))
      assert.equal((await send()).status, 200, 'a refused proof uses nothing up')
    })
  }

  test('with an ath', async () => {
    const { send } = await prepared()
    const wrong = await proof({ ...parts(), token })
    assertRefusal(await send({ proof: wrong }), refusal('proof_token_mismatch'))
  })

  test('that was used before', async () => {
    const { send } = await prepared()
    const once = await proof(parts())
    assert.equal((await send({ proof: once })).status, 200)
    assertRefusal(await send({ proof: once }), refusal('proof_replayed'))
  })

  test('that is missing', async () => {
    const { send } = await prepared()
    assertRefusal(await send({ proof: null }), refusal('proof_required'))
  })

  test('that vouches for nothing in the request', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment)
    const { send } = await deployed.prepareVisit(deployment, { accessToken })
    assertRefusal(await send({ proof: await proof(parts()) }), refusal('invalid_dpop_proof'))
  })
})

function proof(parts, claims) {
  return dpopProof(key, { ...parts, claims })
}
