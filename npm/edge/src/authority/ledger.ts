// What an authority asks of the store behind it, and the decisions that such a store runs in its transactions.
import { engine } from '../engine/full.js'
import type { ReplayStore } from '../types.js'

/** A question to the ledger. Opaque text: stores pass it to {@link decideLedger}. */
export type LedgerCommand = string

/** The ledger's answer. Opaque text: stores give it back as {@link decideLedger} gave it. */
export type LedgerOutcome = string

/**
 * Keeps each visit: redeemed once, refreshed in a chain, revoked as a family. Strongly consistent for each family. All
 * methods reject when the store does not know; the request is then refused.
 */
export interface Ledger extends ReplayStore {
  /** Decides a command about a family, in one transaction. */
  decide(family: string, command: LedgerCommand): Promise<LedgerOutcome>
  /** Ends a family: no token of it is given out or accepted any more. */
  revoke(family: string): Promise<void>
  /** Whether a family has been ended. */
  isRevoked(family: string): Promise<boolean>
}

/** A claim on a login code. Opaque text: stores pass it to {@link decideClaim}. */
export type LoginClaim = string

/** What a store has to do after a decision about a claim, and what it comes to. */
export interface ClaimDecision {
  /** `used`: refuse. Else `outcome` if it was granted before; if it was not, ask the platform. */
  standing: 'first' | 'repeated' | 'used'
  outcome?: LedgerOutcome
  /** What to keep as the claim of the family, until `forgetAtSeconds` (Unix time). */
  record: string
  forgetAtSeconds: number
}

/**
 * Decides who holds a login code, given what the store has as the claim and as the record of its family. Pure: call it inside
 * a transaction.
 */
export function decideClaim(
  record: string | undefined,
  family: string | undefined,
  claim: LoginClaim,
): ClaimDecision {
  const decided = JSON.parse(engine.call((glue) => glue.claimDecide(record, family, claim))) as {
    standing: ClaimDecision['standing']
    outcome?: unknown
    record: unknown
    forgetAt: number
  }
  return {
    standing: decided.standing,
    ...(decided.outcome !== undefined && { outcome: JSON.stringify(decided.outcome) }),
    record: JSON.stringify(decided.record),
    forgetAtSeconds: decided.forgetAt,
  }
}

/** What a store has to do after a decision. */
export interface LedgerDecision {
  outcome: LedgerOutcome
  /** What to keep for the family from now on, until `forgetAtSeconds` (Unix time). */
  record?: string
  forgetAtSeconds?: number
}

/** Decides a command, given what the store has for the family. Pure: call it inside a transaction. */
export function decideLedger(record: string | undefined, command: LedgerCommand): LedgerDecision {
  return decisionOf(engine.call((glue) => glue.ledgerDecide(record, command)))
}

/** What to keep for a family from its revocation on. */
export function revokedRecord(record: string): LedgerDecision {
  return decisionOf(engine.call((glue) => glue.ledgerRevoke(record)))
}

/** Whether the family that a record describes has been ended. */
export function isRevokedRecord(record: string): boolean {
  return engine.call((glue) => glue.ledgerRevoked(record))
}

function decisionOf(text: string): LedgerDecision {
  const { outcome, record, forgetAt } = JSON.parse(text) as {
    outcome: unknown
    record?: unknown
    forgetAt?: number
  }
  return {
    outcome: JSON.stringify(outcome),
    ...(record === undefined || forgetAt === undefined
      ? {}
      : { record: JSON.stringify(record), forgetAtSeconds: forgetAt }),
  }
}
