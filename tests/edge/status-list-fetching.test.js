// When Token Status Lists are fetched from their server, and when they are not.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMetrics } from '@lingpai/edge'
import { generateKey, publicKey } from '@lingpai/edge/jose'
import {
  fail,
  key,
  listToken,
  outcome,
  serve,
  server,
  source,
  startSeconds,
  unavailable,
  useListServer,
} from './support/status_list_world.js'
import { packed, statusList } from './support/status_lists.js'
import { issuer } from './support/world.js'

useListServer()

describe('lists that are fetched', () => {
  test('once for many tokens, and once for tokens that come together', async () => {
    server.respond = (response) => setTimeout(() => serve(listToken())(response), 50)
    const { ask, events } = source()
    assert.deepEqual(
      await Promise.all(Array.from({ length: 20 }, () => ask(0))),
      Array(20).fill(false),
    )
    for (let i = 0; i < 20; i++) await ask(0)
    assert.equal(server.requests.length, 1)
    assert.deepEqual(events, [{ type: 'status_list', outcome: 'loaded' }])
  })

  test('ahead of need, without anybody waiting for it', async () => {
    server.respond = serve(listToken())
    const { ask, clock } = source()
    await ask(0)
    clock.pass(50)
    let release
    const held = new Promise((resolve) => (release = resolve))
    const asked = new Promise((resolve) => {
      server.respond = async (response) => {
        resolve()
        await held
        const list = statusList(1, packed(1, [1]))
        serve(listToken({ iat: startSeconds + 50, status_list: list }))(response)
      }
    })
    assert.equal(await ask(0), false)
    await asked
    assert.equal(await ask(0), false)
    release()
    while (!(await ask(0))) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(server.requests.length, 2)
    clock.pass(59)
    assert.equal(await ask(0), true)
  })

  test('again although a request that began to fetch was cancelled', async () => {
    server.respond = serve(listToken())
    let cancelled = true
    const never = () => new Promise(() => {})
    const own = (input, init) => (cancelled ? never() : fetch(input, init))
    const { ask, clock } = source({ fetch: own })
    void ask(0)
    cancelled = false
    clock.pass(7)
    assert.equal(await ask(0), false)
  })

  test('although a fetch does not heed its signal', async () => {
    const own = () => new Promise(() => {})
    await assert.rejects(source({ fetch: own, timeoutMs: 50 }).ask(0), unavailable())
  })

  test('ahead of need in work that the runtime is asked to wait for', async () => {
    server.respond = serve(listToken())
    const works = []
    const { ask, clock } = source({ waitUntil: (work) => works.push(work) })
    await ask(0)
    assert.equal(works.length, 1)
    clock.pass(50)
    await ask(0)
    assert.equal(works.length, 2)
    await works[1]
    assert.equal(server.requests.length, 2)
  })

  test('again when the clock was set back', async () => {
    server.respond = serve(listToken({ iat: startSeconds - 86_400 }))
    const { ask, clock } = source()
    await ask(0)
    clock.pass(-3600)
    await ask(0)
    assert.equal(server.requests.length, 2)
  })

  test('and counted', async () => {
    const metrics = createMetrics()
    const { ask, clock } = source({ onEvent: metrics })
    server.respond = serve(listToken())
    await ask(0)
    clock.pass(60)
    server.respond = fail
    await assert.rejects(ask(0), unavailable())
    const { statusLists } = metrics.snapshot()
    assert.deepEqual(statusLists, { loaded: 1, temporarily_unavailable: 1 })
    assert.match(metrics.prometheus(), /^lingpai_status_lists_total\{outcome="loaded"\} 1$/m)
  })

  test('even if who is told of it throws', async () => {
    server.respond = serve(listToken())
    const onEvent = () => {
      throw new Error('no log')
    }
    assert.equal(await source({ onEvent }).ask(0), false)
  })

  test('seldom while their server fails', async () => {
    server.respond = fail
    const { ask, clock } = source()
    for (let i = 0; i < 50; i++) await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 1)
    clock.pass(5)
    for (let i = 0; i < 50; i++) await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 2)
    server.respond = serve(listToken())
    clock.pass(5)
    assert.equal(await ask(0), false)
  })

  test('no sooner than a failing server asks, as far as that is reasonable', async () => {
    server.respond = serve('', { 'retry-after': '20' }, 503)
    const { ask, clock } = source()
    await assert.rejects(ask(0), unavailable())
    server.respond = serve('', { 'retry-after': '86400' }, 503)
    clock.pass(19)
    await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 1)
    clock.pass(1)
    await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 2)
    server.respond = serve(listToken())
    clock.pass(60)
    assert.equal(await ask(0), false)
  })

  test('only if they have changed', async () => {
    const statuses = []
    server.respond = (response, { headers }) => {
      const same = headers['if-none-match'] === '"v1"'
      statuses.push(same ? 304 : 200)
      const body = same ? undefined : listToken({ exp: startSeconds + 150 })
      serve(body, { etag: '"v1"' }, statuses.at(-1))(response)
    }
    const { ask, clock } = source()
    for (let i = 0; i < 2; i++) {
      assert.equal(await ask(1), true)
      clock.pass(60)
    }
    assert.equal(await ask(1), true)
    assert.deepEqual(statuses, [200, 304, 304])
    // That nothing has changed prolongs nothing.
    clock.pass(35)
    await assert.rejects(ask(1), unavailable())
  })

  test('again after the time that the latest answer gives, where they have no ttl', async () => {
    const control = { 'cache-control': 'max-age=100' }
    const answers = [
      [{ etag: '"v1"', age: '80', ...control }, 20],
      [control, 100],
      [{}, 100],
      [{ age: '70', ...control }, 30],
    ]
    let asked = 0
    server.respond = (response, { headers }) => {
      const same = headers['if-none-match'] === '"v1"'
      serve(
        same ? undefined : listToken({ ttl: undefined }),
        answers[asked++][0],
        same ? 304 : 200,
      )(response)
    }
    const { ask, clock } = source()
    for (const [, seconds] of answers) {
      const before = asked
      assert.equal(await ask(1), true)
      assert.equal(asked, before + 1)
      clock.pass(Math.floor(seconds * 0.8) - 1)
      assert.equal(await ask(1), true)
      assert.equal(asked, before + 1)
      clock.pass(seconds - Math.floor(seconds * 0.8) + 1)
    }
  })

  test('anew when the keys of their issuer are others', async () => {
    const seen = []
    const set = { keys: [publicKey(key)] }
    server.respond = (response, { url, headers }) => {
      if (url === '/jwks.json') {
        const type = { 'content-type': 'application/json', 'cache-control': 'max-age=60' }
        return serve(JSON.stringify(set), type)(response)
      }
      seen.push(headers['if-none-match'])
      serve(listToken(), { etag: '"v1"' })(response)
    }
    const { ask, clock } = source({ keys: `${server.origin}/jwks.json` })
    await ask(0)
    set.keys = [publicKey(generateKey('Ed25519', { kid: 'next' }))]
    clock.pass(60)
    await assert.rejects(ask(0), unavailable('key_not_found'))
    assert.deepEqual(seen, [undefined, undefined])
  })

  test('never to go back to an older one', async () => {
    const one = (iat, status) => listToken({ iat, status_list: statusList(1, packed(1, [status])) })
    server.respond = serve(one(startSeconds, 1))
    const { ask, clock } = source()
    assert.equal(await ask(0), true)
    server.respond = serve(one(startSeconds - 1, 0))
    clock.pass(60)
    assert.equal(await ask(0), true)
    server.respond = serve(one(startSeconds + 60, 0))
    clock.pass(60)
    assert.equal(await ask(0), false)
  })

  test('and kept within their memory: those not used for longest go', async () => {
    const list = statusList(8, Buffer.alloc(1000))
    server.respond = (response, { url }) =>
      serve(listToken({ sub: server.origin + url, status_list: list }))(response)
    const { ask } = source({ maxListBytes: 1000, cacheBytes: 3000 })
    const at = (name) => ask(0, `${server.origin}/lists/${name}`)
    for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'd']) await at(name)
    assert.equal(server.requests.length, 4)
    await at('b')
    assert.equal(server.requests.length, 5)
  })
})
