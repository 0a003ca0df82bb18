// An issuer's server for a key set, on loopback, that does what a test says; and a verifier that gets its keys there.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, clockAt, issuer, start } from './world.js'

export const [first, second] = ['k1', 'k2'].map((kid) => generateKey('Ed25519', { kid }))
export const setOf = (...keys) => JSON.stringify({ keys: keys.map(publicKey) })

/** The server. `respond` is what it does with a request; `requests` holds the headers of those that came. */
export async function startKeyServer() {
  const server = createServer((request, response) => {
    place.requests.push({ path: request.url, ...request.headers })
    place.respond(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place = {
    url: `http://127.0.0.1:${server.address().port}/jwks.json`,
    requests: [],
    respond: serve(setOf(first)),
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
  return place
}

/** Answers at once. */
export const serve =
  (body, headers = {}, status = 200) =>
  (response) =>
    response.writeHead(status, headers).end(body)

/** A set with its life. */
export const serveSet = (keys, maxAge = 600, headers = {}) =>
  serve(setOf(...keys), { 'cache-control': `max-age=${maxAge}`, ...headers })

/** Holds answers back until `release`. */
export function held(respond) {
  const waiting = []
  let open = false
  const gate = (...call) => (open ? respond(...call) : waiting.push(call))
  gate.release = () => {
    open = true
    for (const call of waiting.splice(0)) respond(...call)
  }
  return gate
}

/** A verifier that remembers no token, its clock, what it reported and what it does behind our backs. */
export function service(keys, { clock = clockAt(), ...options } = {}) {
  const events = []
  const behind = []
  const verifier = createVerifier({
    issuer,
    audience,
    keys,
    now: clock,
    type: 'JWT',
    cacheSize: 0,
    waitUntil: (work) => behind.push(work),
    onEvent: (event) => event.type === 'keys' && events.push(event),
    ...options,
  })
  const settled = async () => {
    while (behind.length > 0) await behind.shift()
  }
  return { verifier, clock, events, outcomes: () => events.map((it) => it.outcome), settled }
}

/** A token that is good for a day; `kid` is what it says of its key. */
export function token(key, kid = key.kid) {
  const claims = { iss: issuer, aud: audience, iat: start / 1000, exp: start / 1000 + 90_000 }
  return signJws(JSON.stringify(claims), { ...key, kid }, { typ: 'JWT' })
}

export const refused = (code) => (error) => error.name === 'LingpaiError' && error.code === code

/** A set that cannot be had is an outage, not a bad token. */
export const outage = (error) =>
  error.name === 'LingpaiError' && error.retryable && error.status === 503
