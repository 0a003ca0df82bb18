// The durable store of an exchange, in real workerd: how long it keeps what, and that it asks once.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startDurableLedger } from '../edge/support/durable_ledger.js'
import { startPlatforms } from '../support/platforms/index.js'
import { until } from '../support/until.js'

let workerd
let platforms
let store

before(async () => {
  platforms = await startPlatforms()
  workerd = await startDurableLedger('sessions_worker.js', 'PlatformSessions')
  store = workerd.ledger
})
after(async () => {
  await workerd?.stop()
  await platforms?.stop()
})

const now = Math.floor(Date.now() / 1000)
const times = (more) => ({
  nowSeconds: now,
  untilSeconds: now + 3600,
  previousUntilSeconds: now + 300,
  ...more,
})

describe('sessions', () => {
  test('the latest comes first, the one before serves for a while, those before it are gone', async () => {
    for (const sealed of ['one', 'two', 'three']) await store.keepSession('a', sealed, times())
    assert.deepEqual(await store.sessionsOf('a', now), ['three', 'two'])
    assert.deepEqual(await store.sessionsOf('a', now + 299), ['three', 'two'])
    assert.deepEqual(await store.sessionsOf('a', now + 300), ['three'])
    assert.deepEqual(await store.sessionsOf('a', now + 3600), [])
    assert.deepEqual(await store.sessionsOf('b', now), [])
  })

  test('one that is kept again is not its own predecessor', async () => {
    await store.keepSession('again', 'one', times())
    await store.keepSession('again', 'two', times())
    await store.keepSession('again', 'two', times())
    assert.deepEqual(await store.sessionsOf('again', now), ['two', 'one'])
  })

  test('one that had come to its end does not serve on as the one before', async () => {
    await store.keepSession('ended', 'one', times({ untilSeconds: now + 10 }))
    const later = { nowSeconds: now + 20, previousUntilSeconds: now + 320 }
    await store.keepSession('ended', 'two', times(later))
    assert.deepEqual(await store.sessionsOf('ended', now + 20), ['two'])
  })

  test('an alarm deletes what has come to its end', async () => {
    const over = times({ untilSeconds: now - 1, previousUntilSeconds: now - 1 })
    await store.keepSession('over', 'one', over)
    // Asked as of long ago, so that nothing but its absence hides it.
    await until('it is deleted', async () => (await store.sessionsOf('over', 0)).length === 0)
  })

  test('survive a crash, and are forgotten when their owner is', async () => {
    await store.keepSession('c', 'one', times())
    await store.link('c', 'somebody')
    await workerd.crash()
    assert.deepEqual(await store.sessionsOf('c', now), ['one'])
    await store.forget('c')
    assert.deepEqual(await store.sessionsOf('c', now), [])
    assert.equal(await store.link('c', 'another'), 'another')
  })
})

describe('links', () => {
  test('the first one stays, whoever comes later and however many at once', async () => {
    const links = Array.from({ length: 30 }, (_, index) => store.link('l', `value-${index}`))
    const seen = new Set(await Promise.all(links))
    assert.equal(seen.size, 1)
    await workerd.crash()
    assert.equal(await store.link('l', 'late'), [...seen][0])
  })
})

describe('access tokens of apps', () => {
  const wechat = () => platforms.platforms.wechat
  const call = (more) => ({
    url: `${wechat().url}/cgi-bin/stable_token`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appid: wechat().app.appId, secret: wechat().app.appSecret }),
    timeoutMs: 5000,
    ...more,
  })

  test('fifty at once ask once, and later ones not at all', async () => {
    const before = wechat().calls.length
    const ask = () => store.accessToken('app-1', call())
    const tokens = await Promise.all(Array.from({ length: 50 }, ask))
    assert.equal(new Set(tokens.map(({ token }) => token)).size, 1)
    assert.match(tokens[0].token, /^access-/)
    await ask()
    assert.equal(wechat().calls.length - before, 1)
  })

  test('one that is not accepted any more is asked for anew, once', async () => {
    const { token } = await store.accessToken('app-2', call())
    wechat().renewAccessToken()
    const before = wechat().calls.length
    const ask = () => store.accessToken('app-2', call(), token)
    const renewed = await Promise.all(Array.from({ length: 20 }, ask))
    assert.equal(new Set(renewed.map((held) => held.token)).size, 1)
    assert.notEqual(renewed[0].token, token)
    assert.equal(wechat().calls.length - before, 1)
  })

  test('a refusal or a failure is passed on and not kept', async () => {
    const refused = await store.accessToken('app-3', call({ body: '{"appid":"none"}' }))
    assert.match(refused.answer, /40013/)
    wechat().fail('reset')
    assert.deepEqual(await store.accessToken('app-3', call()), { failed: 'unreachable' })
    wechat().fail('hang')
    const slow = await store.accessToken('app-3', call({ timeoutMs: 50 }))
    assert.deepEqual(slow, { failed: 'timeout' })
    assert.match((await store.accessToken('app-3', call())).token, /^access-/)
  })

  test('none is on disk: a crash forgets it', async () => {
    await store.accessToken('app-4', call())
    const before = wechat().calls.length
    await workerd.crash()
    await store.accessToken('app-4', call())
    assert.equal(wechat().calls.length - before, 1)
  })
})
