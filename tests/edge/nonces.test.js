// Nonces of the service in proofs (RFC 9449 §9): nothing is stored, every instance with the secret knows them.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, memoryLedger, proofKey, start } from './support/world.js'

const iat = start / 1000
const signer = generateKey('Ed25519', { kid: 's' })
const url = `${audience}/x`
const secret = (byte) => Buffer.alloc(32, byte).toString('base64url')

function service(options = {}, clock = clockAt()) {
  const verifier = createVerifier({
    issuer,
    audience,
    keys: [publicKey(signer)],
    publicOrigin: audience,
    replay: memoryLedger(),
    nonceSecrets: [secret(1)],
    noncePeriodSeconds: 60,
    now: clock,
    ...options,
  })
  const key = proofKey('Ed25519', clock)
  const token = signJws(
    JSON.stringify({ iss: issuer, aud: audience, iat, exp: iat + 900, cnf: { jkt: key.jkt } }),
    signer,
    { typ: 'vt+jwt' },
  )
  const handler = verifier.protect(() => new Response('ok'))
  const call = async (nonce) =>
    handler(
      new Request(url, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await key.proof('GET', url, token, nonce === undefined ? {} : { nonce }),
        },
      }),
    )
  return { call, clock }
}

async function askedFor(response) {
  assert.equal(response.status, 401)
  assert.match(response.headers.get('www-authenticate'), /^DPoP error="use_dpop_nonce"/)
  assert.equal((await response.json()).error, 'use_dpop_nonce')
  const nonce = response.headers.get('dpop-nonce')
  assert.ok(nonce)
  return nonce
}

describe('a service with nonces', () => {
  test('asks for one, takes it, and gives the next before it ends', async () => {
    const { call, clock } = service()
    const nonce = await askedFor(await call())
    const first = await call(nonce)
    assert.equal(first.status, 200)
    assert.equal(first.headers.get('dpop-nonce'), null, 'the newest needs no successor')
    clock.pass(60)
    const second = await call(nonce)
    assert.equal(second.status, 200)
    const next = second.headers.get('dpop-nonce')
    assert.ok(next && next !== nonce)
    clock.pass(60)
    await askedFor(await call(nonce))
    assert.equal((await call(next)).status, 200)
  })

  test('knows the nonces of all its instances, also of one whose clock runs ahead', async () => {
    const nonce = await askedFor(await service().call())
    assert.equal((await service().call(nonce)).status, 200)
    const ahead = clockAt()
    ahead.pass(59)
    const early = await askedFor(await service({}, ahead).call())
    assert.equal((await service().call(early)).status, 200)
  })

  test('refuses what it did not make', async () => {
    const { call } = service()
    const nonce = await askedFor(await call())
    const flipped = nonce.slice(0, -3) + (nonce.at(-3) === 'A' ? 'B' : 'A') + nonce.slice(-2)
    for (const other of ['', 'x', flipped, `${nonce}A`, nonce.slice(1), 'a'.repeat(5000)]) {
      await askedFor(await call(other))
    }
    await askedFor(await call(await askedFor(await service({ nonceSecrets: [secret(2)] }).call())))
  })

  test('rotates its secret with overlap', async () => {
    const old = await askedFor(await service().call())
    const rotated = service({ nonceSecrets: [secret(2), secret(1)] })
    assert.equal((await rotated.call(old)).status, 200)
    await askedFor(await service({ nonceSecrets: [secret(2)] }).call(old))
  })

  test('needs secrets that are secrets', () => {
    for (const nonceSecrets of [[], ['short'], [Buffer.alloc(31).toString('base64url')], ['=']]) {
      assert.throws(() => service({ nonceSecrets }), /nonceSecrets/)
    }
  })
})
