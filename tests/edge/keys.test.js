// A remote key set on a real server: fetched seldom and ahead of time, gone when its time is over, and tokens cannot make
// it fetch.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { generateKey } from '@lingpai/edge/jose'
import {
  first,
  held,
  refused,
  second,
  serve,
  service as serviceAt,
  serveSet,
  setOf,
  startKeyServer,
  token,
} from './support/key_server.js'
import { issuer, start } from './support/world.js'

let server
before(async () => (server = await startKeyServer()))
after(() => server.stop())
beforeEach(() => (server.requests = []))

const service = (options) => serviceAt(server.url, options)
const fetches = () => server.requests.length

describe('a remote key set', () => {
  test('is fetched once and used until its max-age is over', async () => {
    server.respond = serveSet([first], 60)
    const { verifier, clock, outcomes } = service()
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    clock.pass(44)
    await verifier.verify(token(first))
    assert.equal(fetches(), 1)
    clock.pass(16)
    await verifier.verify(token(first))
    assert.equal(fetches(), 2)
    assert.deepEqual(outcomes(), ['loaded', 'loaded'])
  })

  test('is fetched ahead of time, and nobody waits for that', async () => {
    server.respond = serveSet([first], 600)
    const { verifier, clock, settled } = service()
    await verifier.verify(token(first))
    const slow = held(serveSet([second], 600))
    server.respond = slow
    clock.pass(511)
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    slow.release()
    await settled()
    assert.equal(fetches(), 2)
    await verifier.verify(token(second))
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    clock.pass(440)
    await verifier.verify(token(second))
    assert.equal(fetches(), 2)
  })

  test('is fetched ahead of time for verifySync, too', async () => {
    server.respond = serveSet([first], 600)
    const { verifier, clock, settled } = service()
    await verifier.ready()
    for (let i = 0; i < 10; i++) {
      clock.pass(511)
      verifier.verifySync(token(first))
      await settled()
    }
    assert.equal(fetches(), 11)
  })

  test('is not fetched at the same moment by all instances', async () => {
    server.respond = serveSet([first], 1000)
    const instances = Array.from({ length: 30 }, () => service())
    for (const { verifier } of instances) await verifier.verify(token(first))
    for (const { verifier, clock } of instances) {
      clock.pass(800)
      await verifier.verify(token(first))
    }
    const late = instances.filter(({ outcomes }) => outcomes().length === 1)
    for (const { settled } of instances) await settled()
    assert.ok(fetches() > 30 && fetches() < 60, String(fetches()))
    assert.ok(late.length > 0)
  })

  test('is fetched once for 50 requests that come together', async () => {
    server.respond = held(serveSet([first]))
    const { verifier } = service()
    const all = Promise.all(Array.from({ length: 50 }, () => verifier.verify(token(first))))
    setImmediate(server.respond.release)
    await all
    assert.equal(fetches(), 1)
  })

  test('is asked for by its version, and may be the same for longer', async () => {
    const etag = '"v1"'
    server.respond = (response, request) =>
      request.headers['if-none-match'] === etag
        ? serve(undefined, { etag }, 304)(response)
        : serveSet([first], 60, { etag })(response)
    const { verifier, clock, outcomes } = service()
    for (let i = 0; i < 4; i++) {
      await verifier.verify(token(first))
      clock.pass(60)
    }
    assert.deepEqual(outcomes(), ['loaded', 'not_modified', 'not_modified', 'not_modified'])
  })

  for (const [what, headers, seconds] of [
    ['nothing is said', {}, 600],
    ['max-age is 0', { 'cache-control': 'max-age=0' }, 30],
    ['it may not be stored', { 'cache-control': 'max-age=600, no-store' }, 30],
    ['it has to be asked for each time', { 'cache-control': 'No-Cache, max-age=600' }, 30],
    ['max-age is a century', { 'cache-control': 'public, max-age=3155760000' }, 3600],
    ['max-age is quoted', { 'cache-control': 'max-age="90"' }, 90],
    ['max-age is no number', { 'cache-control': 'max-age=soon' }, 30],
    ['it has two ages', { 'cache-control': 'max-age=900, max-age=90' }, 90],
    ['caches that can be purged may keep it longer', cached('max-age=90, s-maxage=900'), 90],
    ['caches have to drop it sooner', cached('max-age=900, s-maxage=90'), 90],
    ['it lay in a cache for a while', { 'cache-control': 'max-age=600', age: '500' }, 100],
    ['it lay in a cache for too long', { 'cache-control': 'max-age=600', age: '5000' }, 30],
    ['an extension looks like max-age', cached('x-max-age=5, max-age=90'), 90],
    ['it expires', { expires: date(100), date: date(0) }, 100],
    ['it expires, in no way that can be read', { expires: '0' }, 30],
  ]) {
    test(`lasts ${seconds} s where ${what}`, async () => {
      server.respond = serve(setOf(first), headers)
      const { verifier, clock } = service()
      await verifier.verify(token(first))
      server.respond = serve(setOf(second), headers)
      clock.pass(seconds - 1)
      verifier.verifySync(token(first))
      await verifier.verify(token(first))
      clock.pass(1)
      await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    })
  }

  test('that is not loaded yet cannot serve verifySync', async () => {
    server.respond = serveSet([first])
    const { verifier } = service()
    assert.throws(() => verifier.verifySync(token(first)), refused('temporarily_unavailable'))
    await verifier.ready()
    assert.equal(verifier.verifySync(token(first)).claims.iss, issuer)
  })

  test('that is not loaded yet is fetched because verifySync has asked for it', async () => {
    server.respond = serveSet([first])
    const { verifier, settled } = service()
    for (let i = 0; i < 20; i++) {
      assert.throws(() => verifier.verifySync(token(first)), refused('temporarily_unavailable'))
    }
    await settled()
    verifier.verifySync(token(first))
    assert.equal(fetches(), 1)
  })

  for (const [what, seconds] of [
    ['just now', 60],
    ['an hour ago', 3659],
    ['for longer than an outage may last', 4000],
  ]) {
    test(`that is over ${what} does not serve verifySync, which has a newer one fetched`, async () => {
      server.respond = serveSet([first, second], 60)
      const { verifier, clock, settled, outcomes } = service()
      await verifier.ready()
      verifier.verifySync(token(first))
      server.respond = serveSet([second], 60)
      clock.pass(seconds)
      for (let i = 0; i < 20; i++) {
        assert.throws(() => verifier.verifySync(token(first)), refused('temporarily_unavailable'))
      }
      await settled()
      assert.throws(() => verifier.verifySync(token(first)), refused('key_not_found'))
      verifier.verifySync(token(second))
      assert.deepEqual(outcomes(), ['loaded', 'loaded'])
    })
  }

  test('does not last longer because a clock is turned back', async () => {
    server.respond = serveSet([first], 600)
    const { verifier, clock } = service({ keysStaleSeconds: 60 })
    clock.pass(1000)
    await verifier.verify(token(first))
    clock.pass(-900)
    server.respond = serveSet([second], 600)
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
    await verifier.verify(token(second))
  })
})

describe('a key', () => {
  test('that is new is found by its first token', async () => {
    server.respond = serveSet([first])
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    clock.pass(6)
    server.respond = serveSet([first, second])
    await verifier.verify(token(second))
    assert.equal(fetches(), 2)
    assert.equal(server.requests[1]['cache-control'], 'no-cache')
  })

  test('that is new is found by all of its first tokens', async () => {
    server.respond = serveSet([first])
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    clock.pass(6)
    server.respond = held(serveSet([second]))
    const all = Promise.all(Array.from({ length: 20 }, () => verifier.verify(token(second))))
    setImmediate(server.respond.release)
    await all
    assert.equal(fetches(), 2)
  })

  test('that is new is found though the server answers 304 to everything it can', async () => {
    const etag = '"always"'
    server.respond = (response, request) =>
      request.headers['if-none-match']
        ? serve(undefined, { etag }, 304)(response)
        : serveSet([second], 600, { etag })(response)
    const stuck = server.respond
    server.respond = serveSet([first], 600, { etag })
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    server.respond = stuck
    clock.pass(6)
    await verifier.verify(token(second))
  })

  test('that nobody knows is looked for once, whatever its name', async () => {
    server.respond = serveSet([first])
    const { verifier, clock, outcomes } = service()
    for (let i = 0; i < 50; i++) {
      await assert.rejects(verifier.verify(token(first, `no-${i}`)), refused('key_not_found'))
    }
    assert.equal(fetches(), 1)
    clock.pass(31)
    for (let i = 0; i < 50; i++) {
      await assert.rejects(verifier.verify(token(first, `no-${i}`)), refused('key_not_found'))
    }
    assert.equal(fetches(), 2)
    assert.equal(outcomes().filter((it) => it === 'unknown_kid').length, 100)
  })

  test('that nobody knows costs one fetch in 30 seconds under a steady attack', async () => {
    server.respond = serveSet([first], 3600)
    const { verifier, clock } = service()
    for (let second = 0; second < 1800; second++) {
      await verifier.verify(token(first, `no-${second}`)).catch(() => {})
      clock.pass(1)
    }
    assert.ok(fetches() <= 1 + 1800 / 30, String(fetches()))
  })

  test('that is removed is refused when the time of its set is over, also by tokens seen before', async () => {
    server.respond = serveSet([first, second], 600)
    const { verifier, clock } = service({ cacheSize: 10 })
    const seen = token(first)
    for (let i = 0; i < 3; i++) await verifier.verify(seen)
    server.respond = serveSet([second], 600)
    clock.pass(600)
    const all = Array.from({ length: 20 }, () => verifier.verify(seen))
    for (const { reason } of await Promise.allSettled(all)) {
      assert.equal(reason?.code, 'key_not_found')
    }
    await verifier.verify(token(second))
  })
})

test('operators are told what happens, and nothing that a token says', async () => {
  server.respond = serveSet([first], 60)
  const { verifier, clock, events } = serviceAt(`${server.url}?secret=s3cr3t`)
  await verifier.verify(token(first))
  const names = ['<script>alert(1)</script>', 'x'.repeat(100)]
  for (const kid of names) {
    await verifier.verify(token(generateKey('Ed25519', { kid }))).catch(() => {})
  }
  server.respond = serve('{"error":"s3cr3t"}', { 'set-cookie': 's3cr3t' }, 503)
  clock.pass(60)
  await verifier.verify(token(first))
  const keySet = server.url
  assert.deepEqual(events, [
    { type: 'keys', outcome: 'loaded', keySet },
    { type: 'keys', outcome: 'unknown_kid', keySet },
    { type: 'keys', outcome: 'unknown_kid', keySet },
    { type: 'keys', outcome: 'failed', keySet, failure: 'status', status: 503 },
    { type: 'keys', outcome: 'stale_served', keySet },
  ])
})

test('a hook that throws changes nothing', async () => {
  server.respond = serveSet([first], 60)
  const onEvent = ({ type }) => {
    if (type === 'keys') throw new Error('a bug in a metric')
  }
  const { verifier } = service({ onEvent })
  assert.equal((await verifier.verify(token(first))).claims.iss, issuer)
})

for (const [option, value] of [
  ['keysTimeoutMs', 0],
  ['keysTimeoutMs', 60_001],
  ['keysStaleSeconds', -1],
  ['keysStaleSeconds', Infinity],
  ['keysCache', new Map([['get', 1]])],
  ['keysCache', {}],
  ['waitUntil', 'later'],
  ['fetch', {}],
  ['pinnedKeys', 'https://issuer.example/keys'],
  ['pinnedKeys', [first]],
  ['pinnedKeys', { kty: 'oct', k: 'AAAA' }],
  ['pinnedUntilSeconds', 1],
]) {
  test(`wrong usage of ${option} shows at once`, () => {
    assert.throws(
      () => service({ [option]: value }),
      (error) => error instanceof TypeError && error.message.startsWith(`${option}: `),
    )
  })
}

for (const keys of [
  'http://issuer.example/keys',
  'https://me:secret@issuer.example/keys',
  'keys',
]) {
  test(`keys are not fetched from ${keys}`, () => {
    assert.throws(
      () => serviceAt(keys),
      (error) => error instanceof TypeError && error.message.startsWith('keys: '),
    )
  })
}

for (const option of ['pinnedKeys', 'pinnedUntilSeconds']) {
  test(`${option} has no meaning where nothing is fetched`, () => {
    const value = { pinnedKeys: [], pinnedUntilSeconds: 1 }[option]
    assert.throws(
      () => serviceAt(JSON.parse(setOf(first)), { [option]: value }),
      (error) => error instanceof TypeError && error.message.startsWith(`${option}: `),
    )
  })
}

function cached(control) {
  return { 'cache-control': control }
}

function date(seconds) {
  return new Date(start + seconds * 1000).toUTCString()
}
