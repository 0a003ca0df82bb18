// What an app may want to log. No event holds a token.
import type { LingpaiError } from './errors'

/** Something happened. */
export type MiniEvent =
  /** A token came: by a login code, by a refresh, or by a visit. */
  | { type: 'token'; by: 'login' | 'refresh' | 'visit'; scope: string; bound: boolean }
  /** A token could not be had. */
  | { type: 'renewal-failed'; error: LingpaiError }
  /** The platform would not read or keep the record; what there is lives until the process ends. */
  | { type: 'storage-failed'; error: LingpaiError }
  /** The record was cut off, foreign or of another version, and is not used. */
  | { type: 'record-dropped' }
  /** The platform has WebAssembly, but the module did not load; the JavaScript one is used, without proofs. */
  | { type: 'wasm-failed'; cause: unknown }
