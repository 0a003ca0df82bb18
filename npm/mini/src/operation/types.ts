// What a mini-program sees of a sensitive operation under an alias: the words of `@lingpai/h5`.
import type { ErrorCode } from '../codes'

/** What an operation is about, in JSON: what is shown to the user, and what is executed. */
export type OperationDetails = Readonly<Record<string, unknown>>

/** The most that an operation may be: numbers bound integers, strings and lists of strings say what a string has to be. */
export type OperationLimits = Readonly<Record<string, number | string | readonly string[]>>

/** Options of `beginOperation`. */
export interface BeginOperationOptions extends ClaimOperationOptions {
  /** The account that the user acts on. It is sent once, and not kept. */
  account: string
  /** What the operation may be at most; nothing beyond is executed. */
  limits?: OperationLimits
  /** Whether another terminal of the same user may take the alias over, by `pairingCode`. @default false */
  transferable?: boolean
}

/** Options of `claimOperation`. */
export interface ClaimOperationOptions {
  /** Told what happens to this operation. */
  onEvent?: (event: OperationEvent) => void
}

/** Something that happened to an operation. No event holds an account, an alias or a secret. */
export type OperationEvent =
  | {
      /** There is an alias: the first, or another one after the mini-program came back. `expiresAt` in Unix milliseconds. */
      type: 'alias'
      renewed: boolean
      expiresAt: number
    }
  | { type: 'submitted'; attempt: number }
  | { type: 'waiting'; state: 'pending' | 'in_doubt' }
  | { type: 'done'; refused: boolean }
  | {
      /** The alias is given up: by the app, or because the mini-program was hidden. */
      type: 'cancelled'
      by: 'page' | 'hide'
    }
  | { type: 'failed'; code: ErrorCode }

/** What became of an operation. `in_doubt`: nobody knows yet whether it was executed; `submit()` asks again. */
export type OperationResult =
  { state: 'done'; result: unknown } | { state: 'done'; refused: string } | { state: 'in_doubt' }

/** An operation that was begun: it has an alias, and can be submitted once. */
export interface OperationHandle {
  readonly type: string
  /** What stands for the account. Another one after the mini-program came back. */
  readonly alias: string
  /** When the alias expires, Unix milliseconds of the device's own clock. */
  readonly expiresAt: number
  /** What another terminal takes the alias over with, as text for a QR code; only where it was asked for. */
  readonly pairingCode: string | undefined
  readonly limits: OperationLimits | undefined
  /** `open` until it is submitted or given up. `away`: the mini-program is hidden, and the alias is gone until it is shown. */
  readonly state: 'open' | 'submitting' | 'in_doubt' | 'done' | 'cancelled' | 'away'
  /**
   * Submits the operation, with the details that it was begun with or else with these. May be called again after a
   * retryable error or an answer `in_doubt`: the very same request is sent again, and executed once at most.
   */
  submit(details?: OperationDetails): Promise<OperationResult>
  /** Gives the alias up, at once and without waiting: for `onUnload` of the page. An execution under way goes on. */
  cancel(): void
}
