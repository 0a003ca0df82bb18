// Verifiers that ask Token Status Lists: what they say, several issuers, and how sources are set up.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier, revocationByIssuer } from '@lingpai/edge'
import { publicKey, signJws } from '@lingpai/edge/jose'
import {
  claimsAt,
  fail,
  key,
  listToken,
  refused,
  serve,
  server,
  source,
  startSeconds,
  useListServer,
} from './support/status_list_world.js'
import { audience, issuer } from './support/world.js'

useListServer()

describe('a verifier with status lists', () => {
  const verifierOf = (revocation, clock) =>
    createVerifier({
      issuer,
      audience,
      type: 'at+jwt',
      keys: [publicKey(key)],
      revocation,
      now: clock,
    })
  const token = (idx, at) => {
    const claims = { ...claimsAt(idx, at), iat: startSeconds }
    return signJws(JSON.stringify(claims), key, { typ: 'at+jwt' })
  }

  test('says why it refuses, and refuses whatever it cannot know', async () => {
    server.respond = serve(listToken())
    const { revocation, clock } = source()
    const verifier = verifierOf(revocation, clock)
    await verifier.verify(token(0))
    for (const [text, code, status] of [
      [token(1), 'token_revoked', 401],
      [token(2), 'token_suspended', 401],
      [token(3), 'token_revoked', 401],
      [token(4), 'claim_invalid', 401],
      [token(0, `${server.origin}/x`), 'claim_invalid', 401],
    ]) {
      await assert.rejects(verifier.verify(text), { name: 'LingpaiError', code, status })
    }
    server.respond = fail
    clock.pass(60)
    await assert.rejects(verifier.verify(token(0)), {
      code: 'temporarily_unavailable',
      status: 503,
    })
  })
})

describe('several issuers', () => {
  const asked = (answer) => ({ isRevoked: async () => answer })
  const claims = (iss) => ({ ...claimsAt(0), iss })

  test('have a revocation each, and a stranger none that would let it pass', async () => {
    const sources = { 'https://a.example': asked(true), 'https://b.example': 'none' }
    const { isRevoked } = revocationByIssuer(sources)
    assert.equal(await isRevoked(claims('https://a.example')), true)
    assert.equal(await isRevoked(claims('https://b.example')), false)
    for (const iss of ['https://c.example', 'https://A.example', '__proto__', 'toString']) {
      await assert.rejects(async () => isRevoked(claims(iss)), refused('issuer_mismatch'))
    }
  })

  test('have to be given sources', () => {
    for (const source of [undefined, {}, 'all']) {
      assert.throws(() => revocationByIssuer({ 'https://a.example': source }), TypeError)
    }
  })
})

describe('options', () => {
  const wrong = {
    issuer: [undefined, '', 1],
    uris: [
      undefined,
      [],
      'https://x',
      ['x'],
      ['http://x.example/'],
      ['https://a@x/'],
      ['https://x/#a'],
    ],
    keys: [undefined, 'x', {}],
    staleSeconds: [-1, 1.5, 86_401],
    maxTtlSeconds: [-1, '1'],
    maxListAgeSeconds: [0, 1.5, Infinity],
    maxListBytes: [-1, 2 ** 24 + 1],
    cacheBytes: [1, 0.5],
    timeoutMs: [-1, 60_001],
    clockToleranceSeconds: [61],
  }
  for (const [name, values] of Object.entries(wrong)) {
    test(`are refused with their name: ${name}`, () => {
      for (const value of values) {
        assert.throws(() => source({ [name]: value }), new RegExp(`^TypeError: ${name}\\b`))
      }
    })
  }

  test('do not help where the runtime cannot inflate', () => {
    const original = globalThis.DecompressionStream
    delete globalThis.DecompressionStream
    try {
      assert.throws(() => source(), /^TypeError: .*DecompressionStream/)
    } finally {
      globalThis.DecompressionStream = original
    }
  })
})
