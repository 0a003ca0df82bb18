// The tiers of a key set: a cache that instances share spares the issuer's server, and pinned keys the wait for it; neither
// makes a key last longer.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import {
  first,
  held,
  outage,
  refused,
  second,
  serve,
  service as serviceAt,
  serveSet,
  setOf,
  startKeyServer,
  token,
} from './support/key_server.js'
import { clockAt, issuer, start } from './support/world.js'

let server
before(async () => (server = await startKeyServer()))
after(() => server.stop())
beforeEach(() => (server.requests = []))

const service = (options) => serviceAt(server.url, options)
const fetches = () => server.requests.length
const down = serve('down', {}, 503)

/** A cache in memory that several instances may be given. */
function memoryCache() {
  const entries = new Map()
  return {
    entries,
    get: async (address) => entries.get(address),
    put: async (address, entry, seconds) => {
      entries.set(address, entry)
      entries.seconds = seconds
    },
  }
}

describe('a shared cache', () => {
  test('lets 20 instances start with one fetch', async () => {
    server.respond = serveSet([first])
    const keysCache = memoryCache()
    for (let i = 0; i < 20; i++) {
      const { verifier, outcomes, settled } = service({ keysCache })
      await verifier.verify(token(first))
      await settled()
      assert.deepEqual(outcomes(), [i === 0 ? 'loaded' : 'cache_hit'])
    }
    assert.equal(fetches(), 1)
    assert.equal(keysCache.entries.seconds, 600 + 3600)
  })

  test('does not prolong the life of a set', async () => {
    server.respond = serveSet([first], 600)
    const keysCache = memoryCache()
    const clock = clockAt()
    await service({ keysCache, clock }).verifier.verify(token(first))
    server.respond = serveSet([second], 600)
    clock.pass(440)
    const late = service({ keysCache, clock })
    await late.verifier.verify(token(first))
    clock.pass(160)
    await assert.rejects(late.verifier.verify(token(first)), refused('key_not_found'))
    await assert.rejects(
      service({ keysCache, clock }).verifier.verify(token(first)),
      refused('key_not_found'),
    )
    assert.equal(fetches(), 2)
  })

  test('gives an instance what another one has refreshed', async () => {
    server.respond = serveSet([first], 600)
    const keysCache = memoryCache()
    const clock = clockAt()
    const instances = Array.from({ length: 10 }, () => service({ keysCache, clock }))
    const all = async () => {
      for (const { verifier, settled } of instances) {
        await verifier.verify(token(first))
        await settled()
      }
    }
    await all()
    clock.pass(511)
    await all()
    assert.equal(fetches(), 2)
    assert.deepEqual(instances[9].outcomes(), ['cache_hit', 'cache_hit'])
  })

  test('brings a new key to all instances with one fetch', async () => {
    server.respond = serveSet([first])
    const keysCache = memoryCache()
    const clock = clockAt()
    const instances = Array.from({ length: 10 }, () => service({ keysCache, clock }))
    for (const { verifier } of instances) await verifier.verify(token(first))
    server.respond = serveSet([first, second])
    clock.pass(10)
    for (const { verifier } of instances) await verifier.verify(token(second))
    assert.equal(fetches(), 2)
  })

  test('does not hide a new key by what it knows', async () => {
    server.respond = serveSet([first])
    const keysCache = memoryCache()
    const clock = clockAt()
    await service({ keysCache, clock }).verifier.verify(token(first))
    clock.pass(10)
    server.respond = serveSet([first, second])
    await service({ keysCache, clock }).verifier.verify(token(second))
    assert.equal(fetches(), 2)
  })

  test('serves a new instance while the server fails, within the grace', async () => {
    server.respond = serveSet([first], 60)
    const keysCache = memoryCache()
    const clock = clockAt()
    await service({ keysCache, clock }).verifier.verify(token(first))
    server.respond = down
    clock.pass(3600)
    const { verifier, outcomes } = service({ keysCache, clock })
    await verifier.verify(token(first))
    assert.deepEqual(outcomes(), ['cache_hit', 'failed', 'stale_served'])
    await assert.rejects(
      service({ keysCache, clock, keysStaleSeconds: 600 }).verifier.verify(token(first)),
      outage,
    )
    clock.pass(60)
    await assert.rejects(service({ keysCache, clock }).verifier.verify(token(first)), outage)
  })

  test('keeps the version by which the server is asked', async () => {
    server.respond = serveSet([first], 60, { etag: '"v1"' })
    const keysCache = memoryCache()
    const clock = clockAt()
    await service({ keysCache, clock }).verifier.verify(token(first))
    server.respond = serve(undefined, { etag: '"v1"' }, 304)
    clock.pass(60)
    const { verifier, outcomes } = service({ keysCache, clock })
    await verifier.verify(token(first))
    assert.equal(server.requests[1]['if-none-match'], '"v1"')
    assert.deepEqual(outcomes(), ['cache_hit', 'not_modified'])
  })

  for (const control of ['no-store', 'max-age=600, private']) {
    test(`gets nothing that its server forbids to share: ${control}`, async () => {
      server.respond = serve(setOf(first), { 'cache-control': control })
      const keysCache = memoryCache()
      const { verifier, settled } = service({ keysCache })
      await verifier.verify(token(first))
      await settled()
      assert.equal(keysCache.entries.size, 0)
    })
  }

  test('never holds a private key', async () => {
    server.respond = serve(JSON.stringify({ keys: [first] }))
    const keysCache = memoryCache()
    await assert.rejects(service({ keysCache }).verifier.verify(token(first)), outage)
    assert.equal(keysCache.entries.size, 0)
  })

  /** What an honest entry looks like, with `change`. */
  async function entry(change) {
    server.respond = serveSet([first], 600)
    const keysCache = memoryCache()
    await service({ keysCache }).verifier.verify(token(first))
    return JSON.stringify({ ...JSON.parse(keysCache.entries.get(server.url)), ...change })
  }
  const ms = (seconds) => start + seconds * 1000

  for (const [what, damage] of [
    ['is cut off', async () => (await entry({})).slice(0, -30)],
    ['is empty', async () => ''],
    ['is something else', async () => '<!doctype html>'],
    ['is of another set', () => entry({ url: 'https://evil.example/jwks.json' })],
    ['has another version', () => entry({ version: 2 })],
    ['is over', () => entry({ fetchedAt: ms(-9000), freshUntil: ms(-8000), staleUntil: ms(-1) })],
    ['is from the future', () => entry({ fetchedAt: ms(61), freshUntil: ms(90) })],
    ['ends before it begins', () => entry({ freshUntil: ms(-1) })],
    ['has times that are none', () => entry({ freshUntil: '9999999999999' })],
    ['has no times', () => entry({ fetchedAt: null, freshUntil: null, staleUntil: null })],
    ['has no text', () => entry({ text: { keys: [] } })],
    ['has half a text', () => entry({ text: setOf(first).slice(0, -9) })],
    ['has a shared key', () => entry({ text: '{"keys":[{"kty":"oct","k":"AAAA","kid":"k1"}]}' })],
    ['has a private key', () => entry({ text: JSON.stringify({ keys: [first] }) })],
    ['has a key that is none', () => entry({ text: setOf(first).replace('"x":"', '"x":"!') })],
    ['is too large', () => entry({ padding: 'x'.repeat(300_000) })],
  ]) {
    test(`is not believed where an entry ${what}`, async () => {
      const keysCache = memoryCache()
      keysCache.entries.set(server.url, await damage())
      server.requests = []
      const { verifier, outcomes, settled } = service({ keysCache })
      await verifier.verify(token(first))
      await settled()
      assert.deepEqual(outcomes(), ['cache_ignored', 'loaded'])
      const repaired = service({ keysCache })
      await repaired.verifier.verify(token(first))
      assert.equal(fetches(), 1)
    })
  }

  test('cannot make a set last for ever', async () => {
    const keysCache = memoryCache()
    const far = { freshUntil: ms(1e9), staleUntil: ms(2e9) }
    keysCache.entries.set(server.url, await entry(far))
    const { verifier, clock } = service({ keysCache })
    await verifier.verify(token(first))
    server.respond = serveSet([second])
    clock.pass(3600)
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    server.respond = down
    const other = service({ keysCache })
    other.clock.pass(7200)
    await assert.rejects(other.verifier.verify(token(first)), outage)
  })

  test('that is behind brings back no older set', async () => {
    const keysCache = memoryCache()
    const old = await entry({ text: setOf(second), fetchedAt: ms(-100), freshUntil: ms(500) })
    const { verifier, clock } = service({ keysCache })
    await verifier.verify(token(first))
    keysCache.entries.set(server.url, old)
    server.respond = down
    clock.pass(10)
    await assert.rejects(verifier.verify(token(second)), refused('key_not_found'))
    await verifier.verify(token(first))
  })

  test('of a machine whose clock is ahead does not outrank the server', async () => {
    const keysCache = memoryCache()
    keysCache.entries.set(server.url, await entry({ fetchedAt: ms(50), freshUntil: ms(650) }))
    const { verifier, clock } = service({ keysCache })
    await verifier.verify(token(first))
    server.respond = serveSet([second])
    clock.pass(6)
    await verifier.verify(token(second))
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
  })

  for (const [what, broken] of [
    ['fails', async () => Promise.reject(new Error('no cache today'))],
    ['never answers', () => new Promise(() => {})],
  ]) {
    test(`that ${what} stands in nobody's way`, async () => {
      server.respond = serveSet([first])
      const keysCache = { get: broken, put: broken }
      const { verifier, outcomes } = service({ keysCache, waitUntil: undefined })
      await verifier.verify(token(first))
      assert.deepEqual(outcomes().slice(0, 2), ['cache_failed', 'loaded'])
    })
  }
})

describe('pinned keys', () => {
  const pinnedKeys = JSON.parse(setOf(first))

  test('serve from the first request on, though the issuer is dead', async () => {
    const clock = clockAt()
    const gone = await startKeyServer()
    gone.stop()
    const { verifier, outcomes, settled } = serviceAt(gone.url, { pinnedKeys, clock })
    for (let i = 0; i < 20; i++) {
      await verifier.verify(token(first))
      await settled()
      clock.pass(60)
    }
    assert.equal(verifier.verifySync(token(first)).claims.iat, start / 1000)
    assert.deepEqual(new Set(outcomes()), new Set(['pinned_served', 'failed']))
  })

  test('serve while the issuer takes its time, which costs it one fetch', async () => {
    server.respond = held(serveSet([first, second]))
    const { verifier, outcomes, settled } = service({ pinnedKeys })
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    verifier.verifySync(token(first))
    assert.deepEqual(outcomes(), ['pinned_served'])
    server.respond.release()
    await settled()
    await verifier.verify(token(first))
    assert.equal(fetches(), 1)
    assert.equal(outcomes().at(-1), 'loaded')
  })

  test('do not have every key: tokens of another one wait for the issuer', async () => {
    server.respond = held(serveSet([first, second]))
    const { verifier } = service({ pinnedKeys })
    const all = Promise.all(Array.from({ length: 20 }, () => verifier.verify(token(second))))
    await verifier.verify(token(first))
    server.respond.release()
    await all
    assert.equal(fetches(), 1)
  })

  test('cannot say that a key is unknown', async () => {
    server.respond = down
    const { verifier } = service({ pinnedKeys })
    for (let i = 0; i < 50; i++) {
      await assert.rejects(verifier.verify(token(first, `no-${i}`)), outage)
    }
    await verifier.verify(token(first))
    assert.equal(fetches(), 1)
  })

  test('are never used again once a set has come, not even in an outage', async () => {
    server.respond = serveSet([second], 60)
    const { verifier, clock, settled } = service({
      pinnedKeys,
      keysStaleSeconds: 60,
      cacheSize: 10,
    })
    await verifier.verify(token(first))
    await settled()
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    assert.throws(() => verifier.verifySync(token(first)), refused('key_not_found'))
    server.respond = down
    clock.pass(120)
    await assert.rejects(verifier.verify(token(first)), outage)
    assert.throws(() => verifier.verifySync(token(first)), outage)
  })

  test('are not used where the shared cache has a set', async () => {
    server.respond = serveSet([second])
    const keysCache = memoryCache()
    await service({ keysCache }).verifier.verify(token(second))
    server.respond = () => assert.fail('asked')
    const { verifier } = service({ keysCache, pinnedKeys })
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    await verifier.verify(token(second))
  })

  test('serve where the shared cache has none, or never answers', async () => {
    server.respond = down
    await service({ keysCache: memoryCache(), pinnedKeys }).verifier.verify(token(first))
    const silent = { get: () => new Promise(() => {}), put: async () => {} }
    await service({ keysCache: silent, pinnedKeys }).verifier.verify(token(first))
  })

  test('end at the time that was set for them', async () => {
    server.respond = down
    const options = { pinnedKeys, pinnedUntilSeconds: start / 1000 + 300 }
    const { verifier, clock } = service(options)
    clock.pass(299)
    await verifier.verify(token(first))
    clock.pass(1)
    await assert.rejects(verifier.verify(token(first)), outage)
    assert.throws(() => verifier.verifySync(token(first)), outage)
  })
})

test('operators can ask what is at hand', async () => {
  const pinnedKeys = JSON.parse(setOf(first))
  server.respond = down
  const { verifier, clock, settled } = service({ pinnedKeys })
  const state = () => verifier.keySets()[0]
  assert.deepEqual(state(), { issuer, source: 'pinned', condition: 'pinned', failures: 0 })
  await verifier.verify(token(first))
  await settled()
  assert.deepEqual(state(), { issuer, source: 'pinned', condition: 'pinned', failures: 1 })
  server.respond = serveSet([first], 60)
  clock.pass(10)
  await verifier.verify(token(first))
  await settled()
  const times = {
    fetchedAtMs: start + 10_000,
    freshUntilMs: start + 70_000,
    staleUntilMs: start + 3_670_000,
  }
  const network = { issuer, source: 'network', ...times, failures: 0 }
  assert.deepEqual(state(), { ...network, condition: 'fresh' })
  clock.pass(60)
  assert.deepEqual(state(), { ...network, condition: 'stale' })
  clock.pass(3600)
  assert.deepEqual(state(), { ...network, condition: 'unusable' })
  const fixed = serviceAt(pinnedKeys).verifier.keySets()
  assert.deepEqual(fixed, [{ issuer, source: 'configured', condition: 'fresh', failures: 0 }])
})
