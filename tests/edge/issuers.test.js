// Several issuers and tenants behind one verifier: each token counts for its own issuer, under that issuer's demands.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { engine } from '../../npm/edge/dist/engine/verify.js'
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

  test('under the options of another is a fault of the service, not a way in', async () => {
    const verifier = make({ issuers: [], issuerFor: () => issuers[0] })
    await assert.rejects(verifier.verify(token(names[1], signers[0])), refused('internal'))
  })

  test('keeps its place whatever names forged tokens carry', async () => {
    const name = (i) => `https://t${i}.example`
    let fetches = 0
    const verifier = make({
      issuers: [],
      maxIssuers: 50,
      issuerFor: (issuer) => ({ issuer, audience, keys: `${issuer}/jwks.json` }),
      fetch: async () => {
        fetches++
        return Response.json({ keys: [publicKey(signers[0])] })
      },
    })
    await verifier.verify(token(name(0), signers[0]))
    for (let round = 0; round < 2; round++) {
      for (let i = 1; i <= 400; i++) {
        await assert.rejects(verifier.verify(token(name(i), signers[1], { round })))
      }
    }
    assert.ok(fetches <= 201, `forged tokens made ${fetches} fetches`)
    const before = fetches
    await verifier.verify(token(name(0), signers[0], { again: true }))
    assert.equal(fetches, before, 'the real one has its keys')
  })

  test('is kept among a bounded number of those that have signed', async () => {
    const clock = clockAt()
    const made = []
    const verifier = make({
      issuers: [],
      maxIssuers: 10,
      issuerFor: (issuer) => {
        made.push(issuer)
        return { issuer, audience, keys: [publicKey(signers[0])] }
      },
      now: clock,
    })
    const name = (i) => `https://t${i}.example`
    const early = token(name(0), signers[0])
    for (let i = 0; i < 3; i++) await verifier.verify(early)
    for (let i = 1; i < 30; i++) await verifier.verify(token(name(i), signers[0]))
    assert.equal(verifier.keySets().length, 10)
    await verifier.verify(token(name(29), signers[0], { again: true }))
    assert.equal(made.length, 30)
    await verifier.verify(early)
    assert.equal(made.length, 31, 'also where the token itself had been seen')
  })

  test('gives back what its keys take of the module when others take its place', async (t) => {
    const held = new Set()
    const make = engine.resource
    t.mock.method(engine, 'resource', (...parameters) => {
      const made = make(...parameters)
      const { free } = made
      held.add(made)
      made.free = () => {
        held.delete(made)
        free()
      }
      return made
    })
    const verifier = createVerifier({
      issuers: [],
      maxIssuers: 5,
      issuerFor: (issuer) => ({ issuer, audience, keys: [publicKey(signers[0])] }),
      now: clockAt(),
    })
    for (let i = 0; i < 40; i++) {
      await verifier.verify(token(`https://t${i}.example`, signers[0]))
    }
    assert.equal(held.size, 5)
  })

  test('is asked for again, and what changed or ended counts', async () => {
    const clock = clockAt()
    let answer = { issuer: names[0], audience, keys: [publicKey(signers[0])] }
    let asked = 0
    const issuerFor = async () => {
      asked++
      if (answer instanceof Error) throw answer
      return answer
    }
    const verifier = make({ issuers: [], issuerFor, issuerForSeconds: 30, now: clock })
    const text = token(names[0], signers[0])
    for (let i = 0; i < 5; i++) await verifier.verify(text)
    assert.equal(asked, 1)
    clock.pass(31)
    await verifier.verify(text)
    assert.equal(asked, 2)

    answer = { ...answer, requiredScope: 'admin' }
    clock.pass(31)
    await assert.rejects(verifier.verify(text), refused('insufficient_scope'))
    answer = { ...answer, requiredScope: '' }
    clock.pass(31)
    await verifier.verify(text)

    const good = answer
    answer = new Error('postgres://secret@db is down')
    clock.pass(31)
    await verifier.verify(text)
    clock.pass(500)
    await verifier.verify(text)
    clock.pass(200)
    await assert.rejects(verifier.verify(text), (error) => {
      assert.equal(error.code, 'storage_unavailable')
      assert.equal(error.message.includes('secret'), false)
      return true
    })

    answer = good
    clock.pass(31)
    const later = { iat: iat + 850, exp: iat + 1700 }
    await verifier.verify(token(names[0], signers[0], later))
    answer = undefined
    clock.pass(31)
    await assert.rejects(
      verifier.verify(token(names[0], signers[0], later)),
      refused('issuer_mismatch'),
    )
  })

  test('that nobody knows is not asked for again at once', async () => {
    let asked = 0
    const verifier = make({ issuers: [], issuerFor: () => void asked++ })
    for (let i = 0; i < 50; i++) {
      await assert.rejects(
        verifier.verify(token('https://nobody.example', signers[0], { i })),
        refused('issuer_mismatch'),
      )
    }
    assert.equal(asked, 1)
  })

  test('and its options have to be options', async () => {
    const misspelt = { ...issuers[0], requiredScopes: 'admin' }
    assert.throws(() => make({ issuers: [misspelt] }), /requiredScopes/)
    assert.throws(() => make({ requiredScope: 'admin' }), /requiredScope/)
    assert.throws(() => make({ revokation: { isRevoked: () => true } }), /revokation/)
    const verifier = make({ issuers: [], issuerFor: () => misspelt })
    await assert.rejects(verifier.verify(token(names[0], signers[0])), (error) => {
      assert.equal(error.name, 'LingpaiError')
      return true
    })
  })
})
