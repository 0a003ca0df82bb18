// One Status List Token: fetched, verified like any token of its issuer, and unpacked
// (draft-ietf-oauth-status-list §5.1, §8).
import { limitedText } from '../body.js'
import { LingpaiError } from '../error.js'
import { within } from '../keys/flight.js'
import { retryAfterSeconds, secondsLeft } from '../keys/freshness.js'
import { isEtag } from '../keys/stored.js'
import type { TokenCheck } from '../token-check.js'
import type { Claims } from '../types.js'
import { readStatusList } from './status-list.js'
import type { LoadedList } from './status-lists.js'

/** How lists are fetched and what they have to be. */
export interface StatusListTokenOptions {
  tokens: TokenCheck
  fetch: typeof fetch
  now: () => number
  timeoutMs: number
  /** What a list may inflate to. */
  mostBytes: number
  /** How long a list may go without being asked for again. */
  mostFreshSeconds: number
  /** How old a list that names no end may be. */
  mostAgeSeconds: number
}

/** Where neither the token nor the answer says how long it is good, and the least that either can say. */
const freshSeconds = { usual: 300, least: 10 }

/** Loads the list at an address. Rejects, for whatever reason, where there is none that could be believed. */
export async function loadStatusList(
  uri: string,
  known: LoadedList | undefined,
  options: StatusListTokenOptions,
): Promise<LoadedList> {
  const { tokens, now, mostBytes } = options
  const keys = await tokens.keys(now())
  // What another set of keys vouched for is read anew.
  const etag = known?.generation === keys.generation ? known.etag : undefined
  // Not left to the signal alone: a `fetch` of others may not heed it.
  const answer = await within(download(uri, etag, options), options.timeoutMs)
  if (!answer) throw new LingpaiError('network_unavailable', { message: 'status list: timeout' })
  // A `ttl` counts from when the list was fetched, and comes before what headers say (draft §8.2, §13.7).
  const freshMsOf = (ttl: number | undefined, otherwise: number) => {
    const seconds = Math.min(ttl ?? answer.seconds ?? otherwise, options.mostFreshSeconds)
    return Math.max(seconds, freshSeconds.least) * 1000
  }
  if (answer.token === undefined && known) {
    return { ...known, freshMs: freshMsOf(known.ttl, known.freshMs / 1000) }
  }
  const { checked, generation } = await tokens.check(answer.token ?? '', keys, now())
  const claims: Partial<Claims> = checked.claims
  if (claims.sub !== uri) throw new LingpaiError('subject_mismatch')
  if (claims.iat === undefined) throw invalid('iat')
  const { ttl } = claims
  if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0)) throw invalid('ttl')
  // Without an end, a cache on the way could give out what it forgot years ago.
  const until = claims.exp === undefined ? claims.iat + options.mostAgeSeconds : checked.until
  const expiresAt = until * 1000
  if (now() >= expiresAt) {
    throw new LingpaiError('token_expired', {
      message: 'status list: older than maxListAgeSeconds',
    })
  }
  return {
    list: await readStatusList(claims['status_list'], mostBytes),
    issuedAt: claims.iat * 1000,
    ttl,
    freshMs: freshMsOf(ttl, freshSeconds.usual),
    expiresAt,
    etag: answer.etag,
    generation,
  }
}

/** What a server answers; no token where it says that the version at hand still holds. */
interface Answer {
  token?: string
  etag?: string
  /** How long it is good by its headers, if they say so. */
  seconds: number | undefined
}

async function download(
  uri: string,
  etag: string | undefined,
  { fetch, now, timeoutMs, mostBytes }: StatusListTokenOptions,
): Promise<Answer> {
  const response = await fetch(uri, {
    headers: {
      Accept: 'application/statuslist+jwt',
      ...(etag === undefined ? {} : { 'If-None-Match': etag }),
    },
    // A redirect would lead to places that nobody allowed.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const { status, headers } = response
  const seconds = secondsLeft(headers, now())
  if (status === 304 && etag !== undefined) return { seconds }
  if (status !== 200) {
    response.body?.cancel().catch(() => {})
    const message = `status list: status ${status}`
    throw Object.assign(new LingpaiError('temporarily_unavailable', { message }), {
      retryAfterSeconds: retryAfterSeconds(headers, now()),
    })
  }
  // What does not compress is as long as the list, and twice in base64url; the rest of a token is small.
  const limit = Math.min(Math.ceil((mostBytes * 16) / 9) + 16 * 1024, 2 ** 21)
  const token = (await limitedText(response, limit)).trimEnd()
  const named = headers.get('etag')
  return { token, seconds, ...(isEtag(named) && { etag: named }) }
}

function invalid(claim: string): LingpaiError {
  return new LingpaiError('claim_invalid', { message: `claim_invalid (${claim})` })
}
