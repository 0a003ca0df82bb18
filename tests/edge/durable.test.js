// The ledger on Durable Objects, in real workerd.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/until.js'
import { startDurableLedger } from './support/durable_ledger.js'
import { appKeys, clockAt, sealed, send, start, visit, world } from './support/world.js'

let workerd
let ledger

before(async () => {
  workerd = await startDurableLedger()
  ledger = workerd.ledger
})
after(() => workerd?.stop())

const soon = () => Math.floor(Date.now() / 1000) + 60

describe('the durable ledger', () => {
  test('lets exactly one of many use something up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ledger.burn('p/one/1', soon())),
    )
    assert.equal(answers.filter((fresh) => fresh === true).length, 1)
    assert.equal(await ledger.burn('p/one/2', soon()), true)
    assert.equal(await ledger.burn('p/other/1', soon()), true)
  })

  test('forgets what has come to its end, and only that', async () => {
    await ledger.burn('p/k/gone', 1)
    await ledger.burn('p/k/kept', soon())
    await until('the end of what is over', () => ledger.burn('p/k/gone', soon()))
    assert.equal(await ledger.burn('p/k/kept', soon()), false)
  })

  test('keeps a visit: repeated safely, ended by a second redeemer', async () => {
    const place = world({ ledger })
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    const [mine, thief] = [1, 2].map(() => sealed('visit', appKey, { at: accessToken }))
    const first = await mine.open(await send(place, 'visit', mine.body))
    assert.equal((await mine.open(await send(place, 'visit', mine.body))).vt, first.vt)
    assert.equal((await send(place, 'visit', thief.body)).status, 409)
    assert.equal(await ledger.isRevoked(familyOf(first.vt)), true)
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
