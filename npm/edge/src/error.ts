// The one error class, and what each code means as an HTTP status at a service.
import { retryableCodes, type ErrorCode } from './codes.js'

export type { ErrorCode } from './codes.js'

/** What a {@link LingpaiError} may carry besides its code. */
export interface LingpaiErrorOptions {
  /** A sentence for a log; the code where there is none. Never holds any part of a token. */
  message?: string | undefined
  /** What led to it. */
  cause?: unknown
}

/** A refusal or a failure. Branch on `code`; compare by `name` where two copies of this package may meet. */
export class LingpaiError extends Error {
  override readonly name = 'LingpaiError'
  /** Why, as one of a closed set of codes. */
  readonly code: ErrorCode
  /** Whether the same call may succeed a little later. */
  readonly retryable: boolean
  /** The HTTP status with which a service answers a request that is refused for this reason. */
  readonly status: number

  constructor(code: ErrorCode, options: LingpaiErrorOptions = {}) {
    super(options.message ?? code, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = retryableCodes.has(code)
    this.status = statusOf(code)
  }
}

/** Recognises the class across copies of this package. */
export function isLingpaiError(error: unknown): error is LingpaiError {
  return error instanceof Error && error.name === 'LingpaiError' && 'code' in error
}

function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'code_used':
    case 'invalid_code':
    case 'invalid_request':
    case 'invalid_scope':
    case 'invalid_target':
    case 'payload_expired':
    case 'payload_replayed':
    case 'session_stale':
    case 'watermark_mismatch':
      return 400
    case 'access_denied':
    case 'insufficient_scope':
    case 'risk_blocked':
      return 403
    case 'alias_invalid':
    case 'identity_unknown':
      return 404
    case 'already_registered':
    case 'moving':
      return 409
    case 'identity_erased':
      return 410
    case 'idempotency_conflict':
    case 'identifier_unsuitable':
      return 422
    case 'rate_limited':
      return 429
    case 'internal':
    case 'server_error':
      return 500
    case 'network_unavailable':
    case 'storage_unavailable':
    case 'temporarily_unavailable':
      return 503
    default:
      return 401
  }
}
