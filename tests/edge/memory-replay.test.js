// The replay store in memory, against a model of what it has to remember.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createVerifier, memoryReplayStore } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, proofKey, start } from './support/world.js'

describe('the replay store in memory', () => {
  test('agrees with the model, whatever is used when', async () => {
    const owner = fc.constantFrom('proof/a', 'proof/b', 'proof/c', 'token/a', 'token/b')
    const command = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ owner, id: fc.nat(8), life: fc.integer({ min: -5, max: 300 }) }),
      },
      { weight: 2, arbitrary: fc.record({ pass: fc.nat(120_000) }) },
    )
    const limits = fc.integer({ min: 1, max: 25 }).chain((maxEntries) =>
      fc.record({
        maxEntries: fc.constant(maxEntries),
        maxProofsPerKey: fc.integer({ min: 1, max: maxEntries }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 200 }), limits, async (commands, limits) => {
        const { maxEntries, maxProofsPerKey } = limits
        let time = 1_800_000_000_000
        const store = memoryReplayStore({ ...limits, now: () => time })
        /** Key → the last second in which it is remembered. */
        const model = new Map()
        for (const { owner, id, life, pass } of commands) {
          if (pass !== undefined) {
            time += pass
            continue
          }
          const until = Math.floor(time / 1000) + life
          for (const [key, end] of model) if (end * 1000 <= time) model.delete(key)
          const own = [...model.keys()].filter((key) => key.startsWith(`${owner}/`)).length
          const isOver = owner.startsWith('proof/') && own >= maxProofsPerKey
          const key = `${owner}/${id}`
          const used = store.burn(key, until)
          if (model.has(key)) assert.equal(await used, false)
          else if (model.size >= maxEntries || isOver) await assert.rejects(used, /full/)
          else {
            assert.equal(await used, true)
            model.set(key, Math.max(until, Math.ceil(time / 1000) + 60))
          }
          assert.equal(store.size, model.size)
        }
      }),
      { numRuns: 300 },
    )
  })

  for (const [maxEntries, each] of [
    [10, 10],
    [1000, 100],
    [20_010, 1001],
    [undefined, 5000],
  ]) {
    test(`has ${each} of ${maxEntries ?? 'the usual'} places for one key’s proofs, and the others for others`, async () => {
      const store = memoryReplayStore({ maxEntries, now: clockAt() })
      const until = start / 1000 + 70
      const use = (owner, count) =>
        Promise.allSettled(
          Array.from({ length: count }, (_, id) => store.burn(`${owner}/${id}`, until)),
        )
      const isUsed = ({ value }) => value === true
      assert.equal((await use('proof/one', 6000)).filter(isUsed).length, each)
      assert.equal(store.size, each)
      // The proofs that it knows are replays as before.
      assert.equal(await store.burn('proof/one/0', until), false)
      const rest = (maxEntries ?? 100_000) - each
      assert.equal((await use('proof/other', 1)).filter(isUsed).length, Math.min(1, rest))
      // An issuer's tokens that may be used once are not one client's to make.
      assert.equal(
        (await use('token/issuer', 100_000)).filter(isUsed).length,
        Math.max(0, rest - 1),
      )
    })
  }

  test('lets one of many that come at once through', async () => {
    const store = memoryReplayStore()
    const until = Date.now() / 1000 + 60
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => store.burn('p/k/1', until)),
    )
    assert.equal(answers.filter((fresh) => fresh).length, 1)
  })

  const key = generateKey('Ed25519', { kid: 'k1' })

  /** A service whose proofs are kept in a store, and clients each with a key of their own. */
  function serviceWith(options) {
    const now = clockAt()
    const verifier = createVerifier({
      issuer,
      audience,
      keys: [publicKey(key)],
      publicOrigin: 'https://api.example',
      replay: memoryReplayStore({ ...options, now }),
      now,
    })
    const seconds = now() / 1000
    const claims = { iss: issuer, aud: audience, iat: seconds, exp: seconds + 900 }
    const url = 'https://api.example/orders'
    function client() {
      const { jkt, proof } = proofKey('Ed25519', now)
      const token = signJws(JSON.stringify({ ...claims, cnf: { jkt } }), key, { typ: 'vt+jwt' })
      return async () => {
        const dpop = await proof('GET', url, token)
        return new Request(url, { headers: { authorization: `DPoP ${token}`, dpop } })
      }
    }
    return { verifier, now, client }
  }

  test('when full, refuses requests instead of forgetting proofs, and recovers', async () => {
    const { verifier, now, client } = serviceWith({ maxEntries: 1 })
    const request = client()
    const first = await request()
    await verifier.verify(first.clone())
    await assert.rejects(verifier.verify(await request()), { code: 'storage_unavailable' })
    await assert.rejects(verifier.verify(first), { code: 'proof_replayed' })
    now.pass(300)
    await verifier.verify(await request())
  })

  test('cannot be filled by one client: it is refused itself, and for a while', async () => {
    const { verifier, now, client } = serviceWith({ maxEntries: 10, maxProofsPerKey: 3 })
    const [greedy, other] = [client(), client()]
    for (let i = 0; i < 3; i++) await verifier.verify(await greedy())
    for (let i = 0; i < 20; i++) {
      await assert.rejects(verifier.verify(await greedy()), { code: 'storage_unavailable' })
    }
    for (let i = 0; i < 3; i++) await verifier.verify(await other())
    now.pass(300)
    for (let i = 0; i < 3; i++) await verifier.verify(await greedy())
    await assert.rejects(verifier.verify(await greedy()), { code: 'storage_unavailable' })
  })

  test('names the option that is wrong', () => {
    for (const maxEntries of [-1, 1.5, Infinity, '10']) {
      assert.throws(() => memoryReplayStore({ maxEntries }), /^TypeError: maxEntries/)
    }
    for (const maxProofsPerKey of [0, 11, 1.5, '10']) {
      const options = { maxEntries: 10, maxProofsPerKey }
      assert.throws(() => memoryReplayStore(options), /^TypeError: maxProofsPerKey/)
    }
  })
})
