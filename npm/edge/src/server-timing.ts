// Where a verification spends its time, as a `Server-Timing` header (W3C Server Timing). It names phases and milliseconds.
import type { Durations, Phase } from './events.js'
import { withHeader } from './headers.js'

/** Measures the phases of one verification, one after the other. */
export interface Stopwatch {
  /** The phase under way; the one of a refusal. */
  readonly phase: Phase
  /** Ends the phase under way and begins another; a phase that comes again adds up. */
  enter(phase: Phase): void
  /** Ends the last phase and gives the durations. Called again, it gives the same. */
  stop(): Durations
}

/** Starts in the phase `credentials`. `clock` gives milliseconds that never go back. */
export function stopwatch(clock: () => number = () => performance.now()): Stopwatch {
  const durations: Durations = {}
  let phase: Phase = 'credentials'
  let since = clock()
  let stopped = false
  const lap = () => {
    if (stopped) return
    const now = clock()
    durations[phase] = (durations[phase] ?? 0) + now - since
    since = now
  }
  return {
    get phase() {
      return phase
    },
    enter(next) {
      lap()
      phase = next
    },
    stop() {
      lap()
      stopped = true
      return durations
    },
  }
}

/** The value of a `Server-Timing` header: `lp-keys;dur=12.3, lp-verify;dur=0.2`, in the order of the phases. */
export function serverTiming(durations: Durations): string {
  const metrics: string[] = []
  for (const phase of phases) {
    const duration = durations[phase]
    if (duration !== undefined) metrics.push(`lp-${phase};dur=${round(duration)}`)
  }
  return metrics.join(', ')
}

/** The response with the header added, if there is anything to say. */
export function withServerTiming(response: Response, durations: Durations): Response {
  const value = serverTiming(durations)
  return value === '' ? response : withHeader(response, 'Server-Timing', value)
}

const phases: readonly Phase[] = [
  'credentials',
  'unseal',
  'keys',
  'verify',
  'revocation',
  'proof',
  'replay',
]

/** To a microsecond: finer is noise, and a header of many digits says more about the machine than is needed. */
function round(milliseconds: number): number {
  return Math.round(Math.max(milliseconds, 0) * 1000) / 1000
}
