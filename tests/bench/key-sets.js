// What a remote key set costs and survives, beside the libraries that one would use otherwise, with their defaults: fetches
// and refusals on the same server and the same tokens, as a Markdown table. `--check` makes a bar that is not met the exit
// status.
import { once } from 'node:events'
import { createServer } from 'node:http'

import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { JwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { verifyWithJwks } from 'hono/jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const issuer = 'https://issuer.example'
const audience = 'https://api.example'
const algorithm = 'EdDSA'
const [first, second] = ['k1', 'k2'].map((kid) => generateKey('Ed25519', { kid }))

const RealDate = Date
let offsetMs = 0
// None of the libraries takes a clock for its keys.
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + offsetMs] : args))
  }
  static now() {
    return RealDate.now() + offsetMs
  }
}
const pass = (seconds) => (offsetMs += seconds * 1000)

/** Each gives, for an address, a function that verifies a token or rejects. */
const LIBRARIES = {
  '@lingpai/edge': (keys) => {
    const verifier = createVerifier({ issuer, audience, keys, type: 'JWT', cacheSize: 0 })
    return (token) => verifier.verify(token)
  },
  jose: (url) => {
    const keys = createRemoteJWKSet(new URL(url))
    return (token) => jwtVerify(token, keys, { issuer, audience })
  },
  'aws-jwt-verify': (jwksUri) => {
    // Its own fetcher speaks https only; in Node it does not follow redirects either.
    const fetcher = {
      fetch: async (uri) => (await good(await fetch(uri, { redirect: 'manual' }))).arrayBuffer(),
    }
    const jwksCache = new SimpleJwksCache({ fetcher })
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache })
    return (token) => verifier.verify(token)
  },
  'hono `jwk`': (jwks_uri) => (token) =>
    verifyWithJwks(token, { jwks_uri, allowedAlgorithms: [algorithm] }),
}

/**
 * Each says what happens and what ought to come of it: `most` fetches, and how many tokens are refused.
 * `server` has `answer`, a function or a set; `verify(n, token)` verifies n times, one after another.
 */
const SCENARIOS = [
  {
    title: '100 good tokens, one after another',
    bar: { fetches: 1, refused: 0 },
    async run({ server, verify }) {
      server.answer = setOf(first)
      return verify(100, () => token(first))
    },
  },
  {
    title: '50 good tokens at once, nothing cached',
    bar: { fetches: 1, refused: 0 },
    async run({ server, together }) {
      server.answer = setOf(first)
      return together(50, () => token(first))
    },
  },
  {
    title: 'the key server answers 503, nothing cached: 20 tokens',
    bar: { fetches: 2, refused: 20 },
    async run({ server, verify }) {
      server.answer = down
      return verify(20, () => token(first))
    },
  },
  {
    title: 'it answers 503 when the set is 11 minutes old: 20 good tokens',
    bar: { fetches: 2, refused: 0 },
    async run({ server, verify, begin }) {
      server.answer = setOf(first)
      await begin(token(first))
      server.answer = down
      pass(660)
      return verify(20, () => token(first))
    },
  },
  {
    title: '50 tokens that name unknown keys',
    bar: { fetches: 1, refused: 50 },
    async run({ server, verify }) {
      server.answer = setOf(first)
      return verify(50, (i) => token(first, `no-${i}`))
    },
  },
  {
    title: 'a key is removed; a token of it 11 minutes later',
    bar: { fetches: 1, refused: 1 },
    async run({ server, verify, begin }) {
      server.answer = setOf(first, second)
      await begin(token(first))
      server.answer = setOf(second)
      pass(660)
      return verify(1, () => token(first))
    },
  },
  {
    title: 'a key is new, 10 seconds after the last fetch; its first 20 tokens',
    bar: { fetches: 1, refused: 0 },
    async run({ server, verify, begin }) {
      server.answer = setOf(first)
      await begin(token(first))
      server.answer = setOf(first, second)
      pass(10)
      return verify(20, () => token(second))
    },
  },
  {
    title: 'the key server redirects to another host: 1 token of a key from there',
    bar: { fetches: 1, refused: 1 },
    async run({ server, verify }) {
      server.answer = (response, { url }) =>
        url === '/elsewhere'
          ? json(response, setOf(second))
          : response.writeHead(302, { location: '/elsewhere' }).end()
      return verify(1, () => token(second))
    },
  },
]

let missed = 0
const server = await startServer()
const names = Object.keys(LIBRARIES)
const lines = [
  `| fetches, refused of tokens sent | ${names.join(' | ')} | bar | |`,
  `|---|${names.map(() => '--:|').join('')}---|---|`,
]
for (const { title, bar, run } of SCENARIOS) {
  const results = []
  for (const make of Object.values(LIBRARIES)) results.push(await measure(make, run))
  const [ours] = results
  const met = ours.fetches <= bar.fetches && ours.refused === bar.refused
  if (!met) missed++
  const cells = results.map(({ fetches, refused, sent }) => `${fetches}, ${refused} of ${sent}`)
  const wanted = `≤ ${bar.fetches}, ${bar.refused}`
  lines.push(`| ${[title, ...cells, wanted, met ? 'met' : '**missed**'].join(' | ')} |`)
}
console.log(lines.join('\n'))
server.stop()
if (process.argv.includes('--check') && missed > 0) process.exitCode = 1

/** Runs a scenario on a new instance of a library. Fetches count from the end of what `begin` does. */
async function measure(make, run) {
  const verify = make(server.url)
  const one = async (text) =>
    verify(text).then(
      () => true,
      () => false,
    )
  const result = (good) => ({
    fetches: server.requests,
    refused: good.filter((it) => !it).length,
    sent: good.length,
  })
  server.requests = 0
  return run({
    server,
    async begin(text) {
      await verify(text)
      server.requests = 0
    },
    async verify(n, text) {
      const good = []
      for (let i = 0; i < n; i++) good.push(await one(text(i)))
      return result(good)
    },
    async together(n, text) {
      return result(await Promise.all(Array.from({ length: n }, (_, i) => one(text(i)))))
    },
  })
}

async function startServer() {
  const place = {
    requests: 0,
    answer: down,
    stop() {
      listener.closeAllConnections()
      listener.close()
    },
  }
  const listener = createServer((request, response) => {
    place.requests++
    if (typeof place.answer === 'string') json(response, place.answer)
    else place.answer(response, request)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  place.url = `http://127.0.0.1:${listener.address().port}/jwks.json`
  return place
}

function json(response, text) {
  const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=600' }
  response.writeHead(200, headers).end(text)
}

function down(response) {
  response.writeHead(503).end()
}

async function good(response) {
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response
}

function setOf(...keys) {
  return JSON.stringify({ keys: keys.map(publicKey) })
}

function token(key, kid = key.kid) {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, iat, exp: iat + 300 }
  return signJws(JSON.stringify(claims), { ...key, kid }, { typ: 'JWT' })
}
