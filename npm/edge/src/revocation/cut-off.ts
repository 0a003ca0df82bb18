// Cut-offs: everything that was issued to a subject before a point in time is refused.
import { text } from '../option-values.js'

/** Until when tokens are cut off, and for how long that has to be known. */
export interface CutOff {
  /**
   * Tokens with an earlier `iat` are refused, and those without one. Unix seconds on the clock of whoever issues, since it
   * is compared with what that clock wrote; where it may be ahead of ours, add by how much. Default: the second after this
   * one, because `iat` has whole seconds and tokens of this one may have been issued already.
   */
  beforeSeconds?: number | undefined
  /** When the last token issued before then has expired, tolerances included: the cut-off is forgotten from then on. */
  untilSeconds: number
}

/** Keeps the cut-offs of subjects, strongly consistent for each of them. Methods reject when the store does not know. */
export interface CutOffStore {
  /**
   * Refuses what was issued to a subject before a point in time. It only ever moves forward: an earlier one changes nothing.
   * Gives the one that holds now, in Unix seconds.
   */
  cutOff(subject: string, options: CutOff): Promise<number>
  /** The cut-off of a subject in Unix seconds, if there is one. */
  cutOffOf(subject: string): Promise<number | undefined>
}

/** How far ahead a cut-off may be: it cannot be taken back, and milliseconds are easily taken for seconds. */
const mostAheadSeconds = 600

/** Checks what is asked for. Throws a `TypeError` that names the option. */
export function readCutOff(
  subject: string,
  options: CutOff,
): { beforeSeconds: number; untilSeconds: number } {
  text('subject', subject)
  const now = Math.floor(Date.now() / 1000)
  const { beforeSeconds = now + 1, untilSeconds } = options ?? {}
  if (!Number.isSafeInteger(beforeSeconds) || beforeSeconds > now + mostAheadSeconds) {
    throw new TypeError('beforeSeconds: has to be Unix time in whole seconds, not in the future')
  }
  if (!Number.isSafeInteger(untilSeconds) || untilSeconds < beforeSeconds || untilSeconds > 1e11) {
    throw new TypeError(
      'untilSeconds: has to be Unix time in whole seconds, not before the cut-off',
    )
  }
  return { beforeSeconds, untilSeconds }
}
