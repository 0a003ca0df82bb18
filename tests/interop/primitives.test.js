// Every algorithm in both directions: what we seal or sign `jose` opens or verifies, and the other way round.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'

import { createVerifier } from '@lingpai/edge'
import * as ours from '@lingpai/edge/jose'
import {
  CompactEncrypt,
  calculateJwkThumbprint,
  compactDecrypt,
  compactVerify,
  importJWK,
  jwtVerify,
} from 'jose'

import { encryptionKey, publicKey, secret, signingKey } from '../support/jose_keys.js'
import { nowSeconds, openRequest, sign } from '../support/jose_party.js'

const text = (bytes) => new TextDecoder().decode(bytes)
const bytes = (string) => new TextEncoder().encode(string)
const SIZES = [0, 1, 15, 16, 17, 512, 8000]

const signers = {
  EdDSA: { theirs: () => signingKey('key', 'Ed25519'), kind: 'Ed25519' },
  ES256: { theirs: () => signingKey('key', 'P-256'), kind: 'P-256' },
  HS256: { theirs: async () => ({ kty: 'oct', k: secret(), kid: 'key', alg: 'HS256' }) },
}

for (const [alg, { theirs, kind }] of Object.entries(signers)) {
  describe(`JWS ${alg}`, () => {
    const keys = { 'a key made by jose': theirs }
    if (kind) keys['a key made by us'] = async () => ours.generateKey(kind, { kid: 'key' })

    for (const [name, make] of Object.entries(keys)) {
      test(`we sign, jose verifies; ${name}`, async () => {
        const key = await make()
        for (const size of SIZES) {
          const payload = randomBytes(size)
          const token = ours.signJws(payload, key, { typ: 'test+jwt' })
          const verified = await compactVerify(token, await importJWK(publicOf(key), alg))
          assert.deepEqual(verified.protectedHeader, { alg, kid: 'key', typ: 'test+jwt' })
          assert.ok(payload.equals(verified.payload))
        }
      })

      test(`jose signs, we verify; ${name}`, async () => {
        const key = await make()
        const token = await sign('test+jwt', { hello: 'wörld' }, key)
        const { header, payload } = ours.verifyJws(token, publicOf(key))
        assert.deepEqual(header, { alg, kid: 'key', typ: 'test+jwt' })
        assert.deepEqual(JSON.parse(text(payload)), { hello: 'wörld' })
      })
    }

    test('claims: our verifier and jose’s agree', async () => {
      const key = await theirs()
      const [issuer, audience, iat] = ['https://gate.example', 'https://api.example', nowSeconds()]
      const claims = {
        iss: issuer,
        aud: [audience, 'other'],
        sub: 'user',
        iat,
        exp: iat + 60,
        n: 1.5,
      }
      const token = await sign('at+jwt', claims, key)
      const keys = key.kty === 'oct' ? key : { keys: [publicKey(key)] }
      const verifier = createVerifier({ issuer, audience, keys, type: 'at+jwt' })
      const { payload } = await jwtVerify(token, await importJWK(publicOf(key), alg), {
        issuer,
        audience,
        typ: 'at+jwt',
      })
      assert.deepEqual({ ...(await verifier.verify(token)).claims }, payload)
    })
  })
}

const recipients = { X25519: 'X25519', 'P-256': 'ECDH-P-256' }

for (const [curve, kind] of Object.entries(recipients)) {
  describe(`JWE ECDH-ES+A256KW with ${curve}, A256GCM`, () => {
    const keys = {
      'a key made by jose': () => encryptionKey('key', curve),
      'a key made by us': async () => ours.generateKey(kind, { kid: 'key' }),
    }
    for (const [name, make] of Object.entries(keys)) {
      test(`we seal, jose opens; ${name}`, async () => {
        const key = await make()
        for (const size of SIZES) {
          const plaintext = randomBytes(size)
          const jwe = ours.sealJwe(plaintext, publicKey(key), { typ: 'test+jwe', cty: 'test' })
          const opened = await compactDecrypt(jwe, await importJWK(key, 'ECDH-ES+A256KW'))
          assert.ok(plaintext.equals(opened.plaintext))
          const { alg, enc, kid, typ, cty, epk, ...more } = opened.protectedHeader
          assert.deepEqual(
            [alg, enc, kid, typ, cty, epk.crv, more],
            ['ECDH-ES+A256KW', 'A256GCM', 'key', 'test+jwe', 'test', curve, {}],
          )
        }
      })

      test(`jose seals, we open, and get the content key; ${name}`, async () => {
        const key = await make()
        for (const size of SIZES) {
          const plaintext = randomBytes(size)
          const contentKey = randomBytes(32)
          const { kty, crv, x, y } = key
          const jwe = await new CompactEncrypt(plaintext)
            .setProtectedHeader({
              alg: 'ECDH-ES+A256KW',
              enc: 'A256GCM',
              kid: 'key',
              typ: 'test+jwe',
              cty: 'test',
            })
            .setContentEncryptionKey(contentKey)
            .encrypt(await importJWK({ kty, crv, x, y }, 'ECDH-ES+A256KW'))
          const opened = ours.openJwe(jwe, key)
          assert.ok(plaintext.equals(opened.plaintext))
          assert.ok(contentKey.equals(opened.contentKey))
          assert.equal(opened.header.typ, 'test+jwe')
        }
      })

      test(`we seal under a content key of our choice, Node’s crypto finds it; ${name}`, async () => {
        const key = await make()
        const contentKey = randomBytes(32)
        const options = { typ: 'lp-visit+jwe', cty: 'json', contentKey }
        const jwe = ours.sealJwe('{"at":"x"}', publicKey(key), options)
        const { r, content } = openRequest(jwe, key)
        assert.ok(contentKey.equals(r))
        assert.deepEqual(content, { at: 'x' })
      })
    }
  })
}

describe('JWE dir, A256GCM', () => {
  test('we seal, jose opens', async () => {
    const key = randomBytes(32)
    for (const size of SIZES) {
      const plaintext = randomBytes(size)
      const jwe = ours.sealDirect(plaintext, key, { kid: 'key', typ: 'test+jwe', cty: 'test' })
      const opened = await compactDecrypt(jwe, key)
      assert.ok(plaintext.equals(opened.plaintext))
      assert.deepEqual(opened.protectedHeader, {
        alg: 'dir',
        enc: 'A256GCM',
        kid: 'key',
        typ: 'test+jwe',
        cty: 'test',
      })
    }
  })

  test('jose seals, we open', async () => {
    const key = randomBytes(32)
    for (const size of SIZES) {
      const plaintext = randomBytes(size)
      const header = { alg: 'dir', enc: 'A256GCM', kid: 'key', typ: 'test+jwe', cty: 'test' }
      const jwe = await new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key)
      const opened = ours.openDirect(jwe, key)
      assert.ok(plaintext.equals(opened.plaintext))
      assert.deepEqual(opened.header, header)
    }
  })
})

describe('keys', () => {
  for (const kind of ['Ed25519', 'P-256', 'X25519', 'ECDH-P-256']) {
    test(`${kind}: one thumbprint, by us and by jose`, async () => {
      const key = ours.generateKey(kind, { kid: 'key' })
      assert.equal(ours.thumbprint(key), await calculateJwkThumbprint(key))
      assert.deepEqual(ours.publicKey(key), publicKey(key))
      assert.notEqual(key.d, ours.generateKey(kind, { kid: 'key' }).d)
    })
  }

  test('JSON text and bytes are the same to us', () => {
    const key = ours.generateKey('Ed25519', { kid: 'key' })
    const options = { typ: 'test+jwt' }
    assert.equal(ours.signJws('å', key, options), ours.signJws(bytes('å'), key, options))
  })
})

/** What a verifier holds: the public half, or the shared key itself. */
function publicOf(key) {
  return key.kty === 'oct' ? key : publicKey(key)
}
