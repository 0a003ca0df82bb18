// The replay store in memory, against a model of what it has to remember.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createVerifier, memoryReplayStore } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, proofKey } from './support/world.js'

describe('the replay store in memory', () => {
  test('agrees with the model, whatever is used when', async () => {
    const command = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ key: fc.nat(20), life: fc.integer({ min: -5, max: 300 }) }),
      },
      { weight: 2, arbitrary: fc.record({ pass: fc.nat(120_000) }) },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 200 }),
        fc.integer({ min: 1, max: 25 }),
        async (commands, maxEntries) => {
          let time = 1_800_000_000_000
          const store = memoryReplayStore({ maxEntries, now: () => time })
          /** Key → the last second in which it is remembered. */
          const model = new Map()
          for (const { key, life, pass } of commands) {
            if (pass !== undefined) {
              time += pass
              continue
            }
            const until = Math.floor(time / 1000) + life
            for (const [key, end] of model) if (end * 1000 <= time) model.delete(key)
            const used = store.burn(`p/k/${key}`, until)
            if (model.has(key)) assert.equal(await used, false)
            else if (model.size >= maxEntries) await assert.rejects(used, /full/)
            else {
              assert.equal(await used, true)
              model.set(key, Math.max(until, Math.ceil(time / 1000) + 60))
            }
            assert.equal(store.size, model.size)
          }
        },
      ),
    )
  })

  test('lets one of many that come at once through', async () => {
    const store = memoryReplayStore()
    const until = Date.now() / 1000 + 60
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => store.burn('p/k/1', until)),
    )
    assert.equal(answers.filter((fresh) => fresh).length, 1)
  })

  test('when full, refuses requests instead of forgetting proofs, and recovers', async () => {
    const key = generateKey('Ed25519', { kid: 'k1' })
    const now = clockAt()
    const bound = proofKey('Ed25519', now)
    const verifier = createVerifier({
      issuer,
      audience,
      keys: [publicKey(key)],
      publicOrigin: 'https://api.example',
      replay: memoryReplayStore({ maxEntries: 1, now }),
      now,
    })
    const seconds = now() / 1000
    const claims = { iss: issuer, aud: audience, iat: seconds, exp: seconds + 900 }
    const token = signJws(JSON.stringify({ ...claims, cnf: { jkt: bound.jkt } }), key, {
      typ: 'vt+jwt',
    })
    const url = 'https://api.example/orders'
    const request = async () =>
      new Request(url, {
        headers: { authorization: `DPoP ${token}`, dpop: await bound.proof('GET', url, token) },
      })
    const first = await request()
    await verifier.verify(first.clone())
    await assert.rejects(verifier.verify(await request()), { code: 'storage_unavailable' })
    await assert.rejects(verifier.verify(first), { code: 'proof_replayed' })
    now.pass(300)
    await verifier.verify(await request())
  })

  test('names the option that is wrong', () => {
    for (const maxEntries of [-1, 1.5, Infinity, '10']) {
      assert.throws(() => memoryReplayStore({ maxEntries }), /^TypeError: maxEntries/)
    }
  })
})
