// The ledger on Durable Objects, in real workerd.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { until } from '../support/until.js'
import { startDurableLedger } from './support/durable_ledger.js'
import { appKeys, clockAt, sealed, send, start, visit, world } from './support/world.js'

let workerd
let ledger

let replays

before(async () => {
  workerd = await startDurableLedger()
  ledger = workerd.ledger
  replays = await startDurableLedger('replay_worker.js', 'ReplayLedger')
})
after(async () => {
  await workerd?.stop()
  await replays?.stop()
})

const soon = () => Math.floor(Date.now() / 1000) + 60

for (const [name, store] of [
  ['the durable ledger', () => ledger],
  ['the durable replay store of a Worker that only verifies', () => replays.ledger],
]) {
  describe(name, () => {
    test('lets exactly one of many use something up', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => store().burn('p/one/1', soon())),
      )
      assert.equal(answers.filter((fresh) => fresh === true).length, 1)
      assert.equal(await store().burn('p/one/2', soon()), true)
      assert.equal(await store().burn('p/other/1', soon()), true)
    })

    test('forgets what has come to its end, and only that', async () => {
      await store().burn('p/k/gone', 1)
      await store().burn('p/k/kept', soon())
      await until('the end of what is over', () => store().burn('p/k/gone', soon()))
      assert.equal(await store().burn('p/k/kept', soon()), false)
    })

    test('moves cut-offs forward only', async () => {
      const now = Math.floor(Date.now() / 1000)
      const cutOff = (beforeSeconds) =>
        store().cutOff('user', { beforeSeconds, untilSeconds: now + 3600 })
      assert.equal(await cutOff(now - 10), now - 10)
      assert.equal(await cutOff(now), now)
      assert.equal(await cutOff(now - 5), now)
      assert.equal(await store().cutOffOf('user'), now)
      assert.equal(await store().cutOffOf('another'), undefined)
    })
  })
}

describe('a Worker that only verifies', () => {
  test('bundles the module that verifies, and no other', () => {
    const wasm = replays.files.filter((name) => name.endsWith('.wasm'))
    assert.equal(wasm.length, 1)
    assert.match(wasm[0], /^lingpai_verify_bg/)
  })

  test('verifies with it', async () => {
    const key = generateKey('Ed25519', { kid: 'k' })
    const options = { issuer: 'i', audience: 'a', keys: [publicKey(key)], type: 'at+jwt' }
    const claims = { iss: 'i', aud: 'a', sub: 'u', exp: soon() }
    const token = signJws(JSON.stringify(claims), key, { typ: 'at+jwt' })
    assert.deepEqual(await replays.ledger.verify(options, token), claims)
  })
})

describe('visits in the durable ledger', () => {
  test('keeps a visit: repeated safely, ended by a second redeemer', async () => {
    const place = world({ ledger, clock: clockAt(Date.now()) })
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    const [mine, thief] = [1, 2].map(() => sealed('visit', appKey, { at: accessToken }))
    const first = await mine.open(await send(place, 'visit', mine.body))
    assert.equal((await mine.open(await send(place, 'visit', mine.body))).vt, first.vt)
    assert.equal((await send(place, 'visit', thief.body)).status, 409)
    assert.equal(await ledger.isRevoked(familyOf(first.vt)), true)
  })

  test('uses something up in a visit once, and not after its end', async () => {
    const { vt } = await visit(world({ ledger, clock: clockAt(Date.now()) }))
    const use = (key) => ledger.burnInFamily(familyOf(vt), key, soon())
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => use('proof/key/1')))
    assert.equal(outcomes.filter((outcome) => outcome === 'burned').length, 1)
    assert.equal(outcomes.filter((outcome) => outcome === 'used').length, 49)
    assert.equal(await ledger.burnInFamily('another', 'proof/key/1', soon()), 'burned')
    await workerd.crash()
    assert.equal(await use('proof/key/1'), 'used')
    await ledger.revoke(familyOf(vt))
    assert.equal(await use('proof/key/2'), 'revoked')
  })

  test('says nothing of a visit that it does not know', async () => {
    await ledger.revoke('unknown')
    assert.equal(await ledger.isRevoked('unknown'), false)
  })

  test('deletes a visit when none of its tokens could be accepted any more', async () => {
    const longAgo = clockAt(start - 10 * 365 * 86_400_000)
    const { vt } = await visit(world({ ledger, clock: longAgo }))
    await ledger.revoke(familyOf(vt))
    await until('its end', async () => !(await ledger.isRevoked(familyOf(vt))))
  })
})

function familyOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sid
}
