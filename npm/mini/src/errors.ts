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
    for (const name of ['status', 'retryAfterMs', 'providerCode', 'cause'] as const) {
      if (options[name] !== undefined) Object.assign(this, { [name]: options[name] })
    }
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

/** The error that an error document (RFC 6749 §5.2) means, or the status alone where there is none. */
export function refusal(
  document: Readonly<Record<string, unknown>>,
  status: number | undefined,
  retryAfterMs: number | undefined,
  isCode: (name: string) => boolean,
): LingpaiError {
  const named = [document['error_description'], document['error']].map(String).find(isCode)
  const byStatus =
    status === 429 ? 'rate_limited' : status === 503 ? 'temporarily_unavailable' : 'server_error'
  const own = document['provider_code']
  const told = document['status']
  return new LingpaiError((named as ErrorCode | undefined) || byStatus, {
    status: typeof told === 'number' ? told : status,
    retryAfterMs,
    providerCode: own === undefined ? undefined : String(own),
  })
}
