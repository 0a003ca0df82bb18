// What the page refuses to believe of an answer, although somebody who knows a lot may have made it.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import { sealVisit } from '@lingpai/h5'

import * as deployed from '../support/deployment.js'
import { hostileJwe } from '../support/hostile_jwe.js'
import { hostileJws } from '../support/hostile_jws.js'
import { keySet, proofKey, publicKey } from '../support/jose_keys.js'
import { nowSeconds, openRequest, sealAnswer, sign } from '../support/jose_party.js'
import { refusedWith } from '../support/refused.js'

const page = 'https://page.example'

describe('the page refuses an answer', () => {
  let deployment
  let key

  before(async () => {
    deployment = await deployed.createDeployment({ issuer: 'https://gate.example', pages: [page] })
    key = await proofKey()
  })

  /** A visit in which the test is the authority. */
  async function begin() {
    const { issuer, signing, app } = deployment
    const claims = deployed.accessTokenClaims(deployment, { jkt: key.jkt })
    const accessToken = await sign('lp-at+jwt', claims, signing)
    const options = { accessToken, issuer, keys: keySet(signing), proofKeyThumbprint: key.jkt }
    const { request, open } = await sealVisit(options)
    return { opened: openRequest(request, app), open, claims }
  }

  const good = (claims) =>
    deployed.visitTokenClaims(deployment, {
      sub: claims.sub,
      client_id: claims.client_id,
      scope: claims.scope,
      jkt: key.jkt,
    })

  const content = (vt) => ({ vt, ak: publicKey(deployment.app), now: nowSeconds() })

  test('but takes a good one', async () => {
    const { opened, open, claims } = await begin()
    const vt = await sign('vt+jwt', good(claims), deployment.signing)
    const answer = await open(await sealAnswer(opened, content(vt)))
    assert.equal(answer.token, vt)
  })

  test('to another request', async () => {
    const { open } = await begin()
    const { opened, claims } = await begin()
    const vt = await sign('vt+jwt', good(claims), deployment.signing)
    const another = await sealAnswer(opened, content(vt))
    await refusedWith('answer_mismatch', () => open(another), [vt])
  })

  test('to another request, under this one’s name', async () => {
    const { opened: mine, open } = await begin()
    const { opened: other } = await begin()
    const kid = (await sealAnswer(mine, {})).split('.')[0]
    const header = JSON.parse(Buffer.from(kid, 'base64url'))
    const answer = await sealAnswer(other, { now: nowSeconds() }, header)
    await refusedWith('decryption_failed', () => open(answer))
  })

  for (const { name, code, make, direct } of hostileJwe) {
    if (!direct) continue
    // The page looks at the content's type before it decrypts.
    const expected = name === 'altered header' ? 'type_mismatch' : code
    test(name, async () => {
      const { opened, open, claims } = await begin()
      const vt = await sign('vt+jwt', good(claims), deployment.signing)
      const answer = make(await sealAnswer(opened, content(vt)))
      await refusedWith(expected, () => open(answer), [vt])
    })
  }

  test('of another type', async () => {
    const { opened, open } = await begin()
    const answer = await sealAnswer(opened, { now: nowSeconds() }, { typ: 'lp-visit+jwe' })
    await refusedWith('type_mismatch', () => open(answer))
  })

  test('without a time', async () => {
    const { opened, open, claims } = await begin()
    const vt = await sign('vt+jwt', good(claims), deployment.signing)
    const { now: _, ...rest } = content(vt)
    await refusedWith('claim_invalid', async () => open(await sealAnswer(opened, rest)))
  })

  const visitTokens = {
    'for another audience': [{ aud: 'https://other.example' }, 'audience_mismatch'],
    'for several audiences': [
      { aud: ['https://gate.example', 'https://other.example'] },
      'claim_invalid',
    ],
    'about another subject': [{ sub: 'somebody else' }, 'subject_mismatch'],
    'of another client': [{ client_id: 'other' }, 'client_mismatch'],
    'with wider scope': [{ scope: 'profile orders:read orders:write' }, 'scope_exceeded'],
    'bound to another key': [{ cnf: { jkt: 'A'.repeat(43) } }, 'key_binding_mismatch'],
    'bound to no key': [{ cnf: undefined }, 'key_binding_mismatch'],
    'bound in an unknown way': [{ cnf: { 'x5t#S256': 'A'.repeat(43) } }, 'claim_invalid'],
    'of another issuer': [{ iss: 'https://other.example' }, 'issuer_mismatch'],
    'that lives longer than a quarter of an hour': [
      { exp: nowSeconds() + 2000 },
      'lifetime_exceeded',
    ],
    'that had expired when the answer was made': [
      { iat: nowSeconds() - 600, exp: nowSeconds() - 60 },
      'token_expired',
    ],
    'that was not valid yet when the answer was made': [
      { iat: nowSeconds() + 300, exp: nowSeconds() + 600 },
      'token_not_yet_valid',
    ],
  }
  for (const [name, [change, code]] of Object.entries(visitTokens)) {
    test(`with a visit token ${name}`, async () => {
      const { opened, open, claims } = await begin()
      const vt = await sign('vt+jwt', { ...good(claims), ...change }, deployment.signing)
      await refusedWith(code, async () => open(await sealAnswer(opened, content(vt))), [vt])
    })
  }

  for (const { name, code, make, big } of hostileJws) {
    if (big) continue
    test(`with a hostile visit token: ${name}`, async () => {
      const { opened, open, claims } = await begin()
      const vt = await make({ typ: 'vt+jwt', claims: good(claims), key: deployment.signing })
      await refusedWith(code, async () => open(await sealAnswer(opened, content(vt))), [vt])
    })
  }

  test('that refuses, and says so with the reason', async () => {
    const { opened, open } = await begin()
    const document = {
      error: 'invalid_grant',
      error_description: 'token_expired',
      status: 400,
      now: nowSeconds(),
    }
    await refusedWith('token_expired', async () => open(await sealAnswer(opened, document)))
  })
})
