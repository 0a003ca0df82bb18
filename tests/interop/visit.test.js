// The whole visit with one side in `jose`: first as page and partner of our authority, then as authority of our page.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { createVerifier } from '@lingpai/edge'
import { clientAssertion, launchUrl, openAccessToken } from '@lingpai/edge/partner'
import { sealVisit } from '@lingpai/h5'
import { CompactEncrypt, importJWK, jwtVerify } from 'jose'

import * as deployed from '../support/deployment.js'
import { keySet, proofKey, publicKey } from '../support/jose_keys.js'
import {
  clientAssertion as joseAssertion,
  nowSeconds,
  openRequest,
  sealAnswer,
  verify,
} from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

const combinations = [
  {
    signingCurve: 'Ed25519',
    appCurve: 'X25519',
    partnerCurves: ['P-256', 'P-256'],
    proof: 'Ed25519',
  },
  {
    signingCurve: 'P-256',
    appCurve: 'P-256',
    partnerCurves: ['Ed25519', 'X25519'],
    proof: 'P-256',
  },
]

for (const combination of combinations) {
  const { signingCurve, appCurve, partnerCurves, proof } = combination

  describe(`jose as page and partner; signing ${signingCurve}, sealing ${appCurve}`, () => {
    let worker
    let deployment

    before(async () => {
      const port = await freePort()
      const issuer = `http://127.0.0.1:${port}`
      deployment = await deployed.createDeployment({ issuer, pages: [page], ...combination })
      worker = await startWorker({ port, bindings: deployment.bindings })
    })

    after(() => worker?.stop())

    test(`the partner (${partnerCurves.join(', ')}) gets an access token and opens it`, async () => {
      const { jkt } = await proofKey(proof)
      const response = await deployed.requestAccessToken(deployment, { jkt })
      assert.equal(response.status, 200, response.body)
      assert.equal(response.headers.get('content-type'), 'application/jose')
      assert.equal(response.headers.get('cache-control'), 'no-store')
      const { alg, enc, kid, typ, cty, epk, ...more } = response.header
      assert.deepEqual([alg, enc, typ, cty], ['ECDH-ES+A256KW', 'A256GCM', 'lp-at+jwe', 'JWT'])
      assert.deepEqual([kid, epk.crv, more], ['partner-enc-1', partnerCurves[1], {}])

      const { header, claims } = await verify(response.accessToken, publicKey(deployment.signing))
      assert.deepEqual(header, { alg: deployment.signing.alg, kid: 'sign-1', typ: 'lp-at+jwt' })
      const { sub, jti, iat, exp, ak, ...rest } = claims
      assert.deepEqual(rest, {
        iss: deployment.issuer,
        aud: `${deployment.issuer}/v1/visits`,
        client_id: 'partner',
        scope: 'profile orders:read',
        va: deployment.audience,
        page,
        cnf: { jkt },
      })
      assert.deepEqual(ak, publicKey(deployment.app))
      assert.ok(sub && jti)
      assert.ok(exp > iat && exp <= iat + 120)
    })

    test('the page gets a visit token, calls a service, and refreshes', async () => {
      const key = await proofKey(proof)
      const { accessToken } = await deployed.requestAccessToken(deployment, { jkt: key.jkt })
      const request = await deployed.prepareVisit(deployment, { accessToken, proofKey: key })
      const { status, headers, header, content } = await request.send()
      assert.equal(status, 200)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('access-control-allow-origin'), page)
      const hash = createHash('sha256').update(request.request).digest('base64url')
      assert.deepEqual(header, {
        alg: 'dir',
        enc: 'A256GCM',
        kid: hash,
        typ: 'lp-answer+jwe',
        cty: 'json',
      })
      assert.deepEqual(Object.keys(content).sort(), ['ak', 'now', 'rt', 'rt_exp', 'vt'])
      assert.deepEqual(content.ak, publicKey(deployment.app))
      assert.ok(Math.abs(content.now - nowSeconds()) <= 60)

      const at = (await verify(accessToken, publicKey(deployment.signing))).claims
      const vt = await verify(content.vt, publicKey(deployment.signing))
      assert.deepEqual(vt.header, { alg: deployment.signing.alg, kid: 'sign-1', typ: 'vt+jwt' })
      const { jti, sid, iat, exp, ...rest } = vt.claims
      assert.deepEqual(rest, {
        iss: deployment.issuer,
        aud: at.va,
        sub: at.sub,
        client_id: 'partner',
        scope: 'profile orders:read',
        cnf: { jkt: key.jkt },
      })
      assert.ok(jti && sid && jti !== at.jti)
      assert.ok(exp > iat && exp <= iat + 900)

      const response = await deployed.callApi(deployment, { token: content.vt, proofKey: key })
      assert.equal(response.status, 200, response.body)
      assert.equal(JSON.parse(response.body).sub, at.sub)

      const { rt: refreshToken, ak: appKey } = content
      const refresh = await deployed.prepareRefresh(deployment, {
        refreshToken,
        appKey,
        proofKey: key,
      })
      const next = await refresh.send()
      assert.equal(next.status, 200)
      assert.equal((await verify(next.content.vt, publicKey(deployment.signing))).claims.sid, sid)
    })

    test('jose verifies our visit token with our published keys', async () => {
      const { vt } = await deployed.visit(deployment)
      const response = await deployed.post(`${deployment.issuer}/.well-known/jwks.json`, {
        method: 'GET',
      })
      const [key] = JSON.parse(response.body).keys
      const { payload } = await jwtVerify(vt, await importJWK(key), {
        issuer: deployment.issuer,
        audience: deployment.audience,
        typ: 'vt+jwt',
        algorithms: [deployment.signing.alg],
      })
      assert.equal(payload.client_id, 'partner')
      assert.deepEqual(response.status, 200)
      assert.deepEqual(JSON.parse(response.body), keySet(deployment.signing))
    })
  })

  describe(`jose as authority; signing ${signingCurve}, sealing ${appCurve}`, () => {
    let deployment

    before(async () => {
      const issuer = 'https://gate.example'
      deployment = await deployed.createDeployment({ issuer, pages: [page], ...combination })
    })

    test('answers our page', async () => {
      const { issuer, signing, app } = deployment
      const { jkt } = await proofKey(proof)
      const accessToken = await deployed.forgeAccessToken(deployment, { jkt })
      const keys = keySet(signing)
      const { request, open } = await sealVisit({
        accessToken,
        issuer,
        keys,
        proofKeyThumbprint: jkt,
      })

      const opened = openRequest(request, app)
      const { alg, enc, kid, typ, cty, epk, ...more } = opened.header
      assert.deepEqual([alg, enc, typ, cty], ['ECDH-ES+A256KW', 'A256GCM', 'lp-visit+jwe', 'json'])
      assert.deepEqual([kid, epk.crv, more], ['app-1', appCurve, {}])
      assert.deepEqual(opened.content, { at: accessToken, jkt })

      const vt = await deployed.forgeVisitToken(deployment, { jkt, scope: 'profile' })
      const now = nowSeconds()
      const document = { vt, rt: 'refresh', rt_exp: now + 3600, ak: publicKey(app), now }
      const answer = await open(await sealAnswer(opened, document))
      assert.equal(answer.token, vt)
      assert.equal(answer.claims.scope, 'profile')
      assert.equal(answer.refreshToken, 'refresh')
      assert.deepEqual(answer.appKey, publicKey(app))
      assert.ok(Math.abs(answer.clockOffsetMs) < 60_000)
    })

    test('tells our page the time', async () => {
      const { issuer, signing, app } = deployment
      const accessToken = await deployed.forgeAccessToken(deployment)
      const { request, open } = await sealVisit({ accessToken, issuer, keys: keySet(signing) })
      const now = nowSeconds() + 7200
      const vt = await deployed.forgeVisitToken(deployment, { iat: now, exp: now + 900 })
      const answer = await open(
        await sealAnswer(openRequest(request, app), { vt, ak: publicKey(app), now }),
      )
      assert.ok(Math.abs(answer.clockOffsetMs - 7_200_000) < 60_000, String(answer.clockOffsetMs))
    })

    test('two requests for one access token have nothing random in common', async () => {
      const { issuer, signing, app } = deployment
      const accessToken = await deployed.forgeAccessToken(deployment)
      const seal = () => sealVisit({ accessToken, issuer, keys: keySet(signing) })
      const [a, b] = (await Promise.all([seal(), seal()])).map(({ request }) =>
        openRequest(request, app),
      )
      assert.ok(!a.r.equals(b.r))
      assert.notEqual(a.header.epk.x, b.header.epk.x)
      assert.notEqual(a.request.split('.')[2], b.request.split('.')[2])
    })

    test('believes our partner, and our partner opens what it seals', async () => {
      const { issuer, signing, partner } = deployment
      const options = { clientId: 'partner', issuer, privateKey: partner.signing }
      const { header, claims } = await verify(
        await clientAssertion(options),
        publicKey(partner.signing),
      )
      assert.deepEqual(header, {
        alg: partner.signing.alg,
        kid: 'partner-1',
        typ: 'client-authentication+jwt',
      })
      const { iat, exp, jti, ...rest } = claims
      assert.deepEqual(rest, { iss: 'partner', sub: 'partner', aud: issuer })
      assert.ok(jti && exp > iat && exp <= iat + 60)

      const accessToken = await deployed.forgeAccessToken(deployment)
      const to = publicKey(partner.encryption)
      const jwe = await new CompactEncrypt(new TextEncoder().encode(accessToken))
        .setProtectedHeader({
          alg: to.alg,
          enc: 'A256GCM',
          kid: to.kid,
          typ: 'lp-at+jwe',
          cty: 'JWT',
        })
        .encrypt(await importJWK(to, to.alg))
      const opened = await openAccessToken(jwe, {
        privateKey: partner.encryption,
        issuer,
        keys: keySet(signing),
      })
      assert.equal(opened.accessToken, accessToken)
      assert.equal(
        launchUrl('https://page.example/h5', opened.accessToken),
        `https://page.example/h5#at=${accessToken}`,
      )
    })

    test('signs tokens that our verifier takes', async () => {
      const { issuer, audience, signing } = deployment
      const verifier = createVerifier({ issuer, audience, keys: keySet(signing) })
      const token = await deployed.forgeVisitToken(deployment)
      const verified = await verifier.verify(token)
      assert.equal(verified.claims.sub, 'subject')
      assert.equal(verified.token, token)
      // Without waiting, a token of any algorithm is taken once it is remembered.
      await verifier.verify(token)
      assert.equal(verifier.verifySync(token).claims.sub, 'subject')
    })

    test('a partner’s assertion by jose and by us say the same', async () => {
      const { issuer, partner } = deployment
      const ours = await clientAssertion({
        clientId: 'partner',
        issuer,
        privateKey: partner.signing,
      })
      const its = await joseAssertion({ clientId: 'partner', issuer, key: partner.signing })
      const [a, b] = await Promise.all(
        [ours, its].map((one) => verify(one, publicKey(partner.signing))),
      )
      assert.deepEqual(Object.keys(a.claims).sort(), Object.keys(b.claims).sort())
      assert.deepEqual(a.header, b.header)
    })
  })
}
