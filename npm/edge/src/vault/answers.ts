// The vault's answers as HTTP, and what may be read of a request.
import { openRefusal } from '../authority/answers.js'
import { limitedText } from '../body.js'
import { isLingpaiError, LingpaiError } from '../error.js'
import type { ErrorCode } from '../error.js'

const maxBytes = 256 * 1024

/** An answer that a store did not give: nothing is known to have happened. */
export class Unavailable extends Error {}

/** Something was asked for too often. */
export class TooMany extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super()
  }
}

/** The body of a JSON request. */
export async function jsonBody(request: Request): Promise<string> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new LingpaiError('invalid_request')
  try {
    return await limitedText(request, maxBytes)
  } catch {
    throw new LingpaiError('invalid_request')
  }
}

/** An answer. */
export function answer(body: string, type: string, nowMs: number): Response {
  return new Response(body, {
    headers: {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      Date: new Date(nowMs).toUTCString(),
    },
  })
}

/** A JSON answer. */
export function jsonAnswer(content: unknown, nowMs: number): Response {
  return answer(JSON.stringify(content), 'application/json', nowMs)
}

/** The refusal of a request whose caller is known. */
export function refusalOf(error: unknown, nowMs: number): Response {
  if (error instanceof TooMany) {
    const response = openRefusal('rate_limited', nowMs)
    response.headers.set('Retry-After', String(error.retryAfterSeconds))
    return response
  }
  if (error instanceof Unavailable) return openRefusal('temporarily_unavailable', nowMs)
  if (!isLingpaiError(error)) return openRefusal('server_error', nowMs)
  return openRefusal(wireCode(error.code), nowMs, error.code)
}

/** What a malformed request and a failing host are called. */
function wireCode(code: ErrorCode): ErrorCode {
  switch (code) {
    case 'identity_erased':
    case 'invalid_scope':
    case 'rate_limited':
    case 'temporarily_unavailable':
      return code
    case 'internal':
    case 'key_not_found':
    case 'decryption_failed':
    case 'server_error':
      return 'server_error'
    default:
      return 'invalid_request'
  }
}
