// Several issuers and tenants behind one verifier: each token counts for its own issuer, under that issuer's demands.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { hostKey } from './support/host_keys.js'
import { audience, clockAt, sharedKey, start } from './support/world.js'

const iat = start / 1000
const names = ['https://one.example', 'https://two.example']
const signers = names.map(() => generateKey('Ed25519', { kid: 'k' }))
const issuers = names.map((issuer, i) => ({
  issuer,
  audience,
  keys: [publicKey(signers[i])],
  tenant: `tenant-${i}`,
}))

const token = (iss, key, more = {}, typ = 'vt+jwt') =>
  signJws(JSON.stringify({ iss, aud: audience, iat, exp: iat + 900, ...more }), key, { typ })

const refused = (code) => (error) => {
  assert.equal(error.name, 'LingpaiError')
  assert.equal(error.code, code)
  return true
}

const make = (options = {}) => createVerifier({ issuers, now: clockAt(), ...options })

describe('several issuers', () => {
  test('are told apart, with the same kid in both sets', async () => {
    const verifier = make()
    for (const [i, name] of names.entries()) {
      for (const check of [verifier.verify, verifier.verifySync]) {
        const { claims, tenant } = await check(token(name, signers[i]))
        assert.deepEqual([claims.iss, tenant], [name, `tenant-${i}`])
      }
    }
  })

  test('cannot speak for each other', async () => {
    const verifier = make()
    await assert.rejects(verifier.verify(token(names[0], signers[1])), refused('signature_invalid'))
    assert.throws(
      () => verifier.verifySync(token(names[1], signers[0])),
      refused('signature_invalid'),
    )
  })

  test('others are refused', async () => {
    const verifier = make()
    for (const iss of ['https://three.example', `${names[0]}/`, '', undefined, 1, null]) {
      await assert.rejects(verifier.verify(token(iss, signers[0])), (error) => {
        assert.match(error.code, /^(issuer_mismatch|claim_invalid)$/)
        return true
      })
    }
  })

  test('have demands of their own', async () => {
    const rs256 = await hostKey('RS256')
    const shared = { ...sharedKey(), kid: 's' }
    const verifier = make({
      issuers: [
        { ...issuers[0], requiredScope: 'read', requiredClaims: ['sub'] },
        {
          issuer: names[1],
          audience: 'a2',
          keys: [rs256.jwk],
          type: 'at+jwt',
          algorithms: ['RS256'],
        },
        { issuer: 'internal', audience: 'a3', keys: shared, type: null, maxTokenAgeSeconds: 10 },
      ],
    })
    await verifier.verify(token(names[0], signers[0], { scope: 'read', sub: 'u' }))
    await assert.rejects(
      verifier.verify(token(names[0], signers[0], { scope: 'read' })),
      refused('claim_invalid'),
    )
    await assert.rejects(
      verifier.verify(token(names[0], signers[0], { sub: 'u' })),
      refused('insufficient_scope'),
    )
    const third = { iss: names[1], aud: ['a1', 'a2'], iat, exp: iat + 86_400 }
    await verifier.verify(await rs256.token(third, { typ: 'at+jwt' }))
    await assert.rejects(verifier.verify(await rs256.token(third)), refused('type_mismatch'))
  })

  test('that are there twice, or nobody, are wrong usage', () => {
    assert.throws(() => make({ issuers: [issuers[0], issuers[0]] }), /issuers/)
    assert.throws(() => make({ issuers: [] }), /issuers/)
    assert.throws(() => make({ keys: issuers[0].keys }), /keys/)
  })
})

describe('an issuer that is looked up', () => {
  test('is asked for once and then kept', async () => {
    const asked = []
    const verifier = make({
      issuers: [],
      issuerFor: async (name) => {
        asked.push(name)
        return issuers.find(({ issuer }) => issuer === name)
      },
    })
    for (let i = 0; i < 3; i++) {
      for (const [j, name] of names.entries()) {
        assert.equal((await verifier.verify(token(name, signers[j], { i }))).tenant, `tenant-${j}`)
      }
    }
    assert.deepEqual(asked, names)
    assert.equal(verifier.verifySync(token(names[0], signers[0], { i: 9 })).tenant, 'tenant-0')
    await assert.rejects(
      verifier.verify(token('https://evil.example', signers[0])),
      refused('issuer_mismatch'),
    )
  })

  test('is kept among a bounded number, whatever names tokens carry', async () => {
    let made = 0
    const verifier = make({
      issuers: [],
      issuerFor: (issuer) => {
        made++
        return { issuer, audience, keys: [publicKey(signers[0])] }
      },
    })
    const name = (i) => `https://t${i}.example`
    for (let i = 0; i < 150; i++) await verifier.verify(token(name(i), signers[0]))
    await verifier.verify(token(name(149), signers[0], { again: true }))
    assert.equal(made, 150)
    await verifier.verify(token(name(0), signers[0], { again: true }))
    assert.equal(made, 151)
  })

  test('under the options of another is a fault of the service, not a way in', async () => {
    const verifier = make({ issuers: [], issuerFor: () => issuers[0] })
    await assert.rejects(verifier.verify(token(names[1], signers[0])), TypeError)
  })
})
