// The options of a verifier, read once. Wrong usage shows here, not at the first request.
import type { ErrorCode } from './codes.js'
import type { ChallengeOptions } from './problem.js'
import type { Keys, KeysEvent, KeySetOptions } from './keys/index.js'
import type { ReplayStore, RevocationSource } from './types.js'

/** What a verifier reports to operators. Nothing of a token is in it. */
export type VerifierEvent = { type: 'verified' } | { type: 'refused'; code: ErrorCode } | KeysEvent

/** Options of `createVerifier`. */
export interface VerifierOptions extends KeySetOptions {
  /** The issuer, letter by letter as tokens name it. */
  issuer: string
  /** This service; several names where tokens may carry any of them. */
  audience: string | readonly string[]
  /** The issuer's keys. */
  keys: Keys
  /** The `typ` that tokens must have: `vt+jwt` for visit tokens, `at+jwt` for RFC 9068; `null` for tokens without one. */
  type?: string | null | undefined
  /**
   * The origin under which clients know this service, such as `https://api.example`. A proof of possession names it. It
   * is not read from requests: who can choose the host name could replay proofs made for another host. Together with
   * `replay` it lets the verifier accept tokens that are bound to a key; without both, these are refused.
   */
  publicOrigin?: string | undefined
  /**
   * The store in which each proof is used up, such as `durableLedger(env.VISIT_LEDGER)`. `'unchecked'` accepts a proof
   * again within its window; only for services where repeating a request does no harm.
   */
  replay?: ReplayStore | 'unchecked' | undefined
  /** Knows which tokens have been revoked. */
  revocation?: RevocationSource | undefined
  /** Scopes that a token must have, separated by spaces. */
  requiredScope?: string | undefined
  /** How far the issuer's clock may differ from ours, at most 60. Default: 5. */
  clockToleranceSeconds?: number | undefined
  /** How old a proof may be, and how far ahead of our clock. Default: 60. */
  proofWindowSeconds?: number | undefined
  /** How many verified tokens are remembered. Their times, revocation and proof are checked each time. Default: 500. */
  cacheSize?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** Told what happens. Must not throw. */
  onEvent?: ((event: VerifierEvent) => void) | undefined
}

/** The same, checked. */
export interface Settings {
  /** What the core reads. */
  policy: {
    issuer: string
    audiences: readonly string[]
    type?: string
    toleranceSeconds: number
    requiredScope: string
  }
  possession?: { publicOrigin: string; replay: ReplayStore | 'unchecked'; windowSeconds: number }
  revocation: RevocationSource | undefined
  challenge: ChallengeOptions
  cacheSize: number
  now: () => number
  onEvent: ((event: VerifierEvent) => void) | undefined
}

/** Checks options. */
export function readOptions(options: VerifierOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const { issuer, audience, publicOrigin, replay, revocation, requiredScope = '' } = options
  const audiences = typeof audience === 'string' ? [audience] : audience
  text('issuer', issuer)
  if (!Array.isArray(audiences) || audiences.length === 0) {
    throw new TypeError('audience: give at least one')
  }
  for (const one of audiences) text('audience', one)
  if (typeof requiredScope !== 'string') throw new TypeError('requiredScope: has to be a string')
  const type = options.type === undefined ? 'vt+jwt' : options.type
  const toleranceSeconds = whole('clockToleranceSeconds', options.clockToleranceSeconds ?? 5, 60)
  const settings: Settings = {
    policy: {
      issuer,
      audiences,
      ...(type === null ? {} : { type: text('type', type) }),
      toleranceSeconds,
      requiredScope,
    },
    revocation,
    challenge: { scheme: publicOrigin === undefined ? 'Bearer' : 'DPoP', scope: requiredScope },
    cacheSize: whole('cacheSize', options.cacheSize ?? 500, 1e6),
    now: options.now ?? Date.now,
    onEvent: options.onEvent,
  }
  if (publicOrigin === undefined && replay === undefined) return settings
  if (publicOrigin === undefined) {
    throw new TypeError(
      'publicOrigin: needed with `replay`, to compare with what proofs are made for',
    )
  }
  if (replay === undefined) {
    throw new TypeError("replay: needed with `publicOrigin`; a ReplayStore, or 'unchecked'")
  }
  if (replay !== 'unchecked' && typeof replay?.burn !== 'function') {
    throw new TypeError("replay: has to be a ReplayStore or 'unchecked'")
  }
  const windowSeconds = whole('proofWindowSeconds', options.proofWindowSeconds ?? 60, 600)
  settings.possession = {
    publicOrigin: origin('publicOrigin', publicOrigin),
    replay,
    windowSeconds,
  }
  return settings
}

/** A string that is not empty. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`${name}: has to be a string that is not empty`)
  }
  return value
}

/** A whole number from 0 to `most`. */
export function whole(name: string, value: unknown, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new TypeError(`${name}: has to be a whole number from 0 to ${most}`)
  }
  return value
}

/** An origin as browsers write it. */
export function origin(name: string, value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value) || new URL(value).origin !== value) {
    throw new TypeError(`${name}: has to be an origin like https://api.example`)
  }
  return value
}
