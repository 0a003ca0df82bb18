// Follows one verification: which phase it is in, what there is to report in the end, and, where somebody wants to know,
// how long each phase took.
import type { LingpaiError } from './error.js'
import type { Durations, Phase, VerifierEvent } from './events.js'
import type { Issuer } from './issuers.js'
import { stopwatch, withServerTiming } from './server-timing.js'
import type { Checked } from './token-check.js'

/** The course of one verification. */
export interface Watch {
  cached: boolean
  /** Of the proof, Unix seconds. */
  proofIssuedAt: number | undefined
  enter(phase: Phase): void
  /** Notes whose token it is, once it is known to be theirs. */
  of(checked: Checked, issuer: Issuer): void
  verified(nowMs: number): VerifierEvent
  refused(error: LingpaiError): VerifierEvent
  /** Ends the last phase: what comes afterwards is not verification. */
  end(): void
  /** The response, with the durations so far if it is to have them. */
  stamped(response: Response, wanted: boolean): Response
}

/** Begins to follow; with durations where they are wanted. */
export function watchOf(measured: boolean): Watch {
  const watch = measured ? stopwatch() : undefined
  let current: Phase = 'credentials'
  let token: { checked: Checked; issuer: Issuer } | undefined
  const durations = (): { durationsMs?: Durations } => (watch ? { durationsMs: watch.stop() } : {})
  const course: Watch = {
    cached: false,
    proofIssuedAt: undefined,
    enter(phase) {
      current = phase
      watch?.enter(phase)
    },
    of(checked, issuer) {
      token = { checked, issuer }
    },
    verified(nowMs) {
      const seconds = Math.floor(nowMs / 1000)
      const { checked, issuer } = token as NonNullable<typeof token>
      const { iat } = checked.claims
      return {
        type: 'verified',
        issuer: issuer.issuer,
        algorithm: checked.alg,
        cached: course.cached,
        ...(iat === undefined ? {} : { tokenAgeSeconds: seconds - iat }),
        ...(course.proofIssuedAt === undefined
          ? {}
          : { proofAgeSeconds: seconds - course.proofIssuedAt }),
        ...durations(),
      }
    },
    refused: ({ code }) => ({ type: 'refused', code, phase: current, ...durations() }),
    end: () => void watch?.stop(),
    stamped: (response, wanted) =>
      wanted && watch ? withServerTiming(response, watch.stop()) : response,
  }
  return course
}
