// What an app sees of a tokenizer: the words of `@lingpai/h5`.
import type { CircuitState, Paused, TokenizerEvent } from './events'

/** Options of `mini.tokenizer()` and `visit.tokenizer()`. */
export interface TokenizerOptions {
  /** The issuer whose policies are accepted. @default that of `createMini` */
  issuer?: string
  /** The issuer's JWK Set. @default that of `createMini`, or what `{issuer}/.well-known/jwks.json` says */
  keys?: object
  /** How long the vault has for an answer before the value is tokenized without it. @default 2000 */
  onlineTimeoutMs?: number
  /** Told about everything that happens. No event holds a value, a token or a key. */
  onEvent?: (event: TokenizerEvent) => void
}

/** A value with its field. */
export interface Wanted {
  value: string
  field: string
}

/** How a tokenizer is. */
export interface TokenizerStatus {
  /** `online`: the vault answers. `degraded`: it is away, or has had too much for now. `recovering`: it is back, and operations still wait. */
  mode: 'online' | 'degraded' | 'recovering'
  circuit: CircuitState
  /**
   * What the vault does not take for now because it has had too much of it (`rate_limited`), and until when (Unix milliseconds): it
   * is not asked for `tokens`, or what waits is not sent (`reconcile`). It is there, and the circuit says nothing of it.
   * What is over goes with the next call.
   */
  paused: Partial<Record<Paused, number>>
  /** Operations that wait for the vault. */
  pending: number
  /** Operations that the vault has taken, over the life of the store. */
  done: number
  /** Operations that became dead letters, over the life of the store. */
  dead: number
  /** Operations that the store has lost. */
  lost: number
  /** Whether the platform keeps what is written; without that nothing is given out that the vault does not know. */
  durable: boolean
  /** Whether a policy is at hand, and until when tokens may be made under it (Unix milliseconds). */
  policyExpiresAtMs: number | undefined
}

/** An operation that was refused for good. Its value is sealed to the vault's key; nobody here can read it. */
export interface DeadLetter {
  /** Its place among the dead letters. */
  id: string
  /** The operation's id. */
  op: string
  field: string
  /** The token that was given out. It stands for nothing, or for something else. */
  token: string
  /**
   * `conflict`: a token of the pool that stood for another value already. What the vault refused: `expired`, `over_cap`,
   * `bad_binding`, `bad_value`, `op_conflict`. `key_binding_mismatch`: the key of its policy is gone, as after a logout.
   * `malformed`: the row was damaged, and `sealed` holds what is left of it.
   */
  error: string
  /** The sealed operation (JWE). */
  sealed: string
}

/** Tokens for values. */
export interface Tokenizer {
  /**
   * The token of a value. The vault's while it is there; while it is away, the one known for the value since this start, one
   * from the pool, or a provisional one, as the policy allows.
   *
   * Rejects with what the vault refuses (`insufficient_scope`, …); while it is away with `temporarily_unavailable` where the
   * policy allows no token, and with `storage_unavailable` where the platform keeps nothing.
   */
  tokenize(value: string, options: { field: string }): Promise<string>
  /** The tokens of many values, in their order. While the vault is away all of them are committed at once, or none. */
  tokenizeMany(
    values: readonly (string | Wanted)[],
    options?: { field?: string },
  ): Promise<string[]>
  /**
   * Sends what waits now, as far as the vault is there. Never rejects for want of the vault: what it resolves with says what
   * is left.
   */
  flush(): Promise<TokenizerStatus>
  /** How it is. */
  readonly status: TokenizerStatus
  /** Operations that the vault will never take, oldest first; those after the letter with the id `after`. */
  deadLetters(options?: { after?: string; limit?: number }): Promise<DeadLetter[]>
  /** All of them as one JSON text, for whoever looks into it. */
  exportDeadLetters(): Promise<string>
  /** Deletes dead letters that were taken care of. */
  discardDeadLetters(ids: readonly string[]): Promise<void>
  /** Stops. What waits stays in the store, and goes on with the next tokenizer. */
  close(): Promise<void>
}
