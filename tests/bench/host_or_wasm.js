// Whether the host's WebCrypto or our WASM is faster, per primitive and runtime, as a Markdown table. The choice that the
// package makes for each runtime is fixed from it.
import { performance } from 'node:perf_hooks'

import { at } from '../support/paths.js'
import { startRuntime } from '../support/runtimes/index.js'
import { createInput } from './input.js'

const RUNTIMES = ['node', 'deno', 'bun', 'workerd', 'chromium', 'firefox', 'webkit']
const PRIMITIVES = ['Ed25519', 'Ed25519, a new key', 'HMAC-SHA-256', 'AES-256-GCM']
const ROUNDS = 9
const BATCH_MS = 60

const input = await createInput()
const rows = []
for (const name of RUNTIMES) {
  const runtime = await startRuntime(name, at('tests/bench/primitives.js'))
  try {
    await runtime.call('prepare', input)
    rows.push([runtime.version, await measure(runtime)])
  } finally {
    await runtime.stop()
  }
}
report()

async function measure(runtime) {
  const time = clockOf(runtime)
  const plan = []
  for (const work of PRIMITIVES.flatMap((name) => [`${name} host`, `${name} WASM`])) {
    let n = 64
    while (n < 1 << 20 && (await time(work, n)) < BATCH_MS / 3) n *= 2
    plan.push({ work, n: n * 3, samples: [] })
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { work, n, samples } of plan) samples.push(((await time(work, n)) * 1000) / n)
  }
  return Object.fromEntries(plan.map(({ work, samples }) => [work, median(samples)]))
}

/** In workerd time stands still during a request: it is taken from outside, twice the work less the work. */
function clockOf(runtime) {
  if (!runtime.name.startsWith('workerd')) return (work, n) => runtime.call('time', work, n)
  const ask = async (work, n) => {
    const start = performance.now()
    await runtime.call('time', work, n)
    return performance.now() - start
  }
  return async (work, n) => (await ask(work, 2 * n)) - (await ask(work, n))
}

function report() {
  const head = PRIMITIVES.flatMap((name) => [`${name} host`, 'WASM', 'host : WASM'])
  console.log(`| µs, median | ${head.join(' | ')} |`)
  console.log(`|---|${head.map(() => '--:|').join('')}`)
  for (const [version, medians] of rows) {
    const cells = PRIMITIVES.flatMap((name) => {
      const [host, wasm] = [medians[`${name} host`], medians[`${name} WASM`]]
      return [digits(host), digits(wasm), `${digits(host / wasm)}×`]
    })
    console.log(`| ${[version, ...cells].join(' | ')} |`)
  }
}

function median(samples) {
  return [...samples].sort((a, b) => a - b)[samples.length >> 1]
}

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)
}
