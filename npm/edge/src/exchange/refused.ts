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

/** Codes of what is wrong with the deployment, and no fault of whoever asks. */
const ours = new Set<ErrorCode>([
  'algorithm_not_allowed',
  'claim_invalid',
  'closed',
  'internal',
  'key_not_found',
  'key_unusable',
])

/** What an error of any kind comes to. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof Refused) return error
  // A store that does not know.
  if (!isLingpaiError(error)) return { reason: 'temporarily_unavailable' }
  return { reason: ours.has(error.code) ? 'server_error' : error.code }
}
