// What operators see: counters, histograms, their Prometheus text, and the `Server-Timing` header.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createMetrics, serverTiming } from '@lingpai/edge'
import { errorCodes } from '../../npm/edge/dist/codes.js'
import { stopwatch, withServerTiming } from '../../npm/edge/dist/server-timing.js'

const verified = { type: 'verified', issuer: 'https://gate.example', algorithm: 'EdDSA' }
const counts = (histogram) =>
  Object.fromEntries(histogram.buckets.map(({ atMost, count }) => [atMost, count]))

describe('metrics', () => {
  test('count what was accepted and refused, and why', () => {
    const metrics = createMetrics()
    for (const cached of [false, true, true]) metrics({ ...verified, cached })
    metrics({ ...verified, issuer: 'https://other.example', algorithm: 'RS256', cached: false })
    for (const code of ['proof_replayed', 'key_not_found', 'proof_replayed']) {
      metrics({ type: 'refused', code })
    }
    metrics({ type: 'keys', outcome: 'loaded' })
    metrics({ type: 'trap', recovered: true })
    metrics({ type: 'trap', recovered: false })
    const { verified: accepted, algorithms, seenBefore, refused, keys, traps } = metrics.snapshot()
    assert.deepEqual(accepted, { 'https://gate.example': 3, 'https://other.example': 1 })
    assert.deepEqual(algorithms, { EdDSA: 3, RS256: 1 })
    assert.equal(seenBefore, 2)
    assert.deepEqual(refused, { proof_replayed: 2, key_not_found: 1 })
    assert.deepEqual(keys, { loaded: 1 })
    assert.deepEqual(traps, { recovered: 1, lasting: 1 })
  })

  test('show the issuer’s clock at the first use of a token, and the client’s at each proof', () => {
    const metrics = createMetrics()
    metrics({ ...verified, cached: false, tokenAgeSeconds: -3, proofAgeSeconds: 0 })
    metrics({ ...verified, cached: true, tokenAgeSeconds: 600, proofAgeSeconds: 7 })
    const { tokenAgeSeconds, proofAgeSeconds } = metrics.snapshot()
    assert.deepEqual([tokenAgeSeconds.count, tokenAgeSeconds.sum], [1, -3])
    assert.deepEqual([counts(tokenAgeSeconds)[-5], counts(tokenAgeSeconds)[-2]], [0, 1])
    assert.deepEqual([proofAgeSeconds.count, proofAgeSeconds.sum], [2, 7])
    assert.deepEqual([counts(proofAgeSeconds)[0], counts(proofAgeSeconds)[10]], [1, 2])
  })

  test('keep what a snapshot said', () => {
    const metrics = createMetrics()
    const before = metrics.snapshot()
    metrics({ ...verified, cached: false, durationsMs: { verify: 1 } })
    assert.deepEqual(before, createMetrics().snapshot())
    assert.equal(metrics.snapshot().durationsMs.verify.count, 1)
  })

  test('leave out what they do not know', () => {
    const metrics = createMetrics()
    metrics({ type: 'from the future', code: 'x' })
    assert.deepEqual(metrics.snapshot(), createMetrics().snapshot())
  })

  test('stay bounded whatever the issuers are', () => {
    const metrics = createMetrics()
    for (let i = 0; i < 1000; i++)
      metrics({ ...verified, issuer: `https://${i}.example`, cached: true })
    const accepted = metrics.snapshot().verified
    assert.equal(Object.keys(accepted).length, 101)
    assert.equal(accepted.other, 900)
  })

  test('have buckets that hold every value exactly once', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })), (values) => {
        const metrics = createMetrics()
        for (const value of values) metrics({ ...verified, cached: false, tokenAgeSeconds: value })
        const { buckets, count } = metrics.snapshot().tokenAgeSeconds
        assert.equal(count, values.length)
        for (const { atMost, count } of buckets) {
          assert.equal(count, values.filter((value) => value <= atMost).length)
        }
      }),
    )
  })
})

describe('the text for Prometheus', () => {
  test('has each family described once, its samples together, its histograms cumulative', () => {
    const metrics = createMetrics()
    for (const code of errorCodes) metrics({ type: 'refused', code, durationsMs: { verify: 0.2 } })
    metrics({ ...verified, cached: false, durationsMs: { keys: 12, verify: 0.2 } })
    const families = parse(metrics.prometheus())
    assert.equal(families.get('lingpai_refused_total').samples.length, errorCodes.length)
    const { type, samples } = families.get('lingpai_phase_seconds')
    assert.equal(type, 'histogram')
    const of = (phase, suffix) =>
      samples.filter(({ name, labels }) => name.endsWith(suffix) && labels.phase === phase)
    assert.equal(of('keys', '_sum')[0].value, 0.012)
    const buckets = of('verify', '_bucket')
    assert.deepEqual(buckets.at(-1).labels, { phase: 'verify', le: '+Inf' })
    assert.equal(buckets.at(-1).value, of('verify', '_count')[0].value)
    assert.deepEqual(
      buckets.map(({ value }) => value),
      buckets.map(({ value }) => value).sort((one, other) => one - other),
    )
  })

  test('escapes issuers', () => {
    const metrics = createMetrics()
    metrics({ ...verified, issuer: 'a"b\\c\nd', cached: true })
    const [sample] = parse(metrics.prometheus()).get('lingpai_verified_total').samples
    assert.equal(sample.labels.issuer, 'a"b\\c\nd')
  })
})

describe('Server-Timing', () => {
  test('names the phases in their order, to the microsecond', () => {
    assert.equal(
      serverTiming({ replay: 3, verify: 0.12345, keys: 12.5 }),
      'lp-keys;dur=12.5, lp-verify;dur=0.123, lp-replay;dur=3',
    )
    assert.equal(serverTiming({}), '')
  })

  test('measures each phase; one that comes again adds up', () => {
    let time = 100
    const watch = stopwatch(() => time)
    for (const [phase, next] of [
      ['keys', 1],
      ['verify', 10],
      ['keys', 2],
      ['verify', 20],
    ]) {
      time += next
      watch.enter(phase)
    }
    time += 4
    assert.equal(watch.phase, 'verify')
    const durations = { credentials: 1, keys: 30, verify: 6 }
    assert.deepEqual(watch.stop(), durations)
    time += 1000
    assert.deepEqual(watch.stop(), durations, 'what comes afterwards does not count')
  })

  test('goes on answers whose headers cannot be changed as well, beside what is there', async () => {
    const mutable = new Response('a', { headers: { 'Server-Timing': 'db;dur=1' } })
    const immutable = Response.redirect('https://api.example/')
    for (const response of [mutable, immutable]) {
      const timed = withServerTiming(response, { verify: 1 })
      assert.equal(timed.status, response.status)
      assert.match(timed.headers.get('server-timing'), /(^|, )lp-verify;dur=1$/)
    }
    assert.equal(mutable.headers.get('server-timing'), 'db;dur=1, lp-verify;dur=1')
  })
})

/** Reads the exposition format, strictly: name → { type, samples }. */
function parse(text) {
  assert.ok(text.endsWith('\n'))
  const families = new Map()
  let family
  for (const line of text.slice(0, -1).split('\n')) {
    const [, mark, name, rest] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? []
    if (mark === 'HELP') {
      assert.ok(!families.has(name), `${name} is described twice`)
      families.set(name, (family = { name, samples: [] }))
    } else if (mark === 'TYPE') {
      assert.equal(name, family.name)
      family.type = rest
    } else {
      const [, sample, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
      assert.ok(
        sample === family.name || /^_(bucket|sum|count)$/.test(sample.slice(family.name.length)),
      )
      assert.ok(Number.isFinite(Number(value)))
      family.samples.push({ name: sample, labels: parseLabels(labels), value: Number(value) })
    }
  }
  return families
}

function parseLabels(text) {
  const labels = {}
  for (const [, name, value] of text.matchAll(/(\w+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g)) {
    labels[name] = value.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))
  }
  return labels
}
