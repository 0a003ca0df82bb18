// What the ledger is asked about a login code, and how its platform is asked on the ledger's behalf.
import type { LedgerOutcome, LoginClaim } from '../authority/ledger.js'
import { engine } from '../engine/full.js'
import { callPlatform, type PlatformAnswer, type PlatformCall } from './call.js'

/** A call about a login code. */
export interface LoginCall extends PlatformCall {
  /** `subject_token_type` of the code. */
  tokenType: string
}

/**
 * What the ledger says about a login code: it was used by somebody else; this was granted for it before; or the platform's
 * answer, `settled` if asking again would be of no use.
 */
export type Asked =
  { refused: 'code_used' } | { outcome: LedgerOutcome } | ({ settled: boolean } & PlatformAnswer)

/** What an exchange asks of the ledger besides what visits ask. */
export interface ExchangeLedger {
  /**
   * Claims a login code in one transaction, and asks its platform once, however many ask at a time. Strongly consistent for
   * each family. Rejects when the store does not know; the request is then refused.
   */
  ask(family: string, claim: LoginClaim, call: LoginCall): Promise<Asked>
}

/** Asks a platform about a login code. Never rejects. */
export async function askPlatform({ tokenType, ...call }: LoginCall): Promise<Asked> {
  const answered = await callPlatform(call)
  if ('failed' in answered) return { settled: false, ...answered }
  const { status, answer } = answered
  const settled = engine.call((glue) => glue.platformSettled(tokenType, status, answer))
  return { settled, status, answer }
}
