// Revocation by Token Status Lists (draft-ietf-oauth-status-list): the token names a list and its place in it, the
// verifier says which lists may be asked.
import type { Engine, VerifyGlue } from '../engine.js'
import { LingpaiError } from '../error.js'
import type { KeysOptions } from '../keys/index.js'
import { text, whole } from '../option-values.js'
import { tokenCheck } from '../token-check.js'
import type { Claims, RevocationSource } from '../types.js'
import { allowedAddresses } from './allowed-addresses.js'
import { requireInflate } from './inflate.js'
import { status, statusAt } from './status-list.js'
import { loadStatusList } from './status-list-token.js'
import { statusLists, type StatusListEvent } from './status-lists.js'

/** Options of `statusListRevocation`. */
export interface StatusListOptions extends Omit<KeysOptions, 'onEvent'> {
  /** Who issues the lists, letter by letter as they name it in `iss`; a list need not name it. */
  issuer: string
  /**
   * Where lists may be: whole addresses, or beginnings that end with `/`; https, or http on loopback. A token that names
   * another place is refused with `claim_invalid`, and nothing is fetched.
   */
  uris: readonly (string | URL)[]
  /** Whether tokens that name no status list are refused with `claim_invalid`. Default: false. */
  required?: boolean | undefined
  /** The algorithms that lists may be signed with. Default: what each key says it is for. */
  algorithms?: readonly string[] | undefined
  /**
   * How long a list serves after its `ttl` while no newer one is to be had, but never after its end. Default: 0, so that
   * tokens are refused with `temporarily_unavailable`; at most 86400.
   */
  staleSeconds?: number | undefined
  /** How long a list is used at most before it is asked for again, whatever its `ttl`. Default: 86400. */
  maxTtlSeconds?: number | undefined
  /**
   * How old a list without `exp` may be, counted from its `iat`; an older one is taken for the forgotten copy of a cache on
   * the way, and refuses its tokens with `temporarily_unavailable`. Has to be longer than the issuer takes to sign a list
   * anew. A list with `exp` is good until then. Default: 604,800 (a week); at most 520 weeks.
   */
  maxListAgeSeconds?: number | undefined
  /** The bytes that one list may have, 8 statuses of one bit in each. Default: 1 MiB; at most 16 MiB. */
  maxListBytes?: number | undefined
  /** The bytes that all lists in memory may have together, at least `maxListBytes`. Default: 4 times as many. */
  cacheBytes?: number | undefined
  /** How long to wait for a list. Default: 5000. */
  timeoutMs?: number | undefined
  /** How far the issuer's clock may differ from ours, at most 60. Default: 5. */
  clockToleranceSeconds?: number | undefined
  /** The `fetch` that gets lists and a remote key set. */
  fetch?: typeof fetch | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** Told what becomes of lists and keys. Must not throw. */
  onEvent?: ((event: StatusListEvent | KeysEvent) => void) | undefined
}

const week = 7 * 86_400

type KeysEvent = Parameters<NonNullable<KeysOptions['onEvent']>>[0]

/**
 * Refuses tokens whose status in a Token Status List is not VALID: `token_suspended` for SUSPENDED, `token_revoked` for
 * INVALID and every status that has no meaning here. A list that cannot be had or believed refuses its tokens with
 * `temporarily_unavailable`, an index beyond its end with `claim_invalid`. A revocation is noticed when the `ttl` of the
 * list that was fetched before is over. Throws a `TypeError` that names the option where one is wrong.
 *
 * @example
 * ```ts
 * const verifier = createVerifier({
 *   issuer, audience, keys,
 *   revocation: statusListRevocation({ issuer, keys, uris: [`${issuer}/status-lists/`] }),
 * })
 * ```
 */
export type StatusListRevocation = (options: StatusListOptions) => RevocationSource

/** What makes sources that work with a module. */
export function statusListRevocationOf(engine: Engine<VerifyGlue>): StatusListRevocation {
  return (options) => {
    requireInflate()
    const { issuer, required = false, algorithms, now = Date.now } = options
    const { waitUntil, onEvent } = options
    const isAllowed = allowedAddresses('uris', options.uris)
    const toleranceSeconds = whole('clockToleranceSeconds', options.clockToleranceSeconds ?? 5, 60)
    const mostBytes = whole('maxListBytes', options.maxListBytes ?? 2 ** 20, 2 ** 24)
    const timeoutMs = whole('timeoutMs', options.timeoutMs ?? 5000, 60_000)
    const cacheBytes = whole('cacheBytes', options.cacheBytes ?? 4 * mostBytes, 2 ** 28)
    if (cacheBytes < mostBytes) throw new TypeError('cacheBytes: less than `maxListBytes`')
    const policy = {
      issuer: text('issuer', issuer),
      audiences: [],
      type: 'statuslist+jwt',
      toleranceSeconds,
      ...(algorithms && { algorithms }),
    }
    const list = {
      tokens: tokenCheck(engine, policy, options),
      // Not bound at creation: Workers and tests replace the global.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      now,
      timeoutMs,
      mostBytes,
      mostFreshSeconds: whole('maxTtlSeconds', options.maxTtlSeconds ?? 86_400, 31_536_000),
      mostAgeSeconds: whole('maxListAgeSeconds', options.maxListAgeSeconds ?? week, 520 * week, 1),
    }
    const listAt = statusLists({
      load: (uri, known) => loadStatusList(uri, known, list),
      now,
      staleMs: whole('staleSeconds', options.staleSeconds ?? 0, 86_400) * 1000,
      timeoutMs,
      mostBytes: cacheBytes,
      waitUntil,
      onEvent,
    })
    return {
      async isRevoked(claims) {
        const reference = referenceOf(claims)
        if (!reference) {
          if (required) throw invalid('status')
          return false
        }
        const { uri, idx } = reference
        if (!isAllowed(uri)) throw invalid('status_list.uri')
        return isRevokedBy(statusAt(await listAt(uri), idx))
      },
    }
  }
}

/** Where the status of a token is kept (draft §6.2). */
function referenceOf(claims: Claims): { uri: string; idx: number } | undefined {
  const { status } = claims as { status?: { status_list?: { idx?: unknown; uri?: unknown } } }
  if (status === undefined) return undefined
  if (typeof status !== 'object' || status === null) throw invalid('status')
  const list = status.status_list
  // There are other ways to keep a status; they are not ours to look at.
  if (list === undefined) return undefined
  if (typeof list !== 'object' || list === null) throw invalid('status_list')
  const { idx, uri } = list
  if (typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0) {
    throw invalid('status_list.idx')
  }
  if (typeof uri !== 'string') throw invalid('status_list.uri')
  return { idx, uri }
}

function isRevokedBy(found: number | undefined): boolean {
  if (found === undefined) throw invalid('status_list.idx')
  if (found === status.suspended) throw new LingpaiError('token_suspended')
  return found !== status.valid
}

function invalid(claim: string): LingpaiError {
  return new LingpaiError('claim_invalid', { message: `claim_invalid (${claim})` })
}
