// Counts what verifiers report, for those who run them. Bounded whatever tokens say: every label comes from a closed set
// or from configuration.
import type { ErrorCode } from './codes.js'
import type { Phase, VerifierEvent } from './events.js'
import { histogram, type Histogram } from './histogram.js'
import { exposition } from './prometheus.js'

/** Counts at one moment: plain data. Counters start at 0 with `createMetrics` and only rise. */
export interface MetricsSnapshot {
  /** Accepted tokens and requests by issuer. */
  verified: Record<string, number>
  /** How many of them by the token's algorithm. */
  algorithms: Record<string, number>
  /** How many of them had been seen before, so that no signature had to be verified. */
  seenBefore: number
  /** Refusals by code: `proof_replayed` counts replays, `key_not_found` tokens with an unknown `kid`. */
  refused: Partial<Record<ErrorCode, number>>
  /** What happened to key sets, by outcome. */
  keys: Record<string, number>
  /** What became of fetching status lists: `loaded`, or why not. */
  statusLists: Record<string, number>
  /** Faults of the WebAssembly module, by what became of it. */
  traps: { recovered: number; lasting: number }
  /** Milliseconds by phase. On Cloudflare Workers these are waits: the clock stands still while code computes. */
  durationsMs: Partial<Record<Phase, HistogramSnapshot>>
  /** Our time minus a token's `iat` when it was first seen, in seconds; below 0, the issuer's clock is ahead. */
  tokenAgeSeconds: HistogramSnapshot
  /** Our time minus a proof's `iat`, in seconds; below 0, the client's clock is ahead. */
  proofAgeSeconds: HistogramSnapshot
}

/** How many values were at most as large as each bound, cumulatively; `count` includes the larger ones. */
export interface HistogramSnapshot {
  buckets: { atMost: number; count: number }[]
  count: number
  sum: number
}

/** A consumer of events: `createVerifier({ …, onEvent: metrics })`. One may serve several verifiers. */
export interface Metrics {
  (event: VerifierEvent): void
  /** The counts so far. */
  snapshot(): MetricsSnapshot
  /** The same in the text format of Prometheus, version 0.0.4 (`text/plain; version=0.0.4`). */
  prometheus(): string
}

/** More issuers than anyone configures; the ones beyond are counted together. */
const mostLabels = 100
const beyond = 'other'

const bounds = {
  milliseconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 5000],
  ageSeconds: [-60, -30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30, 60, 300, 900, 3600],
}

/** Makes a consumer of events that counts, in the memory of this process or isolate. */
export function createMetrics(): Metrics {
  const verified = counter()
  const algorithms = counter()
  const refused = counter()
  const keys = counter()
  const statusLists = counter()
  const traps = { recovered: 0, lasting: 0 }
  const durations = new Map<string, Histogram>()
  const tokenAge = histogram(bounds.ageSeconds)
  const proofAge = histogram(bounds.ageSeconds)
  let seenBefore = 0

  function measured(durationsMs: Partial<Record<Phase, number>> | undefined): void {
    for (const phase in durationsMs) {
      let kept = durations.get(phase)
      if (!kept) durations.set(phase, (kept = histogram(bounds.milliseconds)))
      kept.observe(durationsMs[phase as Phase] as number)
    }
  }

  function record(event: VerifierEvent): void {
    switch (event.type) {
      case 'verified':
        verified.add(event.issuer)
        algorithms.add(event.algorithm)
        if (event.cached) seenBefore++
        // Only the first use says something about clocks: later ones say how long tokens are used.
        else if (event.tokenAgeSeconds !== undefined) tokenAge.observe(event.tokenAgeSeconds)
        if (event.proofAgeSeconds !== undefined) proofAge.observe(event.proofAgeSeconds)
        measured(event.durationsMs)
        return
      case 'refused':
        refused.add(event.code)
        measured(event.durationsMs)
        return
      case 'keys':
        keys.add(event.outcome)
        return
      case 'status_list':
        statusLists.add(event.code ?? event.outcome)
        return
      case 'trap':
        traps[event.recovered ? 'recovered' : 'lasting']++
        return
    }
  }

  function snapshot(): MetricsSnapshot {
    return {
      verified: verified.counts(),
      algorithms: algorithms.counts(),
      seenBefore,
      refused: refused.counts() as MetricsSnapshot['refused'],
      keys: keys.counts(),
      statusLists: statusLists.counts(),
      traps: { ...traps },
      durationsMs: Object.fromEntries(
        [...durations].map(([phase, kept]) => [phase, kept.snapshot()]),
      ),
      tokenAgeSeconds: tokenAge.snapshot(),
      proofAgeSeconds: proofAge.snapshot(),
    }
  }

  return Object.assign(record, { snapshot, prometheus: () => exposition(snapshot()) })
}

/** Counts by label, of a bounded number of labels. */
function counter() {
  const counts = new Map<string, number>()
  return {
    add(label: string): void {
      const known = counts.has(label) || counts.size < mostLabels ? label : beyond
      counts.set(known, (counts.get(known) ?? 0) + 1)
    },
    counts: (): Record<string, number> => Object.fromEntries(counts),
  }
}
