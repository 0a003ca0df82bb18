// What happens in a tokenizer, in words that an app can log: no event ever holds a value, a token or a key. The same events as
// those of `@lingpai/h5`.
import type { ErrorCode } from '../codes'

/** How the vault was last seen. */
export type CircuitState = 'closed' | 'open' | 'half_open'

/** What pauses because the vault has had too much of it: asking for tokens, or sending what waits. */
export type Paused = 'tokens' | 'reconcile'

/** Where a token came from. */
export type TokenSource = 'vault' | 'known' | 'pool' | 'provisional'

/** Something that happened. `atMs` is the device's own clock (Unix milliseconds). */
export type TokenizerEvent = { atMs: number } & (
  | {
      /** Values were tokenized, all in one call; how many from where. */
      type: 'tokenized'
      field: string | undefined
      counts: Partial<Record<TokenSource, number>>
      elapsedMs: number
    }
  | {
      /** The vault is taken to be there (`closed`), or not. `waitMs`: for how long at least. */
      type: 'circuit'
      from: CircuitState
      to: CircuitState
      waitMs?: number
    }
  | {
      /** A policy was taken over. */
      type: 'policy'
      version: number
      expiresAtMs: number
      reconcileUntilMs: number
    }
  | {
      /** A policy, a lease or a batch could not be had or sent now; it is tried again. */
      type: 'failed'
      what: 'policy' | 'pool' | 'reconcile'
      code: ErrorCode
      status?: number
    }
  | {
      /** The vault answered for a batch: so many operations are done, became dead letters, or go again. */
      type: 'reconciled'
      done: number
      dead: number
      retry: number
      pending: number
    }
  | {
      /** Nothing waits any more. */
      type: 'drained'
    }
  | {
      /** Operations that should wait in the outbox are not there: the store lost them. */
      type: 'operations_lost'
      count: number
    }
  | {
      /** The store was cleared, or part of it cannot be read: what waited there is gone. */
      type: 'storage_lost'
    }
  | {
      /** The WebAssembly module failed and was started anew. Calls that were under way rejected with `internal`. */
      type: 'restarted'
    }
  | {
      /** The tokenizer was closed; what waits stays in the store. */
      type: 'closed'
    }
)

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never

/** Reports an event to the app. */
export type Emit = (event: WithoutTime<TokenizerEvent>) => void

/** What a listener throws is none of ours. */
export function createEmit(
  handler: ((event: TokenizerEvent) => void) | undefined,
  nowMs: () => number,
): Emit {
  return (event) => {
    try {
      if (handler !== undefined) handler(Object.assign({ atMs: nowMs() }, event) as TokenizerEvent)
    } catch (_) {
      // As above.
    }
  }
}
