// Tokens that come sealed to the edge, with a ring of keys that rotates.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { createVerifier as createFullVerifier } from '@lingpai/edge/authority'
import { generateKey, publicKey, sealJwe, sealToken, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, memoryLedger, proofKey, start } from './support/world.js'

const iat = start / 1000
const signer = generateKey('Ed25519', { kid: 's' })
const token = (more = {}) =>
  signJws(JSON.stringify({ iss: issuer, aud: audience, iat, exp: iat + 900, ...more }), signer, {
    typ: 'vt+jwt',
  })
const make = (unsealKeys, options = {}, create = createVerifier) =>
  create({ issuer, audience, keys: [publicKey(signer)], unsealKeys, now: clockAt(), ...options })

const refused = (code) => (error) => {
  assert.equal(error.name, 'LingpaiError')
  assert.equal(error.code, code)
  return true
}

for (const kind of ['X25519', 'ECDH-P-256']) {
  describe(`a token sealed to ${kind}`, () => {
    const edgeKey = generateKey(kind, { kid: 'edge' })
    const sealTo = publicKey(edgeKey)

    test('is opened and verified, by both modules, and again from memory', async () => {
      for (const create of [createVerifier, createFullVerifier]) {
        const events = []
        const verifier = make(
          [{ key: edgeKey }],
          { onEvent: (event) => events.push(event) },
          create,
        )
        const text = sealToken(token({ sub: 'u' }), sealTo)
        for (let i = 0; i < 3; i++) {
          const verified = await verifier.verify(text)
          assert.equal(verified.claims.sub, 'u')
          assert.equal(verified.token, text)
        }
        assert.deepEqual(
          events.map(({ cached }) => cached),
          [false, false, true],
        )
      }
    })

    test('is refused where any part was altered', async () => {
      const verifier = make([{ key: edgeKey }])
      const parts = sealToken(token(), sealTo).split('.')
      for (const part of [1, 2, 3, 4]) {
        const bytes = Buffer.from(parts[part], 'base64url')
        bytes[1] ^= 1
        const changed = [...parts]
        changed[part] = bytes.toString('base64url')
        await assert.rejects(verifier.verify(changed.join('.')), refused('decryption_failed'))
      }
    })

    test('binds its proof to the text that was presented', async () => {
      const key = proofKey('P-256', clockAt())
      const verifier = make([{ key: edgeKey }], { publicOrigin: audience, replay: memoryLedger() })
      const inner = token({ cnf: { jkt: key.jkt } })
      const text = sealToken(inner, sealTo)
      const url = `${audience}/x`
      const call = async (about) =>
        verifier.verify(
          new Request(url, {
            headers: {
              authorization: `DPoP ${text}`,
              dpop: await key.proof('GET', url, about),
            },
          }),
        )
      assert.equal((await call(text)).proof.jkt, key.jkt)
      await assert.rejects(call(inner), refused('proof_token_mismatch'))
    })

    test('opens under the keys of the ring while they last', async () => {
      const next = generateKey(kind, { kid: 'next' })
      const clock = clockAt()
      const ring = [
        { key: edgeKey, retireAtSeconds: iat + 100 },
        { key: next, activeFromSeconds: iat + 50 },
      ]
      const verifier = make(ring, { now: clock })
      const old = sealToken(token(), sealTo)
      const fresh = sealToken(token(), publicKey(next))
      await verifier.verify(old)
      await verifier.verify(fresh)
      clock.pass(200)
      await assert.rejects(verifier.verify(old), refused('unknown_key'))
      await verifier.verify(fresh)
    })
  })
}

describe('sealed tokens', () => {
  const edgeKey = generateKey('X25519', { kid: 'edge' })
  const sealTo = publicKey(edgeKey)

  test('are refused without keys for them, and plain ones where they have to be sealed', async () => {
    await assert.rejects(make().verify(sealToken(token(), sealTo)), refused('type_mismatch'))
    const strict = make([{ key: edgeKey }], { sealedOnly: true })
    await strict.verify(sealToken(token(), sealTo))
    await assert.rejects(strict.verify(token()), refused('type_mismatch'))
    assert.throws(() => strict.verifySync(token({ a: 1 })), refused('type_mismatch'))
    assert.throws(() => make(undefined, { sealedOnly: true }), /unsealKeys/)
  })

  test('of another type, in another wrapping, or unsigned inside, are refused', async () => {
    const verifier = make([{ key: edgeKey }])
    const seal = (text, typ, cty) => sealJwe(text, sealTo, { typ, cty })
    await assert.rejects(
      verifier.verify(seal(token(), 'lp-at+jwe', 'JWT')),
      refused('type_mismatch'),
    )
    await assert.rejects(
      verifier.verify(seal(token(), 'lp-vt+jwe', 'json')),
      refused('type_mismatch'),
    )
    for (const inner of ['{"sub":"admin"}', '', sealToken(token(), sealTo)]) {
      await assert.rejects(verifier.verify(seal(inner, 'lp-vt+jwe', 'JWT')), refused('malformed'))
    }
  })

  test('name a key of the ring', async () => {
    const other = publicKey(generateKey('X25519', { kid: 'other' }))
    await assert.rejects(
      make([{ key: edgeKey }]).verify(sealToken(token(), other)),
      refused('unknown_key'),
    )
  })

  test('have keys that the host can use, as ready() says', async () => {
    const key = generateKey('ECDH-P-256', { kid: 'edge' })
    const other = generateKey('ECDH-P-256', { kid: 'other' })
    const bad = { ...key, d: other.d }
    const verifier = make([{ key: bad }])
    await assert.rejects(verifier.ready(), /unsealKeys/)
    await assert.rejects(verifier.verify(sealToken(token(), publicKey(key))), (error) => {
      assert.equal(error.code, 'internal')
      assert.equal(JSON.stringify([error.message, String(error.cause)]).includes(bad.d), false)
      return true
    })
    await make([{ key }]).ready()
  })

  test('need private keys for encryption', () => {
    for (const key of [sealTo, signer]) assert.throws(() => make([{ key }]), /unsealKeys/)
    assert.throws(() => make([]), /unsealKeys/)
    for (const kind of ['X25519', 'ECDH-P-256']) {
      const whole = generateKey(kind, { kid: 'edge' })
      for (const d of [undefined, '', 'AA', `${whole.d}A`, 7]) {
        assert.throws(() => make([{ key: { ...whole, d } }]), /unsealKeys/)
      }
    }
  })
})
