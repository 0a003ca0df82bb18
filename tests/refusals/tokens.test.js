// A hostile signed token is refused by everyone who reads one: the page, the partner, the authority, the edge.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createVerifier } from '@lingpai/edge'
import { openAccessToken } from '@lingpai/edge/partner'
import { sealVisit } from '@lingpai/h5'
import { CompactEncrypt, importJWK } from 'jose'

import * as deployed from '../support/deployment.js'
import { lowOrderPoints } from '../support/hostile_jwe.js'
import { alter, hostileJws, outOfTime } from '../support/hostile_jws.js'
import { encryptionKey, keySet, proofKey, publicKey } from '../support/jose_keys.js'
import { freePort } from '../support/processes.js'
import { assertChallenge, assertRefusal, refusedWith } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

let worker
const deployments = {}

before(async () => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  deployments.EdDSA = await deployed.createDeployment({ issuer, pages: [page] })
  deployments.ES256 = await deployed.createDeployment({
    issuer,
    pages: [page],
    signingCurve: 'P-256',
  })
  worker = await startWorker({ port, bindings: deployments.EdDSA.bindings })
})

after(() => worker?.stop())

for (const algorithm of ['EdDSA', 'ES256']) {
  describe(`the page refuses an access token (${algorithm})`, () => {
    const open = (deployment, accessToken) => {
      const { issuer, signing } = deployment
      return sealVisit({ accessToken, issuer, keys: keySet(signing) })
    }
    for (const { name, code, make } of hostileJws) {
      test(name, async () => {
        const accessToken = await make(accessTokenParts(deployments[algorithm]))
        await refusedWith(code, () => open(deployments[algorithm], accessToken), [accessToken])
      })
    }
    test('that lives longer than two minutes', async () => {
      const deployment = deployments[algorithm]
      const { iat } = deployed.accessTokenClaims(deployment)
      const accessToken = await deployed.forgeAccessToken(deployment, { iat, exp: iat + 121 })
      await refusedWith('lifetime_exceeded', () => open(deployment, accessToken))
    })
    test('but never on its own clock', async () => {
      for (const { make } of outOfTime) {
        await open(deployments[algorithm], await make(accessTokenParts(deployments[algorithm])))
      }
    })
  })

  describe(`the partner refuses an access token (${algorithm})`, () => {
    const rows = [...hostileJws.filter(({ big }) => !big), ...outOfTime]
    for (const { name, code, make } of rows) {
      test(name, async () => {
        const { issuer, signing, partner } = deployments[algorithm]
        const accessToken = await make(accessTokenParts(deployments[algorithm]))
        const jwe = await envelope(accessToken, publicKey(partner.encryption))
        const options = { privateKey: partner.encryption, issuer, keys: keySet(signing) }
        await refusedWith(code, () => openAccessToken(jwe, options), [accessToken])
      })
    }
  })

  describe(`the edge refuses a visit token (${algorithm})`, () => {
    const rows = [...hostileJws, ...outOfTime]
    for (const { name, code, make } of rows) {
      test(name, async () => {
        const { issuer, audience, signing } = deployments[algorithm]
        const verifier = createVerifier({ issuer, audience, keys: keySet(signing) })
        const token = await make(visitTokenParts(deployments[algorithm]))
        await refusedWith(code, () => verifier.verify(token), [token])
        // By ES256 the host verifies, and has to be waited for.
        if (algorithm === 'EdDSA') {
          await refusedWith(code, () => verifier.verifySync(token), [token])
        }
      })
    }
    test('for another audience', async () => {
      const { issuer, signing } = deployments[algorithm]
      const verifier = createVerifier({
        issuer,
        audience: 'https://other.example',
        keys: keySet(signing),
      })
      const token = await deployed.forgeVisitToken(deployments[algorithm])
      await refusedWith('audience_mismatch', () => verifier.verify(token))
    })
    test('without the scope that is needed', async () => {
      const { issuer, audience, signing } = deployments[algorithm]
      const verifier = createVerifier({
        issuer,
        audience,
        keys: keySet(signing),
        requiredScope: 'admin',
      })
      const token = await deployed.forgeVisitToken(deployments[algorithm])
      await refusedWith('insufficient_scope', () => verifier.verify(token))
    })
  })
}

describe('the page refuses to seal to', () => {
  const rows = {
    ...Object.fromEntries(
      lowOrderPoints.map((x, index) => [
        `a point of low order (${index + 1} of ${lowOrderPoints.length})`,
        ['key_unusable', () => ({ ...publicKey(deployments.EdDSA.app), x })],
      ]),
    ),
    'a point off the curve': [
      'key_unusable',
      async () => {
        const { y, ...key } = publicKey(await encryptionKey('app', 'P-256'))
        return { ...key, y: alter(y) }
      },
    ],
    'a key for signatures': ['claim_invalid', () => publicKey(deployments.EdDSA.signing)],
    'a private key': ['key_unusable', () => deployments.EdDSA.app],
    'a key without a name': [
      'claim_invalid',
      () => {
        const { kid: _, ...key } = publicKey(deployments.EdDSA.app)
        return key
      },
    ],
    'a shared key': ['key_unusable', () => ({ kty: 'oct', k: 'A'.repeat(43), kid: 'app' })],
  }
  for (const [name, [code, appKey]] of Object.entries(rows)) {
    test(name, async () => {
      const { issuer, signing } = deployments.EdDSA
      const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, { ak: await appKey() })
      await refusedWith(code, () => sealVisit({ accessToken, issuer, keys: keySet(signing) }))
    })
  }
})

describe('the authority refuses to redeem an access token', () => {
  const rows = [...hostileJws.filter(({ big }) => !big), ...outOfTime]
  for (const { name, code, make } of rows) {
    test(name, async () => {
      const deployment = deployments.EdDSA
      const accessToken = await make(accessTokenParts(deployment))
      assertRefusal(await redeem(accessToken), refusal(code))
    })
  }

  test('meant for another gateway', async () => {
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, {
      aud: 'https://other.example/v1/visits',
    })
    assertRefusal(await redeem(accessToken), refusal('audience_mismatch'))
  })

  test('that lives longer than two minutes', async () => {
    const { iat } = deployed.accessTokenClaims(deployments.EdDSA)
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, { iat, exp: iat + 121 })
    assertRefusal(await redeem(accessToken), refusal('lifetime_exceeded'))
  })

  test('from a page of another origin', async () => {
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, {
      page: 'https://other.example',
    })
    assertRefusal(await redeem(accessToken), refusal('origin_mismatch'))
  })

  test('bound to a key, for a page without one', async () => {
    const { jkt } = await proofKey()
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, { jkt })
    assertRefusal(await redeem(accessToken), {
      status: 400,
      error: 'invalid_dpop_proof',
      code: 'key_binding_mismatch',
    })
  })

  test('bound to a key, for a page with another one', async () => {
    const { jkt } = await proofKey()
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA, { jkt })
    assertRefusal(await redeem(accessToken, await proofKey()), {
      status: 400,
      error: 'invalid_dpop_proof',
      code: 'key_binding_mismatch',
    })
  })

  test('and grants a good one, which these tests start from', async () => {
    const accessToken = await deployed.forgeAccessToken(deployments.EdDSA)
    const { status, content } = await redeem(accessToken)
    assert.equal(status, 200)
    assert.equal(typeof content.vt, 'string')
  })

  async function redeem(accessToken, key) {
    const { send } = await deployed.prepareVisit(deployments.EdDSA, { accessToken, proofKey: key })
    return send()
  }

  function refusal(code) {
    const unreadable = ['limit_exceeded', 'malformed', 'not_canonical'].includes(code)
    return { status: 400, error: unreadable ? 'invalid_request' : 'invalid_grant', code }
  }
})

describe('the protected endpoint refuses a visit token', () => {
  const rows = [...hostileJws.filter(({ big }) => !big), ...outOfTime]
  for (const { name, code, make } of rows) {
    test(name, async () => {
      const token = await make(visitTokenParts(deployments.EdDSA))
      const response = await deployed.callApi(deployments.EdDSA, { token })
      assertChallenge(response, { code })
      assert.ok(!response.body.includes(token), 'token in the answer')
    })
  }

  test('for another audience', async () => {
    const token = await deployed.forgeVisitToken(deployments.EdDSA, {
      aud: 'https://other.example',
    })
    assertChallenge(await deployed.callApi(deployments.EdDSA, { token }), {
      code: 'audience_mismatch',
    })
  })
})

function accessTokenParts(deployment) {
  return {
    typ: 'lp-at+jwt',
    claims: deployed.accessTokenClaims(deployment),
    key: deployment.signing,
  }
}

function visitTokenParts(deployment) {
  return { typ: 'vt+jwt', claims: deployed.visitTokenClaims(deployment), key: deployment.signing }
}

/** A JWE to the partner's key with anything inside. */
async function envelope(accessToken, key) {
  const header = {
    alg: 'ECDH-ES+A256KW',
    enc: 'A256GCM',
    kid: key.kid,
    typ: 'lp-at+jwe',
    cty: 'JWT',
  }
  return new CompactEncrypt(new TextEncoder().encode(accessToken))
    .setProtectedHeader(header)
    .encrypt(await importJWK(key, key.alg))
}
