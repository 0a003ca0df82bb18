// Refresh tokens that are not, or no longer, their bearer's.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { proofKey } from '../support/jose_keys.js'
import { dpopProof, nowSeconds } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { assertChallenge, assertRefusal } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

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

const refresh = async (refreshToken, options = {}, sendOptions) =>
  (await deployed.prepareRefresh(deployment, { refreshToken, proofKey: key, ...options })).send(
    sendOptions,
  )

describe('a refresh', () => {
  test('gives the next visit token and the next refresh token, in the same family', async () => {
    const first = await deployed.visit(deployment, { proofKey: key })
    const { status, content } = await refresh(first.rt)
    assert.equal(status, 200)
    assert.notEqual(content.rt, first.rt)
    assert.equal(content.rt_exp, first.rt_exp, 'a refresh does not prolong the family')
    const [before, now] = [first.vt, content.vt].map(claimsOf)
    assert.equal(now.sid, before.sid)
    assert.notEqual(now.jti, before.jti)
    for (const name of ['iss', 'aud', 'sub', 'client_id', 'scope', 'cnf']) {
      assert.deepEqual(now[name], before[name], name)
    }
  })

  test('is refused with a token used twice, and the family ends', async () => {
    const first = await deployed.visit(deployment, { proofKey: key })
    const second = (await refresh(first.rt)).content
    const third = (await refresh(second.rt)).content
    assertRefusal(await refresh(first.rt), { status: 409, error: 'replayed', code: 'replayed' })
    assertRefusal(await refresh(third.rt), {
      status: 400,
      error: 'invalid_grant',
      code: 'visit_ended',
    })
    const response = await deployed.callApi(deployment, { token: third.vt, proofKey: key })
    assertChallenge(response, { code: 'token_revoked' })
  })

  test('may be repeated by a page that crashed before it saved the answer', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const lost = (await refresh(rt)).content
    const again = await refresh(rt)
    assert.equal(again.status, 200)
    assert.equal(again.content.rt, lost.rt, 'the same successor')
  })

  test('is answered alike when the same request is repeated', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const { send } = await deployed.prepareRefresh(deployment, { refreshToken: rt, proofKey: key })
    const [first, second] = [await send(), await send()].map(({ content }) => content)
    assert.deepEqual(claimsOf(second.vt), claimsOf(first.vt))
    assert.equal(second.rt, first.rt)
  })

  test('is refused with the proof key of somebody else', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const response = await refresh(rt, { proofKey: await proofKey() })
    assertRefusal(response, { status: 400, error: 'invalid_grant', code: 'invalid_grant' })
  })

  test('is refused without a proof', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const response = await refresh(rt, {}, { proof: null })
    assertRefusal(response, { status: 400, error: 'invalid_dpop_proof', code: 'proof_required' })
  })

  test('is refused from a page of another origin', async () => {
    const { rt } = await deployed.visit(deployment, { proofKey: key })
    const response = await refresh(rt, {}, { origin: 'https://other.example' })
    assertRefusal(response, { status: 400, error: 'invalid_grant', code: 'origin_mismatch' })
  })

  for (const [name, change] of [
    ['altered', (rt) => rt.slice(0, -1) + (rt.endsWith('A') ? 'B' : 'A')],
    ['invented', () => Buffer.alloc(52, 7).toString('base64url')],
    ['that is an access token', () => 'a.b.c'],
  ]) {
    test(`is refused with a token ${name}`, async () => {
      const { rt } = await deployed.visit(deployment, { proofKey: key })
      assertRefusal(await refresh(change(rt)), {
        status: 400,
        error: 'invalid_grant',
        code: 'invalid_grant',
      })
    })
  }

  test('is not given to a visit without a proof key', async () => {
    const { vt, rt } = await deployed.visit(deployment)
    assert.equal(rt, undefined)
    assert.equal(claimsOf(vt).cnf, undefined)
  })

  test('is refused when the family has come to its end', async () => {
    const { rt, rt_exp: end, now } = await deployed.visit(deployment, { proofKey: key })
    await worker.setClock(end - now)
    try {
      const url = `${deployment.issuer}/v1/visits/refresh`
      const claims = { iat: nowSeconds() + end - now }
      const response = await refresh(
        rt,
        {},
        { proof: await dpopProof(key, { method: 'POST', url, claims }) },
      )
      assertRefusal(response, { status: 400, error: 'invalid_grant', code: 'visit_ended' })
    } finally {
      await worker.setClock(0)
    }
  })
})

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}
