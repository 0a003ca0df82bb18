// A remote key set on a real server that fails in its ways: it is fetched seldom, survives outages, and says so.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, start } from './support/world.js'

const [first, second] = ['k1', 'k2'].map((kid) => generateKey('Ed25519', { kid }))
const setOf = (...keys) => JSON.stringify({ keys: keys.map(publicKey) })

let server
let url
let requests = 0
/** What the server does with a request. */
let respond

before(async () => {
  server = createServer((request, response) => {
    requests++
    respond(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${server.address().port}/jwks.json`
})
after(() => server.closeAllConnections() ?? server.close())

const serve =
  (body, headers = {}, status = 200) =>
  (response) =>
    response.writeHead(status, headers).end(body)

function service(options = {}) {
  requests = 0
  const clock = clockAt()
  const events = []
  const verifier = createVerifier({
    issuer,
    audience,
    keys: url,
    now: clock,
    cacheSize: 0,
    onEvent: (event) => event.type === 'keys' && events.push(event.outcome),
    ...options,
  })
  return { verifier, clock, events }
}

function token(key, kid = key.kid) {
  const claims = { iss: issuer, aud: audience, iat: start / 1000, exp: start / 1000 + 90_000 }
  return signJws(JSON.stringify(claims), { ...key, kid }, { typ: 'vt+jwt' })
}

const refused = (code) => (error) => error.name === 'LingpaiError' && error.code === code

describe('a remote key set', () => {
  test('is fetched once and used until its max-age is over', async () => {
    respond = serve(setOf(first), { 'cache-control': 'max-age=60' })
    const { verifier, clock, events } = service()
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    clock.pass(59)
    await verifier.verify(token(first))
    assert.equal(requests, 1)
    clock.pass(1)
    await verifier.verify(token(first))
    assert.equal(requests, 2)
    assert.deepEqual(events, ['loaded', 'loaded'])
  })

  test('is fetched once for requests that come together', async () => {
    respond = (response) => setTimeout(() => serve(setOf(first))(response), 50)
    const { verifier } = service()
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(token(first))))
    assert.equal(requests, 1)
  })

  // A Worker whose client went away is cancelled: what it awaits goes on for nobody, not even for a `finally`.
  test('is fetched again although a request that began to fetch never went on', async () => {
    respond = serve(setOf(first), { 'cache-control': 'max-age=600' })
    let cancelled = false
    const never = () => new Promise(() => {})
    const own = (input, init) => (cancelled ? never() : fetch(input, init))
    const { verifier, clock } = service({ fetch: own, keysTimeoutMs: 1000 })
    await verifier.verify(token(first))
    clock.pass(31)
    cancelled = true
    void verifier.verify(token(second)).catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    cancelled = false
    respond = serve(setOf(second), { 'cache-control': 'max-age=600' })
    clock.pass(31)
    await verifier.verify(token(second))
  })

  test('keeps max-age within bounds', async () => {
    respond = serve(setOf(first), { 'cache-control': 'max-age=0, no-store' })
    const short = service()
    for (let i = 0; i < 5; i++) await short.verifier.verify(token(first))
    assert.equal(requests, 1)
    respond = serve(setOf(first), { 'cache-control': 'max-age=99999999' })
    const long = service()
    await long.verifier.verify(token(first))
    long.clock.pass(3600)
    await long.verifier.verify(token(first))
    assert.equal(requests, 2)
  })

  test('is looked at again for an unknown key, but not for each one', async () => {
    respond = serve(setOf(first))
    const { verifier, clock } = service()
    await verifier.verify(token(first))
    clock.pass(31)
    for (let i = 0; i < 50; i++) {
      await assert.rejects(verifier.verify(token(first, `no-${i}`)), refused('key_not_found'))
    }
    assert.equal(requests, 2)
  })

  test('brings in a new key and drops a removed one', async () => {
    respond = serve(setOf(first), { 'cache-control': 'max-age=600' })
    const { verifier, clock } = service({ cacheSize: 10 })
    await verifier.verify(token(first))
    respond = serve(setOf(second), { 'cache-control': 'max-age=600' })
    clock.pass(31)
    await verifier.verify(token(second))
    await assert.rejects(verifier.verify(token(first)), refused('key_not_found'))
  })

  test('serves on while its server fails, within a bound', async () => {
    respond = serve(setOf(first), { 'cache-control': 'max-age=60' })
    const { verifier, clock, events } = service({ keysStaleSeconds: 600 })
    await verifier.verify(token(first))
    respond = serve('down', {}, 503)
    clock.pass(61)
    for (let i = 0; i < 20; i++) await verifier.verify(token(first))
    assert.equal(requests, 2)
    assert.deepEqual(events, ['loaded', 'failed'])
    clock.pass(600)
    await assert.rejects(verifier.verify(token(first)), refused('temporarily_unavailable'))
  })

  test('that never came costs its server one request in a while', async () => {
    respond = serve('down', {}, 500)
    const { verifier, clock } = service()
    for (let i = 0; i < 20; i++) {
      await assert.rejects(verifier.verify(token(first)), refused('temporarily_unavailable'))
    }
    assert.equal(requests, 1)
    respond = serve(setOf(first))
    clock.pass(6)
    await verifier.verify(token(first))
  })

  for (const [what, answer] of [
    ['a page of HTML', serve('<!doctype html>')],
    ['a redirect', serve('', { location: 'https://evil.example/jwks.json' }, 302)],
    [
      'a set with a shared key',
      serve('{"keys":[{"kty":"oct","k":"AAAA","kid":"k1","use":"sig","alg":"HS256"}]}'),
    ],
    ['too many bytes', serve(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`)],
    [
      'too many bytes in chunks',
      (response) => {
        response.write('{"keys":[],"x":"')
        response.end('x'.repeat(70_000))
      },
    ],
    ['the same name twice', serve('{"keys":[],"keys":[]}')],
  ]) {
    test(`is not taken from ${what}`, async () => {
      respond = answer
      const { verifier } = service()
      await assert.rejects(verifier.verify(token(first)), (error) => {
        return (
          (error.name === 'LingpaiError' && error.retryable && error.status === 503) ||
          assert.fail(error.code)
        )
      })
    })
  }

  test('is not waited for longer than said', async () => {
    respond = () => undefined
    const { verifier } = service({ keysTimeoutMs: 50 })
    await assert.rejects(verifier.verify(token(first)), refused('network_unavailable'))
  })

  test('that is not loaded yet cannot serve verifySync', async () => {
    respond = serve(setOf(first))
    const { verifier } = service()
    assert.throws(() => verifier.verifySync(token(first)), refused('temporarily_unavailable'))
    await verifier.ready()
    assert.equal(verifier.verifySync(token(first)).claims.iss, issuer)
  })
})
