// What the authority refuses to a partner's back-end.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { hostileJws, outOfTime } from '../support/hostile_jws.js'
import { clientAssertion, nowSeconds } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

let worker
let deployment

before(async () => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  deployment = await deployed.createDeployment({ issuer, pages: [page] })
  worker = await startWorker({ port, bindings: deployment.bindings })
})

after(() => worker?.stop())

describe('an assertion is refused', () => {
  // A sender whose signature holds is told the reason, a stranger is not.
  const rows = {
    'for another issuer': [{ aud: 'https://other.example' }, 'audience_mismatch'],
    'for several audiences': [{ aud: ['https://gate.example'] }, 'audience_mismatch'],
    'about somebody else': [{ sub: 'other' }, 'subject_mismatch'],
    'without jti': [{ jti: undefined }, 'claim_invalid'],
    'that lives longer than a minute': [{ exp: nowSeconds() + 3600 }, 'lifetime_exceeded'],
    'without a time': [{ iat: undefined }, 'claim_invalid'],
    'of an unknown client': [{ iss: 'nobody', sub: 'nobody' }, undefined],
  }
  for (const [name, [claims, reason]] of Object.entries(rows)) {
    test(name, async () => assertInvalidClient(await ask({ claims }), reason))
  }

  for (const { name, code, make } of outOfTime) {
    test(name, async () => assertInvalidClient(await ask({ assertion: await hostile(make) }), code))
  }

  for (const { name, make, big } of hostileJws) {
    if (big) continue
    test(`that is hostile: ${name}`, async () => {
      assertInvalidClient(await ask({ assertion: await hostile(make) }), undefined)
    })
  }

  function hostile(make) {
    return make({
      typ: 'client-authentication+jwt',
      claims: {
        iss: 'partner',
        sub: 'partner',
        aud: deployment.issuer,
        iat: nowSeconds(),
        exp: nowSeconds() + 60,
        jti: crypto.randomUUID(),
      },
      key: deployment.partner.signing,
    })
  }

  test('that was used before', async () => {
    const { issuer, partner } = deployment
    const assertion = await clientAssertion({ clientId: 'partner', issuer, key: partner.signing })
    assert.equal((await ask({ assertion })).status, 200)
    assertInvalidClient(await ask({ assertion }), 'replayed')
  })

  test('whose jti was used before', async () => {
    const jti = crypto.randomUUID()
    assert.equal((await ask({ claims: { jti } })).status, 200)
    assertInvalidClient(await ask({ claims: { jti, exp: nowSeconds() + 30 } }), 'replayed')
  })
})

describe('an authenticated partner is refused', () => {
  const rows = {
    'a page that is not registered': [{ page: 'https://other.example' }, 'invalid_target'],
    'a page that is no origin': [{ page: 'https://page.example/path' }, 'invalid_target'],
    'an audience that is not registered': [{ audience: 'https://other.example' }, 'invalid_target'],
    'a scope that is not registered': [{ scope: 'profile admin' }, 'invalid_scope'],
    'a thumbprint that is none': [{ jkt: 'short' }, 'invalid_request'],
    'no subject': [{ subject: '' }, 'invalid_request'],
  }
  for (const [name, [members, code]] of Object.entries(rows)) {
    test(name, async () => {
      const response = await ask(members)
      assert.equal(response.status, 400)
      const document = JSON.parse(response.body)
      assert.deepEqual([document.error, document.error_description], [code, code])
    })
  }
})

test('a subject is an opaque id, the same for the same user', async () => {
  const subjects = await Promise.all(
    ['user-1', 'user-1', 'user-2'].map(async (subject) => {
      const { accessToken } = await ask({ subject })
      return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sub
    }),
  )
  assert.equal(subjects[0], subjects[1])
  assert.notEqual(subjects[0], subjects[2])
  assert.ok(!subjects.join().includes('user-'), 'opaque')
})

function ask(members) {
  return deployed.requestAccessToken(deployment, members)
}

function assertInvalidClient(response, reason) {
  assert.equal(response.status, 401, response.body)
  const { error, error_description: description } = JSON.parse(response.body)
  assert.deepEqual([error, description], ['invalid_client', reason])
}
