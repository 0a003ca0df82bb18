// The authority's answers as HTTP: what is sealed, what is not, and the headers of both.
import { engine } from '../engine/full.js'
import type { ErrorCode } from '../codes.js'

const retryAfterSeconds = '5'

/** An answer in JOSE: an envelope for a partner, or a sealed answer for a page. */
export function joseAnswer(status: number, body: string, nowMs: number): Response {
  return answer(status, body, 'application/jose', nowMs)
}

/** An error that anybody may read. `reason` only for a caller that is known. */
export function openRefusal(error: ErrorCode, nowMs: number, reason?: ErrorCode): Response {
  let status = 500
  let body: unknown = { error: 'server_error', title: 'Server error', status }
  try {
    ;({ status, body } = JSON.parse(engine.call((glue) => glue.problem(error, reason))) as {
      status: number
      body: unknown
    })
  } catch {
    // The module is down: the words above have to do.
  }
  return answer(status, JSON.stringify(body), 'application/problem+json', nowMs)
}

/** A method that the address does not know. */
export function wrongMethod(allow: string): Response {
  return new Response(null, { status: 405, headers: { Allow: allow } })
}

function answer(status: number, body: string, type: string, nowMs: number): Response {
  const headers = new Headers({
    'Content-Type': type,
    'Cache-Control': 'no-store',
    // A page whose clock is wrong learns the time from it.
    Date: new Date(nowMs).toUTCString(),
  })
  if (status === 429 || status === 503) headers.set('Retry-After', retryAfterSeconds)
  return new Response(body, { status, headers })
}
