// One request for a key set: everything that a server, or whoever answers in its place, can do wrong is a failure.
import { limitedText } from '../body.js'
import { isLingpaiError, LingpaiError } from '../error.js'
import type { KeysFailure } from './event.js'
import { within } from './flight.js'
import { lifeOf, retryAfterSeconds, type Life } from './freshness.js'
import { isEtag, isPublicSet } from './stored.js'

/** What came of it. */
export type Answer = Loaded | NotModified | Failed

interface Loaded {
  outcome: 'loaded'
  text: string
  etag?: string
  /** `undefined` where the server leaves it open. */
  life: Life | undefined
}

interface NotModified {
  outcome: 'not_modified'
  life: Life | undefined
}

/** No set. */
export interface Failed {
  outcome: 'failed'
  failure: KeysFailure
  status?: number
  /** How long the server asks to be left alone. */
  retryAfterSeconds?: number
  error: LingpaiError
}

/** What to ask for. */
export interface Question {
  url: URL
  fetch: typeof fetch
  timeoutMs: number
  /** The version at hand: the server may say that it still holds. */
  etag?: string | undefined
  /** Whether caches on the way are to ask the server. */
  anew: boolean
}

const maxBytes = 64 * 1024

/** Asks. Never rejects. */
export async function download(question: Question, now: number): Promise<Answer> {
  const abort = new AbortController()
  // Not left to the signal alone: a `fetch` of others may not heed it.
  const answer = await within(ask(question, abort.signal, now), question.timeoutMs)
  if (answer !== undefined) return answer
  abort.abort()
  return failed('timeout')
}

async function ask(question: Question, signal: AbortSignal, now: number): Promise<Answer> {
  const { fetch, url, etag, anew } = question
  const headers = {
    Accept: 'application/jwk-set+json, application/json',
    ...(etag === undefined ? {} : { 'If-None-Match': etag }),
    ...(anew ? { 'Cache-Control': 'no-cache' } : {}),
  }
  let response: Response
  try {
    // A redirect would let another host speak for the issuer.
    response = await fetch(url.href, { headers, redirect: 'manual', signal })
  } catch (error) {
    return failed('network', { cause: error })
  }
  const { status } = response
  const life = lifeOf(response.headers, now)
  if (status === 304 && etag !== undefined) return { outcome: 'not_modified', life }
  if (status !== 200 || !isJsonType(response.headers)) {
    response.body?.cancel().catch(() => {})
    if (status === 200) return failed('content_type', { status })
    const isRedirect = response.type === 'opaqueredirect' || (status >= 300 && status < 400)
    const pause = retryAfterSeconds(response.headers, now)
    return failed(isRedirect && status !== 304 ? 'redirect' : 'status', { status, pause })
  }
  let text: string
  try {
    text = await limitedText(response, maxBytes)
  } catch (error) {
    const tooLarge = isLingpaiError(error) && error.code === 'limit_exceeded'
    return failed(tooLarge ? 'too_large' : 'body', { status, cause: error })
  }
  if (!isPublicSet(text)) return failed('not_a_set', { status })
  const named = response.headers.get('etag')
  return { outcome: 'loaded', text, life, ...(isEtag(named) ? { etag: named } : {}) }
}

/** A failure, with the error that a verification meets where there are no other keys. */
export function failed(
  failure: KeysFailure,
  { status, pause, cause }: { status?: number; pause?: number | undefined; cause?: unknown } = {},
): Failed {
  const code =
    failure === 'network' || failure === 'timeout'
      ? 'network_unavailable'
      : 'temporarily_unavailable'
  const message = `key set: ${failure}${status === undefined ? '' : ` (status ${status})`}`
  return {
    outcome: 'failed',
    failure,
    error: new LingpaiError(code, { message, cause }),
    ...(status === undefined ? {} : { status }),
    ...(pause === undefined ? {} : { retryAfterSeconds: pause }),
  }
}

/** Plain files often come as text or bytes; a page of HTML, as captive portals and login pages send it, is no set. */
function isJsonType(headers: Headers): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  return (
    !type ||
    /^(application\/([\w.+-]+\+)?json|text\/(json|plain)|(application|binary)\/octet-stream)$/.test(
      type,
    )
  )
}
