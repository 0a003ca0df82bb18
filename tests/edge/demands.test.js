// What a service demands beside a good token: scopes of a route, its public address, single use.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, memoryLedger, proofKey, start } from './support/world.js'

const iat = start / 1000
const signer = generateKey('Ed25519', { kid: 's' })
const token = (more = {}) =>
  signJws(JSON.stringify({ iss: issuer, aud: audience, iat, exp: iat + 900, ...more }), signer, {
    typ: 'vt+jwt',
  })
const make = (options = {}) =>
  createVerifier({ issuer, audience, keys: [publicKey(signer)], now: clockAt(), ...options })
const bearer = (text) =>
  new Request(`${audience}/x`, { headers: { authorization: `Bearer ${text}` } })

const refused = (code) => (error) => {
  assert.equal(error.name, 'LingpaiError')
  assert.equal(error.code, code)
  return true
}

describe('a route', () => {
  test('may need more scope than the service, and says which', async () => {
    const verifier = make({ requiredScope: 'read' })
    const route = verifier.protect(() => new Response('paid'), { requiredScope: 'pay:small pay' })
    const poor = await route(bearer(token({ scope: 'read pay' })))
    assert.equal(poor.status, 403)
    assert.match(poor.headers.get('www-authenticate'), /scope="read pay:small pay"/)
    const rich = await route(bearer(token({ scope: 'pay read pay:small' })))
    assert.equal(await rich.text(), 'paid')
    const demand = { requiredScope: 'pay' }
    await assert.rejects(
      verifier.verify(token({ scope: 'read payment' }), demand),
      refused('insufficient_scope'),
    )
    assert.throws(
      () => verifier.verifySync(token({ scope: 'read' }), demand),
      refused('insufficient_scope'),
    )
  })

  test('passes on what else it is called with', async () => {
    const route = make().protect((_, { claims }, env, context) =>
      Response.json([claims.sub, env, context]),
    )
    const response = await route(bearer(token({ sub: 'u' })), 'env', 'context')
    assert.deepEqual(await response.json(), ['u', 'env', 'context'])
  })

  test('tells where its time went if it is asked to', async () => {
    const wanted = ({ headers }) => headers.has('x-trace')
    const route = make({ serverTiming: wanted }).protect(() => Response.redirect(`${audience}/y`))
    const plain = await route(bearer(token()))
    assert.equal(plain.headers.get('server-timing'), null)
    const request = bearer(token({ jti: 'not seen before' }))
    request.headers.set('x-trace', '1')
    const traced = await route(request)
    assert.equal(traced.status, 302)
    assert.match(traced.headers.get('server-timing'), /lp-verify;dur=/)
    const refusedOne = await route(new Request(audience, { headers: { 'x-trace': '1' } }))
    assert.equal(refusedOne.status, 401)
    assert.match(refusedOne.headers.get('server-timing'), /lp-credentials;dur=/)
  })
})

describe('the address in a proof', () => {
  const clock = clockAt()
  const key = proofKey('P-256', clock)
  const text = token({ cnf: { jkt: key.jkt } })
  const call = async (verifier, at, url) =>
    verifier.verify(
      new Request(at, {
        headers: { authorization: `DPoP ${text}`, dpop: await key.proof('GET', url, text) },
      }),
    )

  test('is one of the origins of the service, the one that was called', async () => {
    const other = 'https://api2.example'
    const verifier = make({ publicOrigin: [audience, other], replay: 'unchecked' })
    await call(verifier, `${other}/x`, `${other}/x`)
    await call(verifier, `${audience}/x`, `${audience}/x`)
    await call(verifier, 'https://internal.example/x', `${audience}/x`)
    await assert.rejects(
      call(verifier, `${audience}/x`, `${other}/x`),
      refused('proof_url_mismatch'),
    )
    const evil = 'https://evil.example/x'
    await assert.rejects(call(verifier, evil, evil), refused('proof_url_mismatch'))
  })

  test('has the path that clients see', async () => {
    const verifier = make({
      publicOrigin: audience,
      replay: 'unchecked',
      publicPath: ({ url }) => `/v2${new URL(url).pathname}`,
    })
    await call(verifier, 'http://inner/x?y=1', `${audience}/v2/x`)
    await assert.rejects(
      call(verifier, 'http://inner/x', `${audience}/x`),
      refused('proof_url_mismatch'),
    )
  })
})

test('a proof under the key of a stranger never reaches the host', async (t) => {
  const { subtle } = globalThis.crypto
  const imported = t.mock.method(subtle, 'importKey')
  const clock = clockAt()
  const own = proofKey('P-256', clock)
  const strangers = [1, 2, 3].map(() => proofKey('P-256', clock))
  const text = token({ cnf: { jkt: own.jkt } })
  const verifier = make({ publicOrigin: audience, replay: 'unchecked' })
  const url = `${audience}/x`
  const call = async (proof) =>
    verifier.verify(
      new Request(url, { headers: { authorization: `DPoP ${text}`, dpop: await proof } }),
    )
  const proofs = await Promise.all(strangers.map(({ proof }) => proof('GET', url, text)))
  const before = imported.mock.callCount()
  for (const proof of proofs) await assert.rejects(call(proof), refused('proof_key_mismatch'))
  assert.equal(imported.mock.callCount(), before)
  await call(own.proof('GET', url, text))
})

describe('a token for one use', () => {
  test('is used up by the first that is accepted, and by none that is refused', async () => {
    const verifier = make({ singleUse: true, replay: memoryLedger() })
    const text = token({ jti: 'once', scope: 'read' })
    await assert.rejects(
      verifier.verify(bearer(text), { requiredScope: 'pay' }),
      refused('insufficient_scope'),
    )
    await verifier.verify(bearer(text))
    await assert.rejects(verifier.verify(bearer(text)), refused('replayed'))
    await assert.rejects(verifier.verify(text), refused('replayed'))
    await verifier.verify(token({ jti: 'another' }))
    await assert.rejects(verifier.verify(token()), refused('claim_invalid'))
  })

  test('of a bound kind leaves its proof used up and itself not, where the store fails between', async () => {
    const store = memoryLedger()
    let failing = true
    const replay = {
      async burn(key, until) {
        if (key.startsWith('token') && failing) throw new Error('down')
        return store.burn(key, until)
      },
    }
    const verifier = make({ singleUse: true, replay, publicOrigin: audience })
    const key = proofKey('Ed25519', clockAt())
    const text = token({ jti: 'once', cnf: { jkt: key.jkt } })
    const url = `${audience}/x`
    const call = async () =>
      verifier.verify(
        new Request(url, {
          headers: { authorization: `DPoP ${text}`, dpop: await key.proof('GET', url, text) },
        }),
      )
    await assert.rejects(call(), refused('storage_unavailable'))
    failing = false
    await call()
    await assert.rejects(call(), refused('replayed'))
  })

  test('needs a store, and cannot be used up without waiting', () => {
    assert.throws(() => make({ singleUse: true }), /singleUse/)
    assert.throws(() => make({ singleUse: true, replay: 'unchecked' }), /singleUse/)
    const verifier = make({ singleUse: true, replay: memoryLedger() })
    assert.throws(() => verifier.verifySync(token({ jti: 'x' })), TypeError)
  })
})

describe('without waiting', () => {
  test('revocations cannot be asked for, and have to be left to the caller by name', () => {
    const verifier = make({ revocation: { isRevoked: () => true } })
    assert.throws(() => verifier.verifySync(token()), TypeError)
    assert.ok(verifier.verifySync(token(), { revocationCheckedByCaller: true }))
  })
})

describe('what is no token and no request', () => {
  test('is refused by its length before it costs anything', async () => {
    const verifier = make()
    for (const text of ['a'.repeat(50_000_000), '€'.repeat(20_000_000)]) {
      await assert.rejects(verifier.verify(text), refused('limit_exceeded'))
      assert.throws(() => verifier.verifySync(text), refused('limit_exceeded'))
    }
  })

  test('is a refusal like any other where a function of the service throws', async () => {
    const events = []
    const key = proofKey('Ed25519', clockAt())
    const text = token({ cnf: { jkt: key.jkt } })
    const options = { publicOrigin: audience, replay: 'unchecked', onEvent: (e) => events.push(e) }
    const headers = { authorization: `DPoP ${text}`, dpop: await key.proof('GET', audience, text) }
    const cause = new Error('no path')
    const failing = make({
      ...options,
      publicPath: () => {
        throw cause
      },
    })
    await assert.rejects(failing.verify(new Request(audience, { headers })), (error) => {
      assert.deepEqual([error.code, error.cause], ['internal', cause])
      return true
    })
    const relative = { method: 'GET', url: '//evil.example/x', headers: new Headers(headers) }
    await assert.rejects(make(options).verify(relative), refused('internal'))
    assert.deepEqual(
      events.map(({ type, code }) => [type, code]),
      [
        ['refused', 'internal'],
        ['refused', 'internal'],
      ],
    )
  })
})

describe('scopes', () => {
  test('that would break out of a challenge are wrong usage', () => {
    const verifier = make()
    for (const requiredScope of ['a"b', 'a\nb', '中', ' a', 'a  b', 7]) {
      assert.throws(() => make({ requiredScope }), /requiredScope/)
      assert.throws(
        () => verifier.protect(() => new Response(), { requiredScope }),
        /requiredScope/,
      )
    }
  })
})
