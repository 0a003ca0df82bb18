// A refusal on its way to the answer: a code of ours, and the platform's own.
import { isLingpaiError, type ErrorCode } from '../error.js'

/** Why an exchange is refused. */
export interface Reason {
  reason: ErrorCode
  providerCode?: string | undefined
}

/** Thrown through the steps of an exchange; never leaves this package. */
export class Refused extends Error implements Reason {
  readonly reason: ErrorCode
  readonly providerCode: string | undefined

  constructor(reason: ErrorCode, providerCode?: string) {
    super(reason)
    this.reason = reason
    this.providerCode = providerCode
  }
}

/** What an error of any kind comes to. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof Refused) return error
  if (!isLingpaiError(error)) return { reason: 'temporarily_unavailable' }
  return { reason: error.code === 'internal' ? 'server_error' : error.code }
}
