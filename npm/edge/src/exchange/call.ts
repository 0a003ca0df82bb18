// One call to a platform, bounded in size and time.
import { limitedText } from '../body.js'

/** A call to a platform. It carries secrets of the app: keep it in memory only, and out of logs. */
export interface PlatformCall {
  url: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  timeoutMs: number
}

/** What a platform has answered, or why there is no answer. */
export type PlatformAnswer =
  { status: number; answer: string } | { failed: 'timeout' | 'unreachable' | 'unreadable' }

const maxAnswerBytes = 64 * 1024

/** Calls a platform. Never rejects: what the runtime says about a failure may quote the address, which holds secrets. */
export async function callPlatform(call: PlatformCall): Promise<PlatformAnswer> {
  const { url, method, headers, body, timeoutMs } = call
  const signal = AbortSignal.timeout(timeoutMs)
  let response: Response
  try {
    // A redirect would carry the secrets elsewhere.
    response = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal })
  } catch {
    return { failed: signal.aborted ? 'timeout' : 'unreachable' }
  }
  try {
    return { status: response.status, answer: await limitedText(response, maxAnswerBytes) }
  } catch {
    return { failed: signal.aborted ? 'timeout' : 'unreadable' }
  }
}
