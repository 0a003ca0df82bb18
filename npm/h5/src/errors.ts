// The one error class, and the way of the module's errors into it.
import { retryableCodes, type ErrorCode } from './codes.js'

/** What a {@link LingpaiError} is made of besides its code. */
export interface LingpaiErrorOptions {
  /** For people; the code if left out. Never holds a token. */
  message?: string
  /** HTTP status of the answer that caused it. */
  status?: number | undefined
  /** How long the server asks to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined
  /** What caused it. */
  cause?: unknown
}

/** Something was refused or failed. `code` says what, as one of a closed union. */
export class LingpaiError extends Error {
  override readonly name = 'LingpaiError'
  /** Why; the same codes in every Lingpai package. */
  readonly code: ErrorCode
  /** Whether the same call may succeed a little later. */
  readonly retryable: boolean
  /** HTTP status of the answer that caused it, if one did. */
  readonly status?: number
  /** How long the server asks to be left alone before the call is made again, in milliseconds. */
  readonly retryAfterMs?: number

  constructor(code: ErrorCode, options: LingpaiErrorOptions = {}) {
    super(options.message ?? code, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.retryable = retryableCodes.has(code)
    if (options.status !== undefined) this.status = options.status
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}

let trapped = () => {}

/** What to do once the module has trapped. */
export function onTrap(handler: () => void): void {
  trapped = handler
}

/** Whether this says that the instance of the module is of no use any more. */
export function isTrap(thrown: unknown): boolean {
  return typeof WebAssembly === 'object' && thrown instanceof WebAssembly.RuntimeError
}

/** The error to throw for anything caught from the module. */
export function toLingpaiError(thrown: unknown): LingpaiError {
  if (thrown instanceof LingpaiError) return thrown
  if (isTrap(thrown)) trapped()
  const { name, code, message } = (thrown ?? {}) as {
    name?: string
    code?: string
    message?: string
  }
  if (name === 'LingpaiError' && code !== undefined && message !== undefined) {
    return new LingpaiError(code as ErrorCode, { message })
  }
  return new LingpaiError('internal', { cause: thrown })
}
