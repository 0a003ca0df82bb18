// Keys rotate with overlap: a new one is published before it is used, an old one serves until it is retired.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { encryptionKey, keySet, proofKey, publicKey, signingKey } from '../support/jose_keys.js'
import { dpopProof, nowSeconds, verify } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { assertChallenge, assertUnreadable } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

const SWITCH = 300
const RETIRE = 600

let worker
let deployment
let next

before(async () => {
  const port = await freePort()
  deployment = await deployed.createDeployment({
    issuer: `http://127.0.0.1:${port}`,
    pages: ['https://page.example'],
  })
  next = {
    signing: await signingKey('sign-2', 'P-256'),
    app: await encryptionKey('app-2', 'P-256'),
  }
  const start = nowSeconds()
  const ring = (old, young) =>
    JSON.stringify([
      { key: old, retireAtSeconds: start + RETIRE },
      { key: young, activeFromSeconds: start + SWITCH },
    ])
  worker = await startWorker({
    port,
    bindings: {
      ...deployment.bindings,
      SIGNING_KEYS: ring(deployment.signing, next.signing),
      APP_KEYS: ring(deployment.app, next.app),
    },
  })
})

after(() => worker?.stop())

test('both keys are published from the start, the old ones are used', async () => {
  assert.deepEqual(await published(), keySet(deployment.signing, next.signing))
  const { accessToken } = await deployed.requestAccessToken(deployment)
  const { header, claims } = await verify(accessToken, publicKey(deployment.signing))
  assert.equal(header.kid, 'sign-1')
  assert.equal(claims.ak.kid, 'app-1')
})

test('after the switch the new keys are used; what the old ones made still holds', async () => {
  const key = await proofKey()
  const old = await deployed.visit(deployment, { proofKey: key })
  const { accessToken } = await deployed.requestAccessToken(deployment)
  await worker.setClock(SWITCH + 10)
  const url = `${deployment.issuer}/api/me`
  const claims = { iat: nowSeconds() + SWITCH + 10 }
  const proof = await dpopProof(key, { method: 'GET', url, token: old.vt, claims })
  assert.equal((await deployed.callApi(deployment, { token: old.vt, proof })).status, 200)

  const refreshUrl = `${deployment.issuer}/v1/visits/refresh`
  const { send } = await deployed.prepareRefresh(deployment, {
    refreshToken: old.rt,
    proofKey: key,
  })
  const refreshProof = await dpopProof(key, { method: 'POST', url: refreshUrl, claims })
  const { status, content } = await send({ proof: refreshProof })
  assert.equal(status, 200)
  assert.equal((await verify(content.vt, publicKey(next.signing))).header.kid, 'sign-2')
  assert.deepEqual(content.ak, publicKey(next.app))
  assert.ok(accessToken)
})

test('after its retirement an old key is forgotten', async () => {
  await worker.setClock(0)
  const { vt } = await deployed.visit(deployment)
  await worker.setClock(RETIRE + 400)
  assert.deepEqual(await published(), keySet(next.signing))
  assertChallenge(await deployed.callApi(deployment, { token: vt }), { code: 'key_not_found' })
  const { send } = await deployed.prepareVisit(deployment, { accessToken: 'any' })
  assertUnreadable(await send(), 'unknown_key')
})

async function published() {
  const url = `${deployment.issuer}/.well-known/jwks.json`
  return JSON.parse((await deployed.post(url, { method: 'GET' })).body)
}
