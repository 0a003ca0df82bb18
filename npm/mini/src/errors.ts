// The one error class, and the ways of everybody's refusals into it.
import { retryableCodes, type ErrorCode } from './codes'

/** What a {@link LingpaiError} is made of besides its code. */
export interface LingpaiErrorOptions {
  /** For people; the code if left out. Never holds a token. */
  message?: string
  /** HTTP status of the answer that caused it. */
  status?: number | undefined
  /** How long the server asks to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined
  /** What the platform itself said, as the gateway passed it on. */
  providerCode?: string | undefined
  /** What caused it: the platform's text, where there is one. */
  cause?: unknown
}

/** Something was refused or failed. `code` says what, as one of a closed union. */
export class LingpaiError extends Error {
  /** Why; the same codes in every Lingpai package. */
  readonly code: ErrorCode
  /** Whether the same call may succeed a little later. */
  readonly retryable: boolean
  /** HTTP status of the answer that caused it, if one did. */
  readonly status?: number
  /** How long the server asks to be left alone before the call is made again, in milliseconds. */
  readonly retryAfterMs?: number
  /** The code of the login platform, such as `40029`, where it caused the refusal. */
  readonly providerCode?: string
  /** What caused it. */
  readonly cause?: unknown

  constructor(code: ErrorCode, options: LingpaiErrorOptions = {}) {
    super(options.message === undefined ? code : options.message)
    this.name = 'LingpaiError'
    this.code = code
    this.retryable = retryableCodes.has(code)
    if (options.status !== undefined) this.status = options.status
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options.providerCode !== undefined) this.providerCode = options.providerCode
    if (options.cause !== undefined) this.cause = options.cause
  }
}

/** The error to throw for anything caught. */
export function toLingpaiError(thrown: unknown): LingpaiError {
  return thrown instanceof LingpaiError ? thrown : new LingpaiError('internal', { cause: thrown })
}

/** What a failed call of a platform says: each has its own member for it. */
export function platformText(failure: unknown): string {
  const it = (failure || {}) as { errMsg?: unknown; errorMessage?: unknown; message?: unknown }
  for (const text of [it.errMsg, it.errorMessage, it.message]) {
    if (typeof text === 'string') return text
  }
  return String(failure)
}

/** The reasons in `error_description` that are codes of ours. */
const reasons: readonly ErrorCode[] = [
  'code_used',
  'invalid_code',
  'malformed',
  'proof_expired',
  'proof_key_mismatch',
  'proof_replayed',
  'risk_blocked',
  'token_revoked',
  'visit_ended',
]

/** The protocol's codes. */
const errors: readonly ErrorCode[] = [
  'access_denied',
  'invalid_client',
  'invalid_dpop_proof',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'rate_limited',
  'replayed',
  'server_error',
  'temporarily_unavailable',
  'unknown_key',
  'use_dpop_nonce',
]

/** The error that an error document (RFC 6749 §5.2) means, or the status alone where there is none. */
export function refusal(document: unknown, status: number | undefined, retryAfterMs?: number): LingpaiError {
  const it = (document || {}) as Record<string, unknown>
  const known = (list: readonly ErrorCode[], name: unknown) => list.find((code) => code === name)
  const byStatus = status === 429 ? 'rate_limited' : status === 503 ? 'temporarily_unavailable' : 'server_error'
  const code = known(reasons, it['error_description']) || known(errors, it['error']) || byStatus
  const own = it['provider_code']
  return new LingpaiError(code, {
    status: typeof it['status'] === 'number' ? it['status'] : status,
    retryAfterMs,
    providerCode: own === undefined ? undefined : String(own),
  })
}
