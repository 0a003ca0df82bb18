// Tokens that the host's WebCrypto verifies: every algorithm, and what an attacker may try between the module and the host.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { createVerifier as createFullVerifier } from '@lingpai/edge/authority'
import { generateKey, publicKey } from '@lingpai/edge/jose'
import { hostAlgorithms, hostKey } from './support/host_keys.js'
import { audience, clockAt, issuer, start } from './support/world.js'

const iat = start / 1000
const claims = { iss: issuer, aud: audience, iat, exp: iat + 900, sub: 'u' }
const believing = (keys, options = {}, create = createVerifier) =>
  create({ issuer, audience, keys, now: clockAt(), ...options })

const refused = (code) => (error) => {
  assert.equal(error.name, 'LingpaiError')
  assert.equal(error.code, code)
  return true
}

/** Changes one bit of the last byte but one of a part. */
function altered(token, part) {
  const parts = token.split('.')
  const bytes = Buffer.from(parts[part], 'base64url')
  bytes[bytes.length - 2] ^= 1
  parts[part] = bytes.toString('base64url')
  return parts.join('.')
}

for (const alg of hostAlgorithms) {
  describe(alg, () => {
    const made = hostKey(alg)

    test('is verified by both modules, and again from memory', async () => {
      const { jwk, token } = await made
      for (const create of [createVerifier, createFullVerifier]) {
        const events = []
        const verifier = believing([jwk], { onEvent: (event) => events.push(event) }, create)
        const text = await token(claims)
        for (let i = 0; i < 3; i++) {
          assert.equal((await verifier.verify(text)).claims.sub, 'u')
        }
        assert.deepEqual(
          events.map(({ algorithm, cached }) => [algorithm, cached]),
          [
            [alg, false],
            [alg, false],
            [alg, true],
          ],
        )
      }
    })

    test('is refused where header, claims or signature were altered', async () => {
      const { jwk, token } = await made
      const text = await token(claims)
      const verifier = believing([jwk])
      await assert.rejects(verifier.verify(altered(text, 2)), refused('signature_invalid'))
      const forged = await token({ ...claims, sub: 'admin' })
      const mixed = [...forged.split('.').slice(0, 2), text.split('.')[2]].join('.')
      await assert.rejects(verifier.verify(mixed), refused('signature_invalid'))
    })

    test('has a signature of one length', async () => {
      const { jwk, token } = await made
      const [header, payload, signature] = (await token(claims)).split('.')
      const bytes = Buffer.from(signature, 'base64url')
      for (const other of [bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)]), []]) {
        const text = `${header}.${payload}.${Buffer.from(other).toString('base64url')}`
        await assert.rejects(believing([jwk]).verify(text), refused('signature_invalid'))
      }
    })

    test('is refused on its signature before its times are looked at', async () => {
      const { jwk, token } = await made
      const old = await token({ ...claims, iat: iat - 900, exp: iat - 100 })
      await assert.rejects(believing([jwk]).verify(altered(old, 2)), refused('signature_invalid'))
      await assert.rejects(believing([jwk]).verify(old), refused('token_expired'))
    })

    test('is refused under a key for another algorithm', async () => {
      const { bare, jwk, token } = await made
      const others = hostAlgorithms.filter((other) => other !== alg)
      for (const other of others) {
        // With a matching kind of key: only `alg` stands against it. Otherwise the set itself is wrong usage.
        const sameKind = bare.kty === 'RSA' && /^[RP]S/.test(other)
        if (!sameKind) continue
        const verifier = believing([{ ...jwk, alg: other }])
        await assert.rejects(verifier.verify(await token(claims)), refused('algorithm_not_allowed'))
      }
      const ed25519 = publicKey(generateKey('Ed25519', { kid: alg }))
      await assert.rejects(
        believing([ed25519]).verify(await token(claims)),
        refused('algorithm_not_allowed'),
      )
    })

    test('cannot be had without waiting', async () => {
      const { jwk, token } = await made
      const text = await token(claims)
      const verifier = believing([jwk])
      assert.throws(() => verifier.verifySync(text), refused('algorithm_not_allowed'))
      for (let i = 0; i < 2; i++) await verifier.verify(text)
      assert.equal(verifier.verifySync(text).claims.sub, 'u', 'what was verified is remembered')
    })

    test('is taken with a key that does not say so only where the issuer is known to use it', async () => {
      const { bare, token } = await made
      const bareKey = { ...bare, kid: alg }
      const text = await token(claims)
      const named = believing([bareKey], { algorithms: [alg] })
      assert.equal((await named.verify(text)).claims.sub, 'u')
      // A set of ours with such a key is malformed, or leaves it out where nothing else of it is known.
      await assert.rejects(
        async () => believing([bareKey]).verify(text),
        ({ name, code }) => name === 'TypeError' || code === 'key_not_found',
      )
      const { jwk } = await made
      const other = alg === 'RS256' ? 'PS256' : 'RS256'
      await assert.rejects(
        believing([jwk], { algorithms: [other] }).verify(text),
        refused('algorithm_not_allowed'),
      )
    })
  })
}

describe('keys', () => {
  test('off their curve are refused, and nothing else breaks', async () => {
    const { jwk, token } = await hostKey('ES256')
    const y = Buffer.from(jwk.y, 'base64url')
    y[31] ^= 1
    const bad = { ...jwk, y: y.toString('base64url') }
    await assert.rejects(believing([bad]).verify(await token(claims)), refused('key_unusable'))
    assert.equal((await believing([jwk]).verify(await token(claims))).claims.sub, 'u')
  })

  for (const [what, change] of [
    ['a modulus of 1024 bits', { n: Buffer.alloc(128, 0xff).toString('base64url') }],
    ['a modulus of 16384 bits', { n: Buffer.alloc(2048, 0xff).toString('base64url') }],
    [
      'a leading zero',
      { n: Buffer.concat([Buffer.alloc(1), Buffer.alloc(256, 0xff)]).toString('base64url') },
    ],
    ['the exponent 1', { e: 'AQ' }],
    ['an even exponent', { e: 'AQAA' }],
    ['a private member', { d: 'AQAB' }],
    ['padding', { e: 'AQAB=' }],
  ]) {
    test(`with ${what} do not count`, async () => {
      const { jwk, token } = await hostKey('RS256')
      const text = await token(claims)
      await assert.rejects(
        async () => believing([{ ...jwk, ...change }]).verify(text),
        ({ name, code }) => name === 'TypeError' || code === 'key_not_found',
      )
    })
  }

  test('of RSA are never a secret for HS256', async () => {
    const { jwk, token } = await hostKey('RS256')
    const [, payload] = (await token(claims)).split('.')
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'RS256', typ: 'vt+jwt' }))
    const { subtle } = globalThis.crypto
    const secret = await subtle.importKey(
      'raw',
      Buffer.from(jwk.n, 'base64url'),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    const input = `${header.toString('base64url')}.${payload}`
    const mac = await subtle.sign('HMAC', secret, Buffer.from(input))
    const text = `${input}.${Buffer.from(mac).toString('base64url')}`
    await assert.rejects(believing([jwk]).verify(text), refused('algorithm_not_allowed'))
  })
})
