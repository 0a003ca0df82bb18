// Cut-offs of subjects: what was issued before a point in time is refused, wherever it is shown, and for as long as any of
// it could be alive. On Durable Objects in real workerd.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createVerifier, familyRevocation, subjectRevocation } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { until } from '../support/until.js'
import { startDurableLedger } from './support/durable_ledger.js'
import {
  appKeys,
  audience,
  clockAt,
  issuer,
  proofKey,
  sealed,
  send,
  start,
  visit,
  world,
} from './support/world.js'

const key = generateKey('Ed25519', { kid: 'k' })
const type = 'at+jwt'
const nowSeconds = () => Math.floor(Date.now() / 1000)

let workerd
let ledger

before(async () => {
  workerd = await startDurableLedger()
  ledger = workerd.ledger
})
after(() => workerd?.stop())

let subjects = 0
const someone = () => `subject-${++subjects}`

function token(claims) {
  const now = nowSeconds()
  const all = { iss: issuer, aud: audience, iat: now, exp: now + 900, ...claims }
  return signJws(JSON.stringify(all), key, { typ: type })
}

function service(options = {}) {
  const revocation = subjectRevocation(ledger, { stalenessSeconds: 0, ...options })
  return createVerifier({ issuer, audience, type, keys: [publicKey(key)], revocation })
}

const revoked = { name: 'LingpaiError', code: 'token_revoked' }
const inAnHour = () => nowSeconds() + 3600

describe('a cut-off', () => {
  test('ends the tokens of its subject that were issued before, and nothing else', async () => {
    const [sub, other] = [someone(), someone()]
    const verifier = service()
    const at = nowSeconds() - 10
    await ledger.cutOff(sub, { beforeSeconds: at, untilSeconds: inAnHour() })
    await assert.rejects(verifier.verify(token({ sub, iat: at - 1 })), revoked)
    await assert.rejects(verifier.verify(token({ sub, iat: undefined })), revoked)
    await verifier.verify(token({ sub, iat: at }))
    await verifier.verify(token({ sub: other, iat: at - 1 }))
    await verifier.verify(token({ iat: at - 1 }))
  })

  test('is now, unless it is said: what was issued in this very second ends too', async () => {
    const sub = someone()
    const text = token({ sub })
    await service().verify(text)
    const before = await ledger.cutOff(sub, { untilSeconds: inAnHour() })
    assert.ok(before > claimsOf(text).iat)
    await assert.rejects(service().verify(text), revoked)
  })

  test('only moves forward, whoever moves it in whatever order', async () => {
    const sub = someone()
    const times = Array.from({ length: 30 }, (_, i) => nowSeconds() - 1000 + ((i * 7) % 30))
    const until = inAnHour()
    const answers = await Promise.all(
      times.map((beforeSeconds) => ledger.cutOff(sub, { beforeSeconds, untilSeconds: until })),
    )
    answers.forEach((answer, i) => assert.ok(answer >= times[i]))
    const latest = Math.max(...times)
    assert.equal(await ledger.cutOffOf(sub), latest)
    assert.equal(await ledger.cutOff(sub, { beforeSeconds: 1, untilSeconds: until }), latest)
    assert.equal(await ledger.cutOffOf(sub), latest)
  })

  test('holds for every verification that begins after it, in 100 races', async () => {
    const verifier = service()
    const race = async () => {
      const sub = someone()
      const text = token({ sub, iat: nowSeconds() - 5 })
      await verifier.verify(text)
      let cut = false
      const rivals = Array.from({ length: 4 }, async () => {
        for (;;) {
          const began = cut
          const passed = await verifier.verify(text).then(
            () => true,
            (error) => assert.equal(error.code, 'token_revoked'),
          )
          if (!passed) return
          assert.equal(began, false, 'accepted after the cut-off')
        }
      })
      await ledger.cutOff(sub, { untilSeconds: inAnHour() })
      cut = true
      await Promise.all(rivals)
    }
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 10 }, race))
  })

  test('survives a crash', async () => {
    const sub = someone()
    const at = await ledger.cutOff(sub, { untilSeconds: inAnHour() })
    await workerd.crash()
    assert.equal(await ledger.cutOffOf(sub), at)
  })

  test('is forgotten when nothing that it ends could be alive, and not before the latest end', async () => {
    const [gone, kept] = [someone(), someone()]
    const at = nowSeconds() - 100
    await ledger.cutOff(gone, { beforeSeconds: at, untilSeconds: at })
    await ledger.cutOff(kept, { beforeSeconds: at, untilSeconds: inAnHour() })
    await ledger.cutOff(kept, { beforeSeconds: at, untilSeconds: at })
    await until('the end', async () => (await ledger.cutOffOf(gone)) === undefined)
    assert.equal(await ledger.cutOffOf(kept), at)
  })

  test('is not taken where its times cannot be meant', async () => {
    const sub = someone()
    const untilSeconds = inAnHour()
    for (const [options, name] of [
      [{ beforeSeconds: Date.now(), untilSeconds: Date.now() }, 'beforeSeconds'],
      [{ beforeSeconds: 1.5, untilSeconds }, 'beforeSeconds'],
      [{ beforeSeconds: '1', untilSeconds }, 'beforeSeconds'],
      [{ untilSeconds: Date.now() }, 'untilSeconds'],
      [{ beforeSeconds: 5, untilSeconds: 4 }, 'untilSeconds'],
      [{}, 'untilSeconds'],
    ]) {
      await assert.rejects(ledger.cutOff(sub, options), new RegExp(`TypeError: ${name}`))
    }
    await assert.rejects(ledger.cutOff('', { untilSeconds }), /TypeError: subject/)
    assert.equal(await ledger.cutOffOf(sub), undefined)
  })
})

describe('an authority that knows of cut-offs', () => {
  const startSeconds = start / 1000
  let cutOffs
  let place
  let holder

  beforeEach(() => {
    const kept = new Map()
    cutOffs = {
      cutOffOf: async (subject) => kept.get(subject),
      set: (...entry) => kept.set(...entry),
    }
    place = world({ cutOffs })
    holder = proofKey('Ed25519', place.clock)
  })

  async function refresh({ rt }) {
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('refresh', appKey, { rt, jkt: holder.jkt })
    return open(await send(place, 'refresh', body, { key: holder }))
  }

  test('refreshes no visit that began before', async () => {
    const granted = await visit(place, holder)
    const { sub, sid } = claimsOf(granted.vt)
    cutOffs.set(sub, startSeconds)
    place.clock.pass(10)
    const next = await refresh(granted)
    assert.ok(next.vt)
    cutOffs.set(sub, startSeconds + 1)
    assert.equal((await refresh(next)).error, 'invalid_grant')
    assert.equal(await place.ledger.isRevoked(sid), true)
    const later = await visit(place, holder)
    assert.ok((await refresh(later)).vt)
  })

  test('redeems no access token that was issued before', async () => {
    const { accessToken } = await place.accessToken()
    cutOffs.set(claimsOf(accessToken).sub, startSeconds + 1)
    place.clock.pass(1)
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('visit', appKey, { at: accessToken })
    assert.equal((await open(await send(place, 'visit', body))).error, 'invalid_grant')
    assert.ok((await visit(place)).vt)
  })

  test('gives nothing out where the store does not know', async () => {
    cutOffs.cutOffOf = async () => Promise.reject(new Error('down'))
    const { accessToken } = await place.accessToken()
    const [appKey] = await appKeys(place)
    const { body, open } = sealed('visit', appKey, { at: accessToken })
    assert.equal((await open(await send(place, 'visit', body))).error, 'temporarily_unavailable')
  })

  test('has to be given a store', () => {
    assert.throws(() => world({ cutOffs: {} }), /^TypeError: cutOffs/)
  })
})

describe('a verifier that remembers cut-offs', () => {
  const claims = { iss: issuer, aud: audience, sub: 's', iat: 100, exp: 1e10 }

  test('asks again when its answer is as old as allowed, and notices then', async () => {
    const clock = clockAt(start)
    let before
    let asked = 0
    const store = { cutOffOf: async () => (asked++, before) }
    const source = subjectRevocation(store, { stalenessSeconds: 30, now: clock })
    assert.equal(await source.isRevoked(claims), false)
    before = 101
    clock.pass(29)
    assert.equal(await source.isRevoked(claims), false)
    assert.equal(asked, 1)
    clock.pass(1)
    assert.equal(await source.isRevoked(claims), true)
    assert.equal(asked, 2)
  })

  test('counts the age of an answer from its question', async () => {
    const clock = clockAt(start)
    const answers = []
    const store = { cutOffOf: () => new Promise((resolve) => answers.push(resolve)) }
    const source = subjectRevocation(store, { stalenessSeconds: 10, now: clock })
    const slow = source.isRevoked(claims)
    clock.pass(10)
    answers.shift()(undefined)
    assert.equal(await slow, false)
    const next = source.isRevoked(claims)
    answers.shift()(101)
    assert.equal(await next, true)
  })

  test('lets no older answer replace a newer one', async () => {
    const clock = clockAt(start)
    const answers = []
    const store = { cutOffOf: () => new Promise((resolve) => answers.push(resolve)) }
    const source = subjectRevocation(store, { stalenessSeconds: 10, now: clock })
    const slow = source.isRevoked(claims)
    clock.pass(1)
    const quick = source.isRevoked(claims)
    answers[1](101)
    assert.equal(await quick, true)
    answers[0](undefined)
    assert.equal(await slow, false)
    assert.equal(await source.isRevoked(claims), true)
    assert.equal(answers.length, 2)
  })

  test('refuses where the store does not know', async () => {
    const store = { cutOffOf: async () => Promise.reject(new Error('down')) }
    const revocation = subjectRevocation(store)
    const verifier = createVerifier({ issuer, audience, type, keys: [publicKey(key)], revocation })
    await assert.rejects(verifier.verify(token({ sub: 's' })), { code: 'storage_unavailable' })
  })

  test('may know subjects by another name', async () => {
    const asked = []
    const store = { cutOffOf: async (subject) => void asked.push(subject) }
    const byPartner = subjectRevocation(store, { subjectOf: ({ client_id }) => client_id })
    await byPartner.isRevoked({ ...claims, client_id: 'app' })
    await byPartner.isRevoked(claims)
    assert.deepEqual(asked, ['app'])
  })

  test('allows no more than 30 seconds', () => {
    for (const revocation of [subjectRevocation, familyRevocation]) {
      for (const stalenessSeconds of [31, -1, NaN, '10']) {
        assert.throws(
          () => revocation(ledger, { stalenessSeconds }),
          /^TypeError: stalenessSeconds/,
        )
      }
    }
  })
})

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}
