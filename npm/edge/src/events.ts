// What a verifier tells its operators: a closed union. Nothing of a token, a proof or a key is in any of it.
import type { ErrorCode } from './codes.js'
import type { KeysEvent } from './keys/index.js'
import type { StatusListEvent } from './revocation/status-lists.js'

/** What an `onEvent` gets. New kinds may come: a consumer leaves out what it does not know. */
export type VerifierEvent = VerifiedEvent | RefusedEvent | KeysEvent | StatusListEvent | TrapEvent

/** A token or request was accepted. */
export interface VerifiedEvent {
  type: 'verified'
  /** The issuer, as the verifier's options name it. */
  issuer: string
  /** How the token is signed, such as `EdDSA`. */
  algorithm: string
  /** Whether the signature was not verified again, as it had been for earlier uses of the same token. */
  cached: boolean
  /** Our time minus the token's `iat`: below 0 where the issuer's clock is ahead of ours. */
  tokenAgeSeconds?: number
  /** Our time minus the proof's `iat`: below 0 where the client's clock is ahead of ours. */
  proofAgeSeconds?: number
  durationsMs?: Durations
}

/** A token or request was refused. */
export interface RefusedEvent {
  type: 'refused'
  code: ErrorCode
  /** What was being done. */
  phase?: Phase
  durationsMs?: Durations
}

/** The WebAssembly module failed in the middle of a call; the request of that call is refused with `internal`. */
export interface TrapEvent {
  type: 'trap'
  /**
   * Whether the next call works on a new instance. `false` where the module came as an instance instead of a compiled
   * module, as some bundlers give it: from then on everything is refused with `internal` until the process restarts.
   */
  recovered: boolean
}

/**
 * The parts of a verification in their order: headers, opening a sealed token, getting keys, signature and claims,
 * revocation, proof of possession, using up the proof or the token.
 */
export type Phase = 'credentials' | 'unseal' | 'keys' | 'verify' | 'revocation' | 'proof' | 'replay'

/**
 * How long the phases that took place lasted, in milliseconds. Cloudflare Workers stop the clock while code computes:
 * there, these are the times of waiting for a network or a store, and computation is 0.
 */
export type Durations = Partial<Record<Phase, number>>
