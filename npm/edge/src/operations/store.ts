// What is asked of the store behind aliases, and the decisions that it runs in its transactions. Stores see no account, no
// alias and no answer: names of aliases are keyed hashes, everything else is sealed.
import type { ErrorCode } from '../codes.js'
import { engine } from '../engine/full.js'

/** A visit with its proof key. */
export interface Holder {
  sub: string
  sid: string
  jkt: string
}

/** An alias as it is kept. Opaque text. */
export type AliasRecord = string

/** An operation as it is kept. Opaque text. */
export type OperationRecord = string

/** Somebody wants an operation executed. */
export interface Attempt {
  holder: Holder
  operation: string
  /** SHA-256 of the request's body. */
  hash: string
  details: object
  leaseSeconds: number
  now: number
}

/** What has become of an operation. */
export type OperationState =
  { state: 'pending' } | { state: 'in_doubt' } | { state: 'done'; answer: string }

/** What to do about an {@link Attempt}. */
export type Verdict = { execute: string } | OperationState | { refused: ErrorCode }

/** Why an alias is not admitted, and when it may be. */
export interface NotAdmitted {
  refused: ErrorCode
  retryAfterSeconds?: number
}

/** Another terminal of the same user wants an alias. */
export interface Claim {
  secret: string
  /** The name of its visit. */
  to: string
  holder: Holder
  closer: string
  now: number
}

/**
 * Keeps aliases and operations by visit, and the names that are or were aliases. Strongly consistent for each visit and
 * each name. All methods reject when the store does not know; the request is then refused.
 */
export interface AliasStore {
  /**
   * Counts an alias that a subject wants in a visit; `most` are admitted within an hour, whatever becomes of them. Comes before
   * `reserve`: names are not given back.
   */
  admit(
    visit: string,
    subject: string,
    most: number,
    nowSeconds: number,
  ): Promise<NotAdmitted | undefined>
  /** Takes a name: `true` for the first caller, `false` for all others until `untilSeconds`. */
  reserve(name: string, untilSeconds: number): Promise<boolean>
  /** Keeps an alias. Gives why not, if it is not admitted. */
  open(
    visit: string,
    name: string,
    alias: AliasRecord,
    nowSeconds: number,
  ): Promise<ErrorCode | undefined>
  /** Begins an operation, in one transaction with the end of the alias. */
  begin(visit: string, name: string, operation: string, attempt: Attempt): Promise<Verdict>
  /** Gives an operation its outcome, or doubt; the first outcome stays, and is given back. */
  settle(
    visit: string,
    operation: string,
    hash: string,
    answer: string | undefined,
    nowSeconds: number,
  ): Promise<OperationState | undefined>
  /** Deletes the alias that a secret closes, wherever it has gone. */
  close(visit: string, name: string, secret: string, nowSeconds: number): Promise<void>
  /** Moves an alias to the visit that claims it. */
  claim(visit: string, name: string, claim: Claim): Promise<AliasRecord | undefined>
}

/** Throws a `LingpaiError` where a visit with so many open aliases may have no other. */
export function checkRoom(open: number): void {
  engine.call((glue) => glue.registryRoom(open))
}

/** Admits an alias. Throws a `LingpaiError`. */
export function admitted(alias: AliasRecord, open: number, nowSeconds: number): AliasRecord {
  return engine.call((glue) => glue.registryOpen(alias, open, nowSeconds))
}

/** What a store has to do after an attempt: `undefined` deletes. */
export interface Begun {
  verdict: Verdict
  alias: AliasRecord | undefined
  operation: OperationRecord | undefined
  operationUntilSeconds: number
}

/** Decides an attempt. Pure: call it inside a transaction. */
export function decideBegin(
  alias: AliasRecord | undefined,
  operation: OperationRecord | undefined,
  attempt: Attempt,
): Begun {
  const text = JSON.stringify(attempt)
  return readBegun(engine.call((glue) => glue.registryBegin(alias, operation, text)))
}

/** Decides an outcome. */
export function decideSettle(
  operation: OperationRecord | undefined,
  hash: string,
  answer: string | undefined,
  nowSeconds: number,
): Begun {
  return readBegun(engine.call((glue) => glue.registrySettle(operation, hash, answer, nowSeconds)))
}

/** Decides whether a secret closes an alias, and where it has to be closed besides. */
export function decideClose(
  alias: AliasRecord | undefined,
  secret: string,
): { closes: boolean; at?: string } {
  return JSON.parse(engine.call((glue) => glue.registryClose(alias, secret)))
}

/** Decides a claim: what stays at the first visit, and what the second gets. Throws a `LingpaiError`. */
export function decideRelease(
  alias: AliasRecord | undefined,
  claim: Claim,
): { left: AliasRecord; taken: AliasRecord } {
  const text = JSON.stringify(claim)
  const { left, taken } = JSON.parse(engine.call((glue) => glue.registryRelease(alias, text)))
  return { left: JSON.stringify(left), taken: JSON.stringify(taken) }
}

/** What the second visit keeps. Throws a `LingpaiError`. */
export function adopted(held: AliasRecord | undefined, taken: AliasRecord): AliasRecord {
  return engine.call((glue) => glue.registryAdopt(held, taken))
}

/** What the first visit keeps from then on: no account. */
export function forgotten(left: AliasRecord): AliasRecord {
  return engine.call((glue) => glue.registryForget(left))
}

/** When an alias ends. */
export function endOf(alias: AliasRecord): number {
  return (JSON.parse(alias) as { exp: number }).exp
}

function readBegun(text: string): Begun {
  const { verdict, alias, operation, until } = JSON.parse(text)
  const kept = (record: unknown) => (record == null ? undefined : JSON.stringify(record))
  return {
    verdict,
    alias: kept(alias),
    operation: kept(operation),
    operationUntilSeconds: until ?? 0,
  }
}
