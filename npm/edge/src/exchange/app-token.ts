// Reads the access token that a platform gives an app for its server APIs.
import type { PlatformAnswer } from './call.js'

/** A token, and from when on another one is asked for. */
export interface HeldToken {
  token: string
  renewAtMs: number
}

/** Asked for again this long before its end. Platforms give the same token, or one that overlaps. */
const marginMs = 300_000

/** The token in a platform's answer, if there is one. */
export function readAppToken(answer: PlatformAnswer, nowMs: number): HeldToken | undefined {
  if ('failed' in answer) return undefined
  try {
    const read = JSON.parse(answer.answer.replace(/^\uFEFF/, '')) as Record<string, unknown>
    const { access_token: token, expires_in: seconds } = read
    if (typeof token !== 'string' || token === '' || typeof seconds !== 'number') return undefined
    return { token, renewAtMs: nowMs + Math.max(seconds * 1000 - marginMs, seconds * 500) }
  } catch {
    return undefined
  }
}
