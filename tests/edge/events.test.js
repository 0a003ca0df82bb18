// What a verifier tells its operators, as it happens; and that none of it holds anything of a token.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createMetrics, createVerifier, memoryReplayStore } from '@lingpai/edge'
import { client } from './support/client.js'

const path = '/orders'
const url = `https://api.example${path}`

/** A service of which everything that is reported is kept. */
function observed(change = {}) {
  const who = client()
  const events = []
  const options = { ...who.options, replay: memoryReplayStore(), ...change }
  const verifier = createVerifier({ ...options, onEvent: (event) => events.push(event) })
  const request = async (token) => new Request(url, { headers: await who.headers(path, token) })
  return { ...who, events, verifier, request, options }
}

describe('events', () => {
  test('of an accepted request: issuer, algorithm, whether it was seen before, clocks, phases', async () => {
    const { events, verifier, request, bound, options } = observed()
    const iat = Math.floor(Date.now() / 1000) - 30
    const token = bound({ iat, exp: iat + 900 })
    for (let i = 0; i < 3; i++) await verifier.verify(await request(token))
    const [first, second, third] = events
    assert.equal(events.length, 3)
    const { issuer } = options
    assertHas(first, { type: 'verified', issuer, algorithm: 'EdDSA', cached: false })
    assertHas(second, { cached: false })
    assertHas(third, { type: 'verified', issuer, algorithm: 'EdDSA', cached: true })
    assert.ok(first.tokenAgeSeconds >= 30 && first.tokenAgeSeconds < 90)
    assert.ok(first.proofAgeSeconds >= 0 && first.proofAgeSeconds < 60)
    const phases = ['credentials', 'keys', 'verify', 'revocation', 'proof', 'replay']
    assert.deepEqual(Object.keys(first.durationsMs), phases)
    assert.deepEqual(
      Object.keys(third.durationsMs),
      phases.filter((phase) => phase !== 'verify'),
    )
  })

  test('of refusals: the code, and in which phase', async () => {
    const { events, verifier, request, bound, sign } = observed({ revocation: revoked('bad') })
    const spent = await request(bound())
    await verifier.verify(spent.clone())
    events.length = 0
    const requests = {
      'token_missing in credentials': new Request(url),
      'token_expired in verify': await request(bound({ iat: 1000, exp: 1900 })),
      'token_revoked in revocation': await request(bound({ jti: 'bad' })),
      'proof_required in proof': new Request(url, {
        headers: { authorization: `DPoP ${bound()}` },
      }),
      'proof_replayed in replay': spent,
    }
    for (const refused of Object.values(requests)) await assert.rejects(verifier.verify(refused))
    assert.deepEqual(
      events.map(({ code, phase }) => `${code} in ${phase}`),
      Object.keys(requests),
    )
    await assert.rejects(verifier.verify(sign({ aud: 'https://other.example' })))
    assertHas(events.at(-1), { type: 'refused', code: 'audience_mismatch', phase: 'verify' })
  })

  test('of tokens looked at synchronously', () => {
    const { events, verifier, sign } = observed()
    const token = sign()
    for (let i = 0; i < 3; i++) verifier.verifySync(token)
    assert.throws(() => verifier.verifySync('no token'))
    assert.deepEqual(
      events.map(({ type, cached, code }) => [type, cached ?? code]),
      [
        ['verified', false],
        ['verified', false],
        ['verified', true],
        ['refused', 'malformed'],
      ],
    )
  })

  test('count into metrics as they are', async () => {
    const { options, headers, bound } = client()
    const metrics = createMetrics()
    const replay = memoryReplayStore()
    const verifier = createVerifier({ ...options, replay, onEvent: metrics })
    const request = new Request(url, { headers: await headers(path, bound()) })
    await verifier.verify(request.clone())
    for (let i = 0; i < 3; i++) await assert.rejects(verifier.verify(request.clone()))
    const { verified, refused, seenBefore, durationsMs, proofAgeSeconds } = metrics.snapshot()
    assert.deepEqual(verified, { [options.issuer]: 1 })
    assert.deepEqual(refused, { proof_replayed: 3 })
    assert.equal(seenBefore, 0)
    assert.equal(durationsMs.replay.count, 4)
    assert.equal(proofAgeSeconds.count, 1)
  })
})

describe('the Server-Timing of protect', () => {
  test('ends with the verification, whoever else listens', async () => {
    for (const onEvent of [undefined, () => {}]) {
      const { options, headers, bound } = client()
      const verifier = createVerifier({
        ...options,
        replay: 'unchecked',
        serverTiming: true,
        onEvent,
      })
      let began
      const guarded = verifier.protect(async () => {
        began = performance.now()
        while (performance.now() < began + 20) await undefined
        return new Response('done')
      })
      const asked = performance.now()
      const answer = await guarded(new Request(url, { headers: await headers(path, bound()) }))
      const header = answer.headers.get('server-timing')
      const sum = [...header.matchAll(/dur=([\d.]+)/g)].reduce((sum, [, ms]) => sum + Number(ms), 0)
      assert.ok(sum <= began - asked, `${header} took longer than until the handler began`)
    }
  })

  test('is there only for those who are meant to see it', async () => {
    const { options, headers, bound } = client()
    const serverTiming = (request) => request.headers.get('x-debug') === 'yes'
    const verifier = createVerifier({ ...options, replay: 'unchecked', serverTiming })
    const guarded = verifier.protect(() => new Response('done'))
    for (const debug of ['yes', 'no']) {
      const own = { ...(await headers(path, bound())), 'x-debug': debug }
      for (const given of [own, { 'x-debug': debug }]) {
        const answer = await guarded(new Request(url, { headers: given }))
        assert.equal(answer.headers.has('server-timing'), debug === 'yes')
      }
    }
  })
})

const revoked = (jti) => ({ isRevoked: (claims) => claims.jti === jti })

function assertHas(actual, expected) {
  const same = Object.fromEntries(Object.keys(expected).map((name) => [name, actual[name]]))
  assert.deepEqual(same, expected)
}
