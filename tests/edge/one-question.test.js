// A ledger that knows revocations and used proofs is asked once for each request; what is refused, and why, stays the same.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createVerifier, familyRevocation } from '@lingpai/edge'
import { refusedWith } from '../support/refused.js'
import { client, publicOrigin } from './support/client.js'

const url = `${publicOrigin}/orders`

/** A ledger that notes what it is asked. */
function ledger() {
  const [revoked, used, asked] = [new Set(), new Set(), []]
  const use = (key) => {
    if (used.has(key)) return false
    used.add(key)
    return true
  }
  return {
    revoked,
    used,
    asked,
    async isRevoked(sid) {
      asked.push('isRevoked')
      return revoked.has(sid)
    },
    async burn(key) {
      asked.push('burn')
      return use(key)
    },
    async burnInFamily(sid, key) {
      asked.push('burnInFamily')
      if (revoked.has(sid)) return 'revoked'
      return use(key) ? 'burned' : 'used'
    },
  }
}

function service(options = {}) {
  const store = ledger()
  const caller = client()
  const events = []
  const verifier = createVerifier({
    ...caller.options,
    replay: store,
    revocation: familyRevocation(store, { stalenessSeconds: 0 }),
    onEvent: (event) => events.push(event),
    ...options,
  })
  const bound = caller.bound({ sid: 'visit-1' })
  const request = async (token = bound, path = '/orders') =>
    new Request(url, { headers: await caller.headers(path, token) })
  return { ...store, store, caller, verifier, events, request }
}

describe('a ledger for both', () => {
  test('is asked once for a request that is good', async () => {
    const { verifier, request, asked } = service()
    await verifier.verify(await request())
    assert.deepEqual(asked, ['burnInFamily'])
  })

  test('refuses what was revoked, and uses nothing up', async () => {
    const { verifier, request, revoked, used, events } = service()
    revoked.add('visit-1')
    await refusedWith('token_revoked', async () => verifier.verify(await request()))
    assert.equal(used.size, 0)
    assert.equal(events.at(-1).phase, 'revocation')
  })

  test('refuses a proof that was used', async () => {
    const { verifier, request, events } = service()
    const again = await request()
    await verifier.verify(again)
    await refusedWith('proof_replayed', () => verifier.verify(again))
    assert.equal(events.at(-1).phase, 'replay')
  })

  test('says of a revoked token that it is revoked, also where its proof is wrong or missing', async () => {
    const { verifier, request, revoked, used, caller } = service()
    const elsewhere = await request(undefined, '/elsewhere')
    const authorization = `DPoP ${caller.bound({ sid: 'visit-1' })}`
    const without = new Request(url, { headers: { authorization } })
    await refusedWith('proof_url_mismatch', () => verifier.verify(elsewhere))
    await refusedWith('proof_required', () => verifier.verify(without))
    revoked.add('visit-1')
    await refusedWith('token_revoked', () => verifier.verify(elsewhere))
    await refusedWith('token_revoked', () => verifier.verify(without))
    assert.equal(used.size, 0)
  })

  test('is asked by the proof alone where the token names no visit', async () => {
    const { verifier, request, caller, asked } = service()
    const again = await request(caller.bound())
    await verifier.verify(again)
    await refusedWith('proof_replayed', () => verifier.verify(again))
    assert.deepEqual(asked, ['burn', 'burn'])
  })

  test('comes after all other sources', async () => {
    const store = ledger()
    const others = { isRevoked: () => true }
    const { verifier, request } = service({
      replay: store,
      revocation: [familyRevocation(store, { stalenessSeconds: 0 }), others],
    })
    await refusedWith('token_revoked', async () => verifier.verify(await request()))
    assert.deepEqual(store.asked, [])
  })

  for (const fails of ['burnInFamily', 'isRevoked']) {
    test(`refuses when it does not answer: ${fails}`, async () => {
      const { verifier, request, store } = service()
      store[fails] = () => Promise.reject(new Error('down'))
      const path = fails === 'isRevoked' ? '/elsewhere' : '/orders'
      await refusedWith('storage_unavailable', async () =>
        verifier.verify(await request(undefined, path)),
      )
    })
  }

  test('refuses when it answers something else', async () => {
    const { verifier, request, store } = service()
    store.burnInFamily = async () => undefined
    await refusedWith('proof_replayed', async () => verifier.verify(await request()))
  })
})

describe('two questions remain', () => {
  for (const [why, options] of [
    ['where revocations may be stale', (store) => ({ revocation: familyRevocation(store) })],
    ['where proofs are used up elsewhere', () => ({ replay: ledger() })],
  ]) {
    test(why, async () => {
      const store = ledger()
      const revocation = familyRevocation(store, { stalenessSeconds: 0 })
      const { verifier, request } = service({ replay: store, revocation, ...options(store) })
      await verifier.verify(await request())
      assert.ok(store.asked.includes('isRevoked'))
      assert.ok(!store.asked.includes('burnInFamily'))
    })
  }
})
