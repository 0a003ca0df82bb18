// Measures all peers in all runtimes side by side in one run, and prints the medians as a Markdown table.
// `--check` makes a bar that is not met the exit status.
import { createInput } from './input.js'
import { inChromium, inNode, inWorkerd } from './runtimes.js'

const ROUNDS = 11
const BATCH_MS = 40
const PEERS = ['lingpai', 'jose', 'WebCrypto', 'noble']
const WITH_HOST = ['lingpai', 'jose', 'WebCrypto']
const WITH_JOSE = ['lingpai', 'jose']

/** Bars: how many times faster than `jose`, by runtime. `peers` where there are more than these two. */
const OPERATIONS = {
  open: {
    title: 'open a 512-byte `dir`+A256GCM token',
    bars: { Node: 10, workerd: 4, Chrome: 10 },
    peers: PEERS,
  },
  hs256: { title: 'verify HS256 with claims', bars: { Node: 20, workerd: 4 }, peers: WITH_HOST },
  eddsa: {
    title: 'verify EdDSA with claims, not seen before',
    bars: { Node: 1, workerd: 1, Chrome: 1 },
    peers: WITH_HOST,
  },
  seen: {
    title: 'verify EdDSA with claims, seen before',
    bars: { Node: 40, workerd: 40, Chrome: 40 },
  },
  seenLater: { title: 'the same by `await verify(…)`' },
  RS256: { title: 'verify RS256, not seen before', peers: WITH_HOST },
  PS256: { title: 'verify PS256, not seen before', peers: WITH_HOST },
  ES256: { title: 'verify ES256, not seen before', peers: WITH_HOST },
  issuers: { title: 'verify EdDSA, one of ten issuers' },
  sealedToken: { title: 'open a sealed token and verify it' },
  'request Ed25519': { title: 'a request with a DPoP proof, Ed25519' },
  'request P-256': { title: 'a request with a DPoP proof, ES256' },
}
const START_BAR_MS = 5

const input = await createInput()
const runtimes = []
let missed = 0
try {
  for (const begin of [inNode, inWorkerd, inChromium]) {
    const runtime = { ...(await begin(input)), samples: new Map(), starts: [] }
    runtimes.push(runtime)
    runtime.plan = await calibrate(runtime)
  }
  // Interleaved, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    progress(`round ${round + 1} of ${ROUNDS}`)
    for (const runtime of runtimes) {
      for (const { operation, peer, n } of runtime.plan) {
        const key = `${operation} ${peer}`
        const samples = runtime.samples.get(key) ?? []
        samples.push(((await runtime.time(operation, peer, n)) * 1000) / n)
        runtime.samples.set(key, samples)
      }
      runtime.starts.push(await runtime.start())
    }
  }
} finally {
  for (const runtime of runtimes) await runtime.stop()
}
progress('')
report()
if (process.argv.includes('--check') && missed > 0) process.exitCode = 1

/** How often each piece of work fits into a batch. */
async function calibrate({ name, time }) {
  progress(`preparing ${name}`)
  const plan = []
  for (const [operation, { peers = WITH_JOSE }] of Object.entries(OPERATIONS)) {
    for (const peer of peers) {
      let n = 16
      let ms = 0
      // The least of three: whatever interrupts one of them only makes it longer.
      while (n < 1 << 20) {
        const tries = [await time(operation, peer, n), await time(operation, peer, n)]
        ms = Math.max(0.01, Math.min(...tries, await time(operation, peer, n)))
        if (ms >= BATCH_MS / 6) break
        n *= 2
      }
      n = Math.max(1, Math.ceil((n * BATCH_MS) / ms))
      plan.push({ operation, peer, n })
    }
  }
  return plan
}

function report() {
  const lines = [
    '| µs per operation, median | runtime | lingpai | jose | WebCrypto | @noble/ciphers | lingpai : jose | bar | |',
    '|---|---|--:|--:|--:|--:|--:|--:|---|',
  ]
  for (const [operation, { title, bars = {} }] of Object.entries(OPERATIONS)) {
    for (const { name, samples } of runtimes) {
      const [lingpai, jose, webCrypto, noble] = PEERS.map((peer) =>
        median(samples.get(`${operation} ${peer}`)),
      )
      const bar = Object.entries(bars).find(([runtime]) => name.startsWith(runtime))?.[1]
      const ratio = jose / lingpai
      const cells = [
        title,
        name,
        ...[lingpai, jose, webCrypto, noble].map(micro),
        `${digits(ratio)}×`,
      ]
      lines.push(
        `| ${[...cells, bar ? `≥ ${bar}×` : '–', verdict(bar, ratio >= bar)].join(' | ')} |`,
      )
    }
  }
  for (const { name, starts } of runtimes) {
    const ms = median(starts)
    const title =
      name === 'workerd' ? 'instantiate (compiled by the platform)' : 'compile + instantiate'
    const cells = [title, name, `${digits(ms)} ms`, '–', '–', '–', '–', `≤ ${START_BAR_MS} ms`]
    lines.push(`| ${[...cells, verdict(START_BAR_MS, ms <= START_BAR_MS)].join(' | ')} |`)
  }
  console.log(lines.join('\n'))
}

function verdict(bar, met) {
  if (bar === undefined) return ''
  if (!met) missed += 1
  return met ? 'met' : '**missed**'
}

function median(samples) {
  if (!samples) return undefined
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function micro(value) {
  return value === undefined ? '–' : digits(value)
}

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
