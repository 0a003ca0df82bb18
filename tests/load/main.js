// A protected route under load, ours beside the same with `jose`: requests per second (the median round), latencies and
// processor time (over all requests). Each round drives both servers, now this one first and now that one, so that whatever
// else the machine does meets both. `--check` makes it the exit status where ours is not ahead in everything.
import { createDeployment, forgeVisitToken } from '../support/deployment.js'
import { keySet, proofKey } from '../support/jose_keys.js'
import { dpopProof } from '../support/jose_party.js'
import { at } from '../support/paths.js'
import { freePort } from '../support/processes.js'
import { workerBundle } from '../support/worker_bundle.js'
import { bundleWorker, startServer } from '../support/workerd_server.js'
import { drive } from './drive.js'

/** Until an engine has compiled what is hot, it spends more time on that than on answering; a server does it once. */
const WARM_UP_REQUESTS = 5000
const ROUNDS = 8
/** So many that the first one of each connection, which is slow, is well below a hundredth. */
const BOUND_REQUESTS = 2000
/** Visits under way, as a service has them: each with its proof key, and with its object in the ledger. */
const VISITS = 64
const BEARER_REQUESTS = 4000
/** What is read out of the rounds of one server: title, reading, whether more is better. */
const COLUMNS = [
  [
    'requests/s',
    (rounds) =>
      quantile(
        rounds.map(({ perSecond }) => perSecond),
        0.5,
      ),
    true,
  ],
  [
    'p50 ms',
    (rounds) =>
      quantile(
        rounds.flatMap(({ times }) => times),
        0.5,
      ),
    false,
  ],
  [
    'p99 ms',
    (rounds) =>
      quantile(
        rounds.flatMap(({ times }) => times),
        0.99,
      ),
    false,
  ],
  ['CPU µs per request', processorMicros, false],
]

const bearerWorkers = { lingpai: 'bearer_lingpai.js', jose: 'bearer_jose.js' }
const scenarios = []
let behind = 0

for (const [title, prepare] of [
  ['`GET /api/me` of the demo Worker: token, revocation, proof, replay', bound],
  ['a route with a bearer token', bearer],
]) {
  for (const repeated of [false, true]) {
    const name = `${title}, ${repeated ? 'tokens seen before' : 'each token once'}`
    scenarios.push([name, await compare(prepare, repeated)])
  }
}
report()
if (process.argv.includes('--check') && behind > 0) process.exitCode = 1

/** The rounds of each library. */
async function compare(prepare, repeated) {
  const measured = { lingpai: [], jose: [] }
  const places = await prepare()
  try {
    for (const { place, headersOf } of Object.values(places)) {
      await drive({ ...place, headers: await headersOf(WARM_UP_REQUESTS, repeated) })
    }
    for (let round = 0; round < ROUNDS; round++) {
      const entries = Object.entries(places)
      if (round % 2 === 1) entries.reverse()
      for (const [library, { place, count, headersOf }] of entries) {
        measured[library].push(await drive({ ...place, headers: await headersOf(count, repeated) }))
      }
    }
  } finally {
    for (const { stop } of Object.values(places)) await stop()
  }
  return measured
}

/** The demo Worker as it is deployed, and its twin, each with an issuer of its own. */
async function bound() {
  return {
    lingpai: await boundPlace({ directory: await workerBundle(), remove() {} }, 'index.js'),
    jose: await boundPlace(await bundleWorker(at('tests/load/workers/jose.js')), 'worker.js'),
  }
}

async function boundPlace({ directory, remove }, entry) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const deployment = await createDeployment({ issuer, pages: ['https://page.example'] })
  const server = await startServer({
    directory,
    entry,
    port,
    bindings: deployment.bindings,
    ledger: true,
  })
  const url = `${issuer}/api/me`
  const visits = await Promise.all(
    Array.from({ length: VISITS }, async () => {
      const key = await proofKey()
      const sid = crypto.getRandomValues(Buffer.alloc(16)).toString('base64url')
      const forge = () => forgeVisitToken(deployment, { jkt: key.jkt, sid })
      return { key, forge, one: await forge() }
    }),
  )
  return {
    place: { url, server },
    count: BOUND_REQUESTS,
    async headersOf(count, repeated) {
      const headers = []
      for (let i = 0; i < count; i++) {
        const { key, forge, one } = visits[i % VISITS]
        const token = repeated ? one : await forge()
        const dpop = await dpopProof(key, { method: 'GET', url, token })
        headers.push({ authorization: `DPoP ${token}`, dpop })
      }
      return headers
    },
    async stop() {
      await server.stop()
      remove()
    },
  }
}

async function bearer() {
  const places = {}
  for (const [library, file] of Object.entries(bearerWorkers)) {
    const { directory, remove } = await bundleWorker(at('tests/load/workers', file))
    const port = await freePort()
    const issuer = `http://127.0.0.1:${port}`
    const deployment = await createDeployment({ issuer, pages: ['https://page.example'] })
    const bindings = { ISSUER: issuer, KEYS: JSON.stringify(keySet(deployment.signing)) }
    const server = await startServer({ directory, entry: 'worker.js', port, bindings })
    const one = await forgeVisitToken(deployment)
    places[library] = {
      place: { url: `${issuer}/`, server },
      count: BEARER_REQUESTS,
      async headersOf(count, repeated) {
        const headers = []
        for (let i = 0; i < count; i++) {
          const token = repeated ? one : await forgeVisitToken(deployment)
          headers.push({ authorization: `Bearer ${token}` })
        }
        return headers
      },
      async stop() {
        await server.stop()
        remove()
      },
    }
  }
  return places
}

function report() {
  const head = ['route', 'measure', '@lingpai/edge', 'jose', 'ours : jose', '']
  console.log(`| ${head.join(' | ')} |\n|---|---|--:|--:|--:|---|`)
  for (const [name, { lingpai, jose }] of scenarios) {
    for (const [title, read, moreIsBetter] of COLUMNS) {
      const [ours, theirs] = [lingpai, jose].map(read)
      const ratio = moreIsBetter ? ours / theirs : theirs / ours
      const verdict = ratio > 1 ? 'ahead' : '**behind**'
      if (ratio <= 1) behind += 1
      const cells = [name, title, digits(ours), digits(theirs), `${ratio.toFixed(2)}×`, verdict]
      console.log(`| ${cells.join(' | ')} |`)
    }
  }
}

function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}

function processorMicros(rounds) {
  const seconds = rounds.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0)
  return (seconds * 1e6) / rounds.reduce((sum, { times }) => sum + times.length, 0)
}

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
