// The options of createOperations, read once.
import type { ErrorCode } from '../codes.js'
import { LingpaiError } from '../error.js'
import { text, whole } from '../option-values.js'
import type { Claims, SharedKey } from '../types.js'
import type { Verifier } from '../verifier.js'
import type { AliasStore } from './store.js'

/** An operation that a user wants, with the account in place of the alias. */
export interface Operation {
  /** What kind, such as `transfer`. */
  readonly type: string
  /** The account that the alias stood for. Keep it out of logs, errors and results. */
  readonly account: string
  /** What the page showed, as the proof covers it. */
  readonly details: Readonly<Record<string, unknown>>
  /** The user (`sub`). */
  readonly subject: string
  /** All claims of the visit token. */
  readonly claims: Claims
  /** The same for every repetition of this operation, and for no other. Give it to whatever moves the money. */
  readonly idempotencyKey: string
}

/** What became of an operation for good: a result for the page, or why it was refused. JSON. */
export type OperationOutcome = { result?: unknown } | { refused: string }

/**
 * Executes an operation. Called once for each. If it throws, or is cut off, nobody knows whether it was executed: the operation is in
 * doubt, and `resolve` is asked. `signal` is aborted after `executionTimeoutMs`.
 */
export type ExecuteOperation = (
  operation: Operation,
  signal: AbortSignal,
) => Promise<OperationOutcome> | OperationOutcome

/** Something that happened, for logs and audits. Holds no account and no alias. */
export interface OperationEvent {
  type: 'alias_opened' | 'alias_claimed' | 'begun' | 'repeated' | 'settled' | 'in_doubt' | 'refused'
  /** Unix milliseconds. */
  atMs: number
  /** The kind of the operation, where it is known. */
  operation?: string
  /** The user (`sub`) and the visit (`sid`). */
  subject?: string
  visit?: string
  /** The handle of the alias, where there is one. */
  handle?: string
  /** How many sequences were taken before this one. */
  modifications?: number
  /** Why, where something was refused. */
  code?: ErrorCode
  /** The name of what `execute` or `resolve` threw, such as `TypeError`. Its text may hold the account, and is not told. */
  thrown?: string
}

/** Options of `createOperations`. */
export interface OperationsOptions {
  /** Verifies requests. It needs `publicOrigin` and `replay`: only tokens bound to a proof key act under an alias. */
  verifier: Verifier
  /** Where aliases and operations are kept, such as `durableAliases(env.ALIASES)`. */
  store: AliasStore
  /**
   * Secrets of 32 bytes or more. The first makes aliases and seals; the others open answers that they have sealed. Aliases
   * that are open when the first one changes end.
   */
  keys: readonly SharedKey[]
  /** The kinds of operations that this service has. */
  operations: readonly string[]
  /** Whether the account is the user's own, and may be used for this operation. */
  ownsAccount: (request: {
    account: string
    operation: string
    subject: string
    claims: Claims
  }) => boolean | Promise<boolean>
  /** Whether an identifier is that of any account: no alias may look like one. */
  accountExists: (identifier: string) => boolean | Promise<boolean>
  execute: ExecuteOperation
  /**
   * Finds out what became of an operation that is in doubt. Nothing where it is not known yet. `{ refused }` only once it
   * is certain that the key will never be executed.
   */
  resolve?:
    | ((
        operation: Omit<Operation, 'account'>,
        signal: AbortSignal,
      ) => Promise<OperationOutcome | undefined> | OperationOutcome | undefined)
    | undefined
  /** Scopes that the token must have, separated by spaces. Default: none. */
  requiredScope?: string | undefined
  /** How accounts become aliases. `multiply` is weak: whoever knows one account and its alias knows all. Default: `ff1`. */
  method?: 'ff1' | 'multiply' | undefined
  /** The number of `multiply`: odd, no multiple of 5, more than 1. */
  multiplier?: number | undefined
  /** How many characters at the beginning of an account stay as they are, for everybody to see. Default: 0. */
  keepFirst?: number | undefined
  /** How many at the end. Default: 0. */
  keepLast?: number | undefined
  /** Life of an alias, at most 900. Default: 300. */
  aliasLifetimeSeconds?: number | undefined
  /** How many aliases a subject gets within an hour, in all of its visits together. Default: 120. */
  aliasesPerHour?: number | undefined
  /** How long an execution may take, at most 25 000. Default: 15 000. */
  executionTimeoutMs?: number | undefined
  /** Keeps the Worker alive for an execution whose page has gone, such as that of `cloudflare:workers`. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  /** Told what happens. Must not throw. */
  onEvent?: ((event: OperationEvent) => void) | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** The same, checked. */
export interface Settings {
  verifier: Verifier
  store: AliasStore
  ownsAccount: OperationsOptions['ownsAccount']
  accountExists: OperationsOptions['accountExists']
  execute: ExecuteOperation
  resolve: OperationsOptions['resolve']
  waitUntil: OperationsOptions['waitUntil']
  requiredScope: string
  now: () => number
  /** What the core reads. */
  config: string
  operations: ReadonlySet<string>
  aliasLifetimeSeconds: number
  aliasesPerHour: number
  executionTimeoutMs: number
  /** From then on nobody can be executing an operation any more. */
  leaseSeconds: number
  emit: (event: Omit<OperationEvent, 'atMs'>) => void
}

const functions = ['ownsAccount', 'accountExists', 'execute'] as const
const storeMethods = ['admit', 'reserve', 'open', 'begin', 'settle', 'close', 'claim'] as const
const leaseMarginSeconds = 10

/** Checks options. */
export function readOptions(options: OperationsOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const { verifier, store, keys, method = 'ff1', onEvent, now = Date.now } = options
  if (typeof verifier?.protect !== 'function') throw new TypeError('verifier: has no protect()')
  for (const name of storeMethods) {
    if (typeof store?.[name] !== 'function') throw new TypeError(`store: has no ${name}()`)
  }
  for (const name of functions) {
    if (typeof options[name] !== 'function') throw new TypeError(`${name}: has to be a function`)
  }
  for (const name of ['resolve', 'waitUntil', 'onEvent', 'now'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw new TypeError(`${name}: has to be a function`)
    }
  }
  if (method !== 'ff1' && method !== 'multiply') throw new TypeError("method: 'ff1' or 'multiply'")
  if ((method === 'multiply') !== (options.multiplier !== undefined)) {
    throw new TypeError("multiplier: needed with method 'multiply', and only there")
  }
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('keys: give at least one')
  const timeoutMs = whole('executionTimeoutMs', options.executionTimeoutMs ?? 15_000, 25_000, 1)
  return {
    verifier,
    store: guarded(store, storeMethods),
    ...guarded(options, ['ownsAccount', 'accountExists']),
    execute: options.execute,
    resolve: options.resolve,
    waitUntil: options.waitUntil,
    requiredScope: options.requiredScope ?? '',
    now,
    config: JSON.stringify({
      keys: keys.map((key) => text('keys: k', key?.k)),
      method,
      multiplier: options.multiplier,
      keepFirst: whole('keepFirst', options.keepFirst ?? 0, 64),
      keepLast: whole('keepLast', options.keepLast ?? 0, 64),
    }),
    operations: operationNames(options.operations),
    aliasLifetimeSeconds: whole(
      'aliasLifetimeSeconds',
      options.aliasLifetimeSeconds ?? 300,
      900,
      1,
    ),
    aliasesPerHour: whole('aliasesPerHour', options.aliasesPerHour ?? 120, 1_000_000, 1),
    executionTimeoutMs: timeoutMs,
    leaseSeconds: Math.ceil(timeoutMs / 1000) + leaseMarginSeconds,
    emit: (event) => onEvent?.({ ...event, atMs: now() }),
  }
}

/** The same methods; what they reject with becomes a refusal that invites to try again, the reason its cause. */
function guarded<T extends object, N extends keyof T>(from: T, names: readonly N[]): Pick<T, N> {
  const methods = names.map((name) => {
    const method = from[name] as (...all: unknown[]) => unknown
    const guard = async (...all: unknown[]) => {
      try {
        return await method.apply(from, all)
      } catch (cause) {
        throw new LingpaiError('temporarily_unavailable', { cause })
      }
    }
    return [name, guard]
  })
  return Object.fromEntries(methods)
}

function operationNames(names: unknown): ReadonlySet<string> {
  const proper = (name: unknown) =>
    typeof name === 'string' && /^[a-z][a-z0-9_.:-]{0,63}$/.test(name)
  if (!Array.isArray(names) || names.length === 0 || !names.every(proper)) {
    throw new TypeError('operations: names such as `transfer`, at least one')
  }
  return new Set(names as string[])
}
