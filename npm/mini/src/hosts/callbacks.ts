// From functions that call back to promises, as all platforms have them.
import { LingpaiError, platformText } from '../errors'
import type { ErrorCode } from '../codes'

declare function setTimeout(callback: () => void, milliseconds: number): unknown
declare function clearTimeout(timer: unknown): void

/** What a login without a code is refused with. */
export const noCode = { message: 'no code' }

/** How a call says what became of it. */
export interface Callbacks<Result> {
  success(result: Result): void
  fail(failure: unknown): void
}

/**
 * Calls a function of the platform with options and callbacks. What it throws or fails with becomes `code`, with the
 * platform's text as the cause.
 */
export function called<Result, Options extends object = object>(
  code: ErrorCode,
  options: Options,
  call: (all: Options & Callbacks<Result>) => unknown,
): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const fail = (failure: unknown) =>
      reject(new LingpaiError(code, { cause: platformText(failure) }))
    try {
      const returned = call(Object.assign({ success: resolve, fail }, options))
      // Newer base libraries return a promise besides; nobody else listens to its rejection.
      const promise = returned as
        { then?: unknown; catch?: (ignored: () => void) => void } | undefined
      if (promise && typeof promise.then === 'function' && promise.catch) promise.catch(() => {})
    } catch (thrown) {
      fail(thrown)
    }
  })
}

/** Waits by the platform's timer, which is taken back where nobody waits for it any more. */
export function wait(milliseconds: number, unless?: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    const cancel = () => clearTimeout(timer)
    if (unless) unless.then(cancel, cancel)
  })
}

/** Header fields with their names in lower case; of a field given several times, the values with commas. */
export function lowered(headers: unknown): Record<string, string> {
  const out: Record<string, string> = {}
  const all = (headers || {}) as Record<string, unknown>
  for (const name of Object.keys(all)) {
    const value = all[name]
    out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return out
}

/** A body as text, also where the platform parsed it against all instructions. */
export function textOf(data: unknown): string {
  if (data === undefined || data === null) return ''
  return typeof data === 'string' ? data : JSON.stringify(data)
}
