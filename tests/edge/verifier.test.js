// What the verifier lets pass, and each refusal under its own code.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { challenge, createVerifier, familyRevocation, toProblem } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import {
  audience,
  clockAt,
  issuer,
  memoryLedger,
  proofKey,
  sharedKey,
  start,
} from './support/world.js'

const me = `${audience}/api/me`
const issuerKey = generateKey('Ed25519', { kid: 'k1' })
const keys = [publicKey(issuerKey)]

/** A verifier and tokens for it. */
function service(options = {}) {
  const clock = clockAt()
  const verifier = createVerifier({
    issuer,
    audience,
    keys,
    publicOrigin: audience,
    replay: memoryLedger(),
    now: clock,
    ...options,
  })
  return { clock, verifier }
}

function token(claims = {}, key = issuerKey, typ = 'vt+jwt') {
  const iat = start / 1000
  return signJws(
    JSON.stringify({ iss: issuer, aud: audience, iat, exp: iat + 900, ...claims }),
    key,
    { typ },
  )
}

function request(headers, url = me, method = 'GET') {
  return new Request(url, { method, headers })
}

const refused = (code) => (error) => {
  assert.equal(error.name, 'LingpaiError')
  assert.equal(error.code, code)
  return true
}

describe('a token', () => {
  test('of every algorithm is verified', async () => {
    const shared = { ...sharedKey(), kid: 'shared' }
    const p256 = generateKey('P-256', { kid: 'k2' })
    for (const [key, believed] of [
      [issuerKey, keys],
      [p256, [publicKey(p256)]],
      [p256, { keys: [...keys, publicKey(p256)] }],
      [shared, shared],
    ]) {
      const { verifier } = service({ keys: believed })
      const { claims } = await verifier.verify(token({ sub: 'u' }, key))
      assert.equal(claims.sub, 'u')
    }
  })

  for (const [code, claims, key, typ] of [
    ['token_expired', { iat: start / 1000 - 900, exp: start / 1000 - 5 }],
    ['claim_invalid', { exp: start / 1000 - 5 }],
    ['token_not_yet_valid', { iat: start / 1000 + 6 }],
    ['token_not_yet_valid', { nbf: start / 1000 + 6 }],
    ['issuer_mismatch', { iss: `${issuer}/` }],
    ['audience_mismatch', { aud: 'https://other.example' }],
    ['audience_mismatch', { aud: ['https://other.example'] }],
    ['claim_invalid', { exp: '1' }],
    ['claim_invalid', { sub: { a: 1 } }],
    ['claim_invalid', { sid: 7 }],
    ['claim_invalid', { jti: null }],
    ['claim_invalid', { client_id: ['app'] }],
    ['claim_invalid', { cnf: { 'x5t#S256': 'x' } }],
    ['type_mismatch', {}, issuerKey, 'at+jwt'],
    ['signature_invalid', {}, generateKey('Ed25519', { kid: 'k1' })],
    ['key_not_found', {}, generateKey('Ed25519', { kid: 'other' })],
    ['algorithm_not_allowed', {}, generateKey('P-256', { kid: 'k1' })],
    ['insufficient_scope', { scope: 'read' }],
  ]) {
    test(`is refused as ${code}: ${JSON.stringify(claims)} ${key?.crv ?? ''} ${typ ?? ''}`, async () => {
      const { verifier } = service({ requiredScope: code === 'insufficient_scope' ? 'pay' : '' })
      await assert.rejects(verifier.verify(token(claims, key, typ)), refused(code))
    })
  }

  test('is refused on its signature before its times are looked at', async () => {
    const forged = token({ exp: 1, iat: 0 }, generateKey('Ed25519', { kid: 'k1' }))
    await assert.rejects(service().verifier.verify(forged), refused('signature_invalid'))
  })

  test('with HS256 under the public key as a secret is refused', async () => {
    const secret = { kty: 'oct', k: keys[0].x, kid: 'k1' }
    await assert.rejects(
      service().verifier.verify(token({}, secret)),
      refused('algorithm_not_allowed'),
    )
  })

  test('has one text: every other spelling is refused', async () => {
    const { verifier } = service()
    const good = token()
    await verifier.verify(good)
    for (const other of [` ${good}`, `${good}=`, `${good}\n`, good.replace('.', '=.')]) {
      await assert.rejects(verifier.verify(other), (error) => error.name === 'LingpaiError')
    }
  })
})

describe('a token seen before', () => {
  test('is checked against the clock each time', async () => {
    const { verifier, clock } = service()
    const text = token()
    await verifier.verify(text)
    await verifier.verify(text)
    clock.pass(904)
    await verifier.verify(text)
    clock.pass(1)
    await assert.rejects(verifier.verify(text), refused('token_expired'))
    clock.pass(-1000)
    await assert.rejects(verifier.verify(text), refused('token_not_yet_valid'))
  })

  test('is checked for revocation each time', async () => {
    const revoked = new Set()
    const revocation = familyRevocation(
      { isRevoked: async (sid) => revoked.has(sid) },
      { stalenessSeconds: 0 },
    )
    const { verifier } = service({ revocation })
    const text = token({ sid: 'family' })
    await verifier.verify(text)
    await verifier.verify(text)
    revoked.add('family')
    await assert.rejects(verifier.verify(text), refused('token_revoked'))
  })

  test('gives claims that nobody can change for others', async () => {
    const { verifier } = service()
    const text = token({ roles: { admin: false } })
    for (let i = 0; i < 3; i++) {
      const { claims } = await verifier.verify(text)
      assert.equal(claims.roles.admin, false)
      assert.throws(() => (claims.roles.admin = true), TypeError)
    }
  })

  test('does not stand for one with another signature', async () => {
    const { verifier } = service()
    const text = token()
    await verifier.verify(text)
    await verifier.verify(text)
    const altered = text.slice(0, -10) + (text.at(-10) === 'A' ? 'B' : 'A') + text.slice(-9)
    await assert.rejects(verifier.verify(altered), refused('signature_invalid'))
  })
})

describe('a revocation source that fails', () => {
  test('refuses', async () => {
    const revocation = { isRevoked: async () => Promise.reject(new Error('down')) }
    const { verifier } = service({ revocation })
    await assert.rejects(verifier.verify(token()), refused('storage_unavailable'))
  })
})

describe('a request', () => {
  test('with a Bearer token is verified', async () => {
    const { verifier } = service()
    const { claims } = await verifier.verify(request({ authorization: `Bearer ${token()}` }))
    assert.equal(claims.iss, issuer)
  })

  for (const [code, headers] of [
    ['token_missing', {}],
    ['token_missing', { authorization: 'Basic dTpw' }],
    ['invalid_request', { authorization: 'Bearer' }],
    ['invalid_request', { authorization: 'Bearer a b' }],
    ['scheme_mismatch', { authorization: `DPoP ${token()}` }],
    ['limit_exceeded', { authorization: `Bearer ${'a'.repeat(20_000)}` }],
    ['malformed', { authorization: 'Bearer abc' }],
  ]) {
    const shown = headers.authorization?.slice(0, 12) ?? ''
    test(`is refused as ${code}: ${shown}`, async () => {
      await assert.rejects(service().verifier.verify(request(headers)), refused(code))
    })
  }

  test('with two Authorization headers is refused', async () => {
    const headers = new Headers({ authorization: `Bearer ${token()}` })
    headers.append('authorization', `Bearer ${token()}`)
    await assert.rejects(service().verifier.verify(request(headers)), refused('invalid_request'))
  })
})

describe('a bound token', () => {
  for (const kind of ['Ed25519', 'P-256']) {
    test(`passes with a proof by its ${kind} key`, async () => {
      const { verifier, clock } = service()
      const key = proofKey(kind, clock)
      const text = token({ cnf: { jkt: key.jkt } })
      const headers = { authorization: `DPoP ${text}`, dpop: await key.proof('GET', me, text) }
      const { proof } = await verifier.verify(request(headers, `${me}?q=1`))
      assert.equal(proof.jkt, key.jkt)
    })
  }

  for (const [code, change] of [
    ['proof_method_mismatch', { htm: 'POST' }],
    ['proof_url_mismatch', { htu: `${audience}/api/you` }],
    ['proof_url_mismatch', { htu: me.replace('https', 'http') }],
    ['proof_token_mismatch', { ath: 'x' }],
    ['proof_token_mismatch', { ath: undefined }],
    ['proof_expired', { iat: start / 1000 - 61 }],
    ['proof_expired', { iat: start / 1000 + 61 }],
    ['invalid_dpop_proof', { jti: '' }],
    ['invalid_dpop_proof', { jti: 'x'.repeat(129) }],
    ['invalid_dpop_proof', { header: { typ: 'jwt' } }],
    ['invalid_dpop_proof', { header: { alg: 'none' } }],
  ]) {
    test(`is refused as ${code}: ${JSON.stringify(change).slice(0, 60)}`, async () => {
      const { verifier, clock } = service()
      const key = proofKey('Ed25519', clock)
      const text = token({ cnf: { jkt: key.jkt } })
      const dpop = await key.proof('GET', me, text, change)
      const headers = { authorization: `DPoP ${text}`, dpop }
      await assert.rejects(verifier.verify(request(headers)), refused(code))
    })
  }

  test('compares addresses in normal form, under the configured origin', async () => {
    const { verifier, clock } = service()
    const key = proofKey('Ed25519', clock)
    const text = token({ cnf: { jkt: key.jkt } })
    const dpop = await key.proof('GET', 'HTTPS://API.example:443/api/%6de', text)
    const headers = { authorization: `DPoP ${text}`, dpop, 'x-forwarded-host': 'evil.example' }
    await verifier.verify(request(headers, 'http://10.0.0.1:8787/api/me'))
  })

  test('is refused with the proof of another key', async () => {
    const { verifier, clock } = service()
    const [key, other] = [proofKey('Ed25519', clock), proofKey('Ed25519', clock)]
    const text = token({ cnf: { jkt: key.jkt } })
    const headers = { authorization: `DPoP ${text}`, dpop: await other.proof('GET', me, text) }
    await assert.rejects(verifier.verify(request(headers)), refused('proof_key_mismatch'))
  })

  test('is refused with a proof used before, and that is found out last', async () => {
    const { verifier, clock } = service()
    const key = proofKey('Ed25519', clock)
    const text = token({ cnf: { jkt: key.jkt } })
    const headers = { authorization: `DPoP ${text}`, dpop: await key.proof('GET', me, text) }
    await assert.rejects(
      verifier.verify(request(headers, me, 'POST')),
      refused('proof_method_mismatch'),
    )
    await verifier.verify(request(headers))
    await assert.rejects(verifier.verify(request(headers)), refused('proof_replayed'))
  })

  test('is refused without a proof, with two, and as a bearer token', async () => {
    const { verifier, clock } = service()
    const key = proofKey('Ed25519', clock)
    const text = token({ cnf: { jkt: key.jkt } })
    const authorization = `DPoP ${text}`
    await assert.rejects(verifier.verify(request({ authorization })), refused('proof_required'))
    const headers = new Headers({ authorization, dpop: await key.proof('GET', me, text) })
    headers.append('dpop', await key.proof('GET', me, text))
    await assert.rejects(verifier.verify(request(headers)), refused('invalid_dpop_proof'))
    const bearer = request({ authorization: `Bearer ${text}` })
    await assert.rejects(verifier.verify(bearer), refused('scheme_mismatch'))
  })

  test('is refused when the replay store does not answer', async () => {
    const replay = { burn: async () => Promise.reject(new Error('down')) }
    const { verifier, clock } = service({ replay })
    const key = proofKey('Ed25519', clock)
    const text = token({ cnf: { jkt: key.jkt } })
    const headers = { authorization: `DPoP ${text}`, dpop: await key.proof('GET', me, text) }
    await assert.rejects(verifier.verify(request(headers)), refused('storage_unavailable'))
  })

  test('alone passes only if the caller says that it checks the proof', async () => {
    const { verifier, clock } = service()
    const text = token({ cnf: { jkt: proofKey('Ed25519', clock).jkt } })
    assert.throws(() => verifier.verifySync(text), refused('proof_required'))
    await assert.rejects(verifier.verify(text), refused('proof_required'))
    assert.equal(verifier.verifySync(text, { proofCheckedByCaller: true }).token, text)
  })

  test('is refused by a verifier that has no replay store', async () => {
    const { verifier, clock } = service({ publicOrigin: undefined, replay: undefined })
    const key = proofKey('Ed25519', clock)
    const text = token({ cnf: { jkt: key.jkt } })
    const headers = { authorization: `DPoP ${text}`, dpop: await key.proof('GET', me, text) }
    await assert.rejects(verifier.verify(request(headers)), refused('proof_required'))
  })
})

describe('protect', () => {
  const answer = (verifier, headers) =>
    verifier.protect((_, { claims }) => Response.json(claims.iss))(request(headers))

  test('hands a verified request to the handler', async () => {
    const response = await answer(service().verifier, { authorization: `Bearer ${token()}` })
    assert.equal(await response.json(), issuer)
  })

  test('answers another with a problem document and a challenge', async () => {
    const response = await answer(service().verifier, {
      authorization: `Bearer ${token({ exp: start / 1000 - 9, iat: start / 1000 - 900 })}`,
    })
    assert.equal(response.status, 401)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(
      response.headers.get('www-authenticate'),
      'DPoP error="invalid_token", error_description="token_expired", algs="EdDSA ES256"',
    )
    assert.deepEqual(await response.json(), {
      type: 'urn:x-lingpai:error:token_expired',
      title: 'Token expired',
      status: 401,
      error: 'invalid_token',
      error_description: 'token_expired',
    })
  })

  test('asks for a token without naming an error where there was none', async () => {
    const response = await answer(service().verifier, {})
    assert.equal(response.headers.get('www-authenticate'), 'DPoP algs="EdDSA ES256"')
  })

  test('names the scope that is missing', async () => {
    const { verifier } = service({ requiredScope: 'pay' })
    const response = await answer(verifier, { authorization: `Bearer ${token()}` })
    assert.equal(response.status, 403)
    assert.match(
      response.headers.get('www-authenticate'),
      /error="insufficient_scope".*scope="pay"/,
    )
  })

  test('leaves the errors of the handler alone', async () => {
    const fault = new Error('mine')
    const handler = service().verifier.protect(() => Promise.reject(fault))
    await assert.rejects(handler(request({ authorization: `Bearer ${token()}` })), fault)
  })
})

describe('an error that is not ours', () => {
  test('is shown as internal, without its text', () => {
    const problem = toProblem(new Error('secret'))
    assert.equal(problem.status, 500)
    assert.doesNotMatch(JSON.stringify(problem), /secret/)
    assert.equal(challenge(new Error('secret')), undefined)
  })
})

describe('wrong usage', () => {
  const good = { issuer, audience, keys }
  for (const [name, options] of [
    ['issuer', { issuer: '' }],
    ['audience', { audience: [] }],
    ['keys', { keys: 'http://keys.example/jwks.json' }],
    ['keys', { keys: 'not a url' }],
    ['keys', { keys: publicKey(issuerKey) }],
    ['keys', { keys: [{ kty: 'OKP' }] }],
    ['replay', { publicOrigin: audience }],
    ['publicOrigin', { replay: 'unchecked' }],
    ['publicOrigin', { publicOrigin: `${audience}/`, replay: 'unchecked' }],
    ['clockToleranceSeconds', { clockToleranceSeconds: -1 }],
    ['cacheSize', { cacheSize: 1.5 }],
  ]) {
    test(`is a TypeError that names ${name}: ${JSON.stringify(options).slice(0, 60)}`, () => {
      assert.throws(
        () => createVerifier({ ...good, ...options }),
        (error) => error instanceof TypeError && error.message.startsWith(`${name}:`),
      )
    })
  }
})
