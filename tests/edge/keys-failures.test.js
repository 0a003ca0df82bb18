// A key server that fails, or somebody who answers in its place: keys at hand serve on, and it is left alone.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
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
import { start } from './support/world.js'

let server
before(async () => (server = await startKeyServer()))
after(() => server.stop())
beforeEach(() => (server.requests = []))

const service = (options) => serviceAt(server.url, options)
const fetches = () => server.requests.length
const down = serve('down', {}, 503)

const timers = []
afterEach(() => timers.splice(0).forEach(clearInterval))

/** A body that never ends. */
const drip = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
  timers.push(setInterval(() => response.write(' '), 5))
}

describe('while its server fails', () => {
  test('a set that is over serves on for the grace and no longer, without a failure', async () => {
    server.respond = serveSet([first], 60)
    const { verifier, clock, outcomes } = service({ keysStaleSeconds: 600 })
    await verifier.verify(token(first))
    server.respond = down
    clock.pass(60)
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    assert.equal(fetches(), 2)
    assert.deepEqual(outcomes(), ['loaded', 'failed', 'stale_served'])
    clock.pass(599)
    await verifier.verify(token(first))
    verifier.verifySync(token(first))
    clock.pass(1)
    await assert.rejects(verifier.verify(token(first)), outage)
    assert.throws(() => verifier.verifySync(token(first)), outage)
  })

  test('verifySync has a set that is over once the failure is known, for the grace and no longer', async () => {
    server.respond = serveSet([first], 60)
    const { verifier, clock, outcomes, settled } = service({ keysStaleSeconds: 600 })
    await verifier.ready()
    server.respond = down
    clock.pass(60)
    assert.throws(() => verifier.verifySync(token(first)), outage)
    await settled()
    for (let i = 0; i < 20; i++) verifier.verifySync(token(first))
    assert.equal(fetches(), 2)
    assert.deepEqual(outcomes(), ['loaded', 'failed', 'stale_served'])
    clock.pass(599)
    verifier.verifySync(token(first))
    clock.pass(1)
    assert.throws(() => verifier.verifySync(token(first)), outage)
    await settled()
    server.respond = serveSet([second], 60)
    clock.pass(60)
    assert.throws(() => verifier.verifySync(token(second)), outage)
    await settled()
    verifier.verifySync(token(second))
  })

  test('nobody waits for it once that is known', async () => {
    server.respond = serveSet([first], 600)
    const { verifier, clock, outcomes, settled } = service({ keysTimeoutMs: 1_000 })
    await verifier.verify(token(first))
    server.respond = down
    clock.pass(600)
    await verifier.verify(token(first))
    server.respond = () => {}
    for (let i = 0; i < 3; i++) {
      clock.pass(60)
      await verifier.verify(token(first))
      await verifier.verify(token(first))
      assert.equal(outcomes().at(-1), 'stale_served')
      await settled()
      assert.equal(outcomes().at(-1), 'failed')
    }
  })

  test('it is left alone longer and longer, and used again when it is back', async () => {
    server.respond = serveSet([first], 60)
    const { verifier, clock, settled } = service({ keysStaleSeconds: 3600 })
    await verifier.verify(token(first))
    server.respond = down
    for (let second = 0; second < 600; second++) {
      clock.pass(1)
      await verifier.verify(token(first))
      await settled()
    }
    assert.ok(fetches() <= 1 + 4 + 600 / 60, String(fetches()))
    server.respond = serveSet([second], 600)
    clock.pass(60)
    await verifier.verify(token(first))
    await settled()
    await verifier.verify(token(second))
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
  })

  test('a key that nobody knows may be a new one', async () => {
    server.respond = serveSet([first], 60)
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    server.respond = down
    clock.pass(60)
    await assert.rejects(verifier.verify(token(second)), outage)
    await verifier.verify(token(first))
  })

  test('it is not asked for unknown keys either', async () => {
    server.respond = serveSet([first], 3600)
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    server.respond = down
    clock.pass(10)
    for (let i = 0; i < 50; i++) {
      await assert.rejects(verifier.verify(token(first, `no-${i}`)), refused('key_not_found'))
    }
    assert.equal(fetches(), 2)
  })

  for (const [what, headers, seconds] of [
    ['40 seconds', { 'retry-after': '40' }, 40],
    ['until a date', { 'retry-after': date(40), date: date(0) }, 40],
    ['for a year', { 'retry-after': '31536000' }, 60],
    ['in words', { 'retry-after': 'a while' }, 5],
    ['until yesterday', { 'retry-after': date(-86_400), date: date(0) }, 5],
  ]) {
    test(`it may ask to be left alone: ${what}`, async () => {
      server.respond = serve('busy', headers, 429)
      const { verifier, clock } = service()
      await assert.rejects(verifier.verify(token(first)), outage)
      server.respond = serveSet([first])
      clock.pass(seconds - 1)
      await assert.rejects(verifier.verify(token(first)), outage)
      assert.equal(fetches(), 1)
      clock.pass(2)
      await verifier.verify(token(first))
    })
  }
})

describe('without any keys', () => {
  test('20 verifications cost a failing server one request', async () => {
    server.respond = down
    const { verifier, clock } = service()
    for (let i = 0; i < 20; i++) await assert.rejects(verifier.verify(token(first)), outage)
    assert.equal(fetches(), 1)
    server.respond = serveSet([first])
    clock.pass(6)
    await verifier.verify(token(first))
  })

  test('20 verifications at once cost a server that never answers one request', async () => {
    server.respond = () => {}
    const { verifier } = service({ keysTimeoutMs: 1_000 })
    const all = Array.from({ length: 20 }, () => verifier.verify(token(first)))
    for (const { reason } of await Promise.allSettled(all)) assert.ok(outage(reason))
    await assert.rejects(verifier.verify(token(first)), refused('network_unavailable'))
    assert.equal(fetches(), 1)
  })

  for (const [what, failure, answer] of [
    ['a page of HTML', 'content_type', serve('<!doctype html>', { 'content-type': 'text/html' })],
    ['a page of HTML that says nothing of itself', 'not_a_set', serve('<!doctype html>')],
    ['a set that says it is HTML', 'content_type', html(setOf(first))],
    ['an empty answer', 'not_a_set', serve('')],
    ['a list of keys', 'not_a_set', serve(JSON.stringify(JSON.parse(setOf(first)).keys))],
    ['an error that is no error', 'not_a_set', serve('{"error":"try later"}')],
    ['keys that are none', 'not_a_set', serve('{"keys":[null]}')],
    ['a set with a shared key', 'not_a_set', serve(shared())],
    ['a set with a private key', 'not_a_set', serve(JSON.stringify({ keys: [first] }))],
    ['a set with a private key of an unknown kind', 'not_a_set', serve(unknownPrivate())],
    ['a set with a key twice', 'not_a_set', serve(setOf(first, first))],
    ['the same name twice', 'not_a_set', serve('{"keys":[],"keys":[]}')],
    ['half a set', 'not_a_set', serve(setOf(first).slice(0, -20))],
    ['bytes that are no text', 'body', serve(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
    ['a megabyte', 'too_large', serve(`{"keys":[],"x":"${'x'.repeat(1e6)}"}`)],
    ['a megabyte in pieces', 'too_large', inPieces],
    ['a connection that breaks at once', 'network', (response) => response.destroy()],
    ['a connection that breaks in the middle', 'body', breaksOff],
    ['no answer', 'timeout', () => {}],
    ['an answer that drips for ever', 'timeout', drip],
    ['no content', 'status', serve('', {}, 204)],
    ['a 304 to what was never asked', 'status', serve(undefined, {}, 304)],
    ['an error', 'status', serve(setOf(first), {}, 500)],
    ['a page that is not there', 'status', serve(setOf(first), {}, 404)],
  ]) {
    test(`none come of ${what}`, async () => {
      server.respond = answer
      const { verifier, events } = service({ keysTimeoutMs: failure === 'timeout' ? 300 : 10_000 })
      await assert.rejects(verifier.verify(token(first)), outage)
      assert.equal(events[0].failure, failure)
      assert.equal(fetches(), 1)
    })
  }

  for (const status of [301, 302, 303, 307, 308]) {
    test(`none come of a redirect (${status}), which is not followed`, async () => {
      server.respond = (response, { url }) =>
        url === '/other'
          ? serveSet([first])(response)
          : serve('', { location: '/other' }, status)(response)
      const { verifier, events } = service()
      await assert.rejects(verifier.verify(token(first)), outage)
      assert.equal(events[0].failure, 'redirect')
      assert.deepEqual(
        server.requests.map(({ path }) => path),
        ['/jwks.json'],
      )
    })
  }

  for (const type of [
    'application/jwk-set+json',
    'application/json; charset=utf-8',
    'text/plain',
    'binary/octet-stream',
  ]) {
    test(`some come as ${type}`, async () => {
      server.respond = serve(setOf(first), { 'content-type': type })
      await service().verifier.verify(token(first))
    })
  }
})

// A Worker whose client went away is cancelled: what it awaits goes on for nobody, not even for a `finally`.
describe('a load that nobody ends', () => {
  const never = () => new Promise(() => {})

  /** A verifier of which the first request dies in the middle: its timers and its fetch never come back. */
  function cancelling(options) {
    const place = { cancelled: false }
    const own = (input, init) => (place.cancelled ? never() : fetch(input, init))
    Object.assign(place, service({ fetch: own, keysTimeoutMs: 1000, ...options }))
    place.begin = async (text) => {
      place.cancelled = true
      const { setInterval, setTimeout } = globalThis
      globalThis.setInterval = globalThis.setTimeout = () => setTimeout(() => {}, 0)
      void place.verifier.verify(text).catch(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      Object.assign(globalThis, { setInterval, setTimeout })
      place.cancelled = false
    }
    return place
  }

  test('is taken over by a request that waits for it, once for all of them', async () => {
    server.respond = serveSet([first])
    const { verifier, begin } = cancelling()
    await begin(token(first))
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(token(first))))
    assert.equal(fetches(), 1)
  })

  test('does not keep a new key from being found', async () => {
    server.respond = serveSet([first])
    const { verifier, clock, begin } = cancelling()
    await verifier.verify(token(first))
    clock.pass(6)
    await begin(token(second))
    server.respond = serveSet([second])
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(token(second))))
    assert.equal(fetches(), 2)
  })

  for (const [what, end] of [
    ['brings an older set', serveSet([first], 600)],
    ['fails', down],
  ]) {
    test(`does not undo a newer one when it ${what} after all`, async () => {
      const late = held(end)
      server.respond = late
      const { verifier, clock, outcomes } = service({ keysTimeoutMs: 3000 })
      const real = globalThis.setInterval
      globalThis.setInterval = () => setTimeout(() => {}, 0)
      const slow = verifier.verify(token(second))
      while (fetches() === 0) await new Promise((resolve) => setImmediate(resolve))
      globalThis.setInterval = real
      server.respond = serveSet([second], 600)
      await verifier.verify(token(second))
      late.release()
      await slow
      clock.pass(6)
      await verifier.verify(token(second))
      assert.deepEqual(outcomes(), ['loaded'])
      assert.equal(fetches(), 2)
    })
  }

  test('does not keep the set from being refreshed: then a request waits for it', async () => {
    server.respond = serveSet([first], 600)
    const { verifier, clock, begin, outcomes } = cancelling({ waitUntil: undefined })
    await verifier.verify(token(first))
    clock.pass(511)
    await begin(token(first))
    await verifier.verify(token(first))
    assert.equal(fetches(), 1)
    clock.pass(3)
    await verifier.verify(token(first))
    assert.deepEqual(outcomes(), ['loaded', 'loaded'])
  })
})

function html(text) {
  return serve(text, { 'content-type': 'text/html; charset=utf-8' })
}

function shared() {
  return '{"keys":[{"kty":"oct","k":"AAAA","kid":"k1","use":"sig","alg":"HS256"}]}'
}

function unknownPrivate() {
  const key = { kty: 'AKP', alg: 'ML-DSA-65', kid: 'k3', use: 'sig', pub: 'AA', priv: 'AA' }
  return JSON.stringify({ keys: [...JSON.parse(setOf(first)).keys, key] })
}

function inPieces(response) {
  response.write('{"keys":[],"x":"')
  for (let i = 0; i < 10; i++) response.write('x'.repeat(100_000))
  response.end('"}')
}

function breaksOff(response) {
  response.writeHead(200, { 'content-length': 1000 })
  response.write(setOf(first).slice(0, 50), () => response.destroy())
}

function date(seconds) {
  return new Date(start + seconds * 1000).toUTCString()
}
