// One access token, many hands: exactly one holder wins, a thief ends the visit for both, and a page that only repeats
// itself loses nothing, not even when workerd is killed in between.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { proofKey } from '../support/jose_keys.js'
import { clientAssertion, dpopProof, nowSeconds } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { assertChallenge, assertRefusal } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

const RACES = 200
const AT_A_TIME = 10
const REPLAYED = { status: 409, error: 'replayed', code: 'replayed' }

let worker
let deployment
let key

before(async () => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  deployment = await deployed.createDeployment({ issuer, pages: ['https://page.example'] })
  worker = await startWorker({ port, bindings: deployment.bindings })
  key = await proofKey()
})

after(() => worker?.stop())

describe('somebody else redeems the same access token', () => {
  test(`in ${RACES} races exactly one of two wins, and the family is revoked`, async () => {
    let races = 0
    const runOne = async () => {
      for (; races < RACES;) {
        races += 1
        await race()
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, runOne))
    assert.equal(races, RACES)
  })

  async function race() {
    const accessToken = await deployed.forgeAccessToken(deployment)
    const rivals = await Promise.all(
      [await proofKey(), await proofKey()].map(async (proofKey) => ({
        proofKey,
        ...(await deployed.prepareVisit(deployment, { accessToken, proofKey })),
      })),
    )
    const results = await Promise.all(
      rivals.map(async ({ proofKey, send }) => ({ proofKey, ...(await send()) })),
    )
    const winners = results.filter(({ status }) => status === 200)
    assert.deepEqual(results.map(({ status }) => status).sort(), [200, 409])
    assertRefusal(
      results.find(({ status }) => status === 409),
      REPLAYED,
    )
    await assertEnded(winners[0])
  }

  test('a bound token is of no use to a thief, and its theft ends nothing', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment, { jkt: key.jkt })
    const thief = await deployed.prepareVisit(deployment, {
      accessToken,
      proofKey: await proofKey(),
    })
    assertRefusal(await thief.send(), {
      status: 400,
      error: 'invalid_dpop_proof',
      code: 'key_binding_mismatch',
    })
    const { send } = await deployed.prepareVisit(deployment, { accessToken, proofKey: key })
    assert.equal((await send()).status, 200)
  })

  test('long after its time it is still a replay', async () => {
    const { accessToken, ...granted } = await deployed.visit(deployment, { proofKey: key })
    await worker.setClock(1800)
    try {
      const { send } = await deployed.prepareVisit(deployment, { accessToken, proofKey: key })
      assertRefusal(await send({ proof: await proofAt(1800) }), REPLAYED)
    } finally {
      await worker.setClock(0)
    }
    await assertEnded({ proofKey: key, content: granted })
  })
})

describe('the page repeats itself', () => {
  test('the same request within a minute gives the same visit token values', async () => {
    const { send } = await prepare()
    const answers = [await send(), await send(), await send()]
    assertSameValues(answers)
  })

  test('the same request twenty times at once gives the same values', async () => {
    const { send } = await prepare()
    assertSameValues(await Promise.all(Array.from({ length: 20 }, () => send())))
  })

  test('another request with the same proof key within a minute gives the same values', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment)
    const requests = await Promise.all(
      [1, 2, 3].map(() => deployed.prepareVisit(deployment, { accessToken, proofKey: key })),
    )
    assert.equal(new Set(requests.map(({ request }) => request)).size, 3)
    assertSameValues(await Promise.all(requests.map(({ send }) => send())))
  })

  test('the same request is answered alike although the access token has expired meanwhile', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment, {
      iat: nowSeconds() - 90,
      exp: nowSeconds() + 30,
    })
    const { send } = await deployed.prepareVisit(deployment, { accessToken, proofKey: key })
    const first = await send()
    await worker.setClock(50)
    try {
      assertSameValues([first, await send({ proof: await proofAt(50) })])
    } finally {
      await worker.setClock(0)
    }
  })

  test('the same request after more than a minute is a replay', async () => {
    const { send } = await prepare()
    const first = await send()
    assert.equal(first.status, 200)
    await worker.setClock(70)
    try {
      assertRefusal(await send({ proof: await proofAt(70) }), REPLAYED)
    } finally {
      await worker.setClock(0)
    }
    await assertEnded({ proofKey: key, ...first })
  })

  test('without a proof key only the very same request is repeated', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment)
    const first = await deployed.prepareVisit(deployment, { accessToken })
    const second = await deployed.prepareVisit(deployment, { accessToken })
    assertSameValues([await first.send(), await first.send()])
    assertRefusal(await second.send(), REPLAYED)
  })
})

describe('workerd is killed and started again on what it left on disk', () => {
  test('a repeated request still gets the same values', async () => {
    const { send } = await prepare()
    const first = await send()
    await worker.crash()
    assertSameValues([first, await send()])
  })

  test('a second redeemer is still refused, and the family revoked', async () => {
    const accessToken = await deployed.forgeAccessToken(deployment)
    const first = await deployed.prepareVisit(deployment, { accessToken, proofKey: key })
    const granted = await first.send()
    await worker.crash()
    const second = await deployed.prepareVisit(deployment, {
      accessToken,
      proofKey: await proofKey(),
    })
    assertRefusal(await second.send(), REPLAYED)
    await worker.crash()
    await assertEnded({ proofKey: key, ...granted })
  })

  test('a refresh chain goes on where it was', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const request = await deployed.prepareRefresh(deployment, { refreshToken: rt, proofKey: key })
    const first = await request.send()
    await worker.crash()
    assertSameValues([first, await request.send()])
    const next = await deployed.prepareRefresh(deployment, {
      refreshToken: first.content.rt,
      proofKey: key,
    })
    assert.equal((await next.send()).status, 200)
  })

  test('a proof and an assertion that were used stay used', async () => {
    const { vt } = await deployed.visit(deployment, { proofKey: key })
    const url = `${deployment.issuer}/api/me`
    const proof = await dpopProof(key, { method: 'GET', url, token: vt })
    assert.equal((await deployed.callApi(deployment, { token: vt, proof })).status, 200)
    const { issuer, partner } = deployment
    const assertion = await clientAssertion({ clientId: 'partner', issuer, key: partner.signing })
    assert.equal((await deployed.requestAccessToken(deployment, { assertion })).status, 200)
    await worker.crash()
    assertChallenge(await deployed.callApi(deployment, { token: vt, proof }), {
      error: 'invalid_dpop_proof',
      code: 'proof_replayed',
    })
    assert.equal((await deployed.requestAccessToken(deployment, { assertion })).status, 401)
  })
})

async function prepare() {
  const accessToken = await deployed.forgeAccessToken(deployment)
  return deployed.prepareVisit(deployment, { accessToken, proofKey: key })
}

function proofAt(offsetSeconds) {
  const url = `${deployment.issuer}/v1/visits`
  return dpopProof(key, { method: 'POST', url, claims: { iat: nowSeconds() + offsetSeconds } })
}

/** All were granted, and the visit tokens say the same, letter by letter in what they claim. */
function assertSameValues(responses) {
  for (const { status, content } of responses) assert.equal(status, 200, JSON.stringify(content))
  const values = responses.map(({ content: { vt, rt } }) => JSON.stringify([claimsOf(vt), rt]))
  assert.deepEqual([...new Set(values)], [values[0]])
}

/** Neither the refresh token nor the visit token of a revoked family is good for anything. */
async function assertEnded({ proofKey, content: { vt, rt } }) {
  const response = await deployed.callApi(deployment, { token: vt, proofKey })
  assertChallenge(response, { code: 'token_revoked' })
  const { send } = await deployed.prepareRefresh(deployment, { refreshToken: rt, proofKey })
  assertRefusal(await send(), { status: 400, error: 'invalid_grant', code: 'visit_ended' })
}

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}
