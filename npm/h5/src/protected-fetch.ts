// visit.fetch: adds the visit token and a proof for exactly this request, and asks again once where that helps.
import type { Clock } from './clock.js'
import { dropEngine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { isSecure } from './options.js'
import type { Page } from './page.js'
import type { Visit } from './visit.js'
import { inTime } from './waiting.js'

/** What it needs of the visit. */
interface Holder {
  token: Visit['token']
  /** Forces a refresh. */
  renew(): Promise<void>
  /** Aborted when the visit is closed. */
  closed: AbortSignal
}

// A module that failed in the midst of it never answers.
const proofMs = 5_000
const silent = () => {
  dropEngine()
  return new LingpaiError('internal')
}
// A date in whole seconds, from somewhere on the way.
const inaccuracyMs = 10_000

/** Makes the visit's `fetch`. */
export function protectedFetch(page: Page, holder: Holder): Visit['fetch'] {
  const { clock, emit, keys, nonces } = page
  const send = page.settings.fetch ?? globalThis.fetch.bind(globalThis)

  const attempt = async (request: Request, url: URL, body: string | undefined) => {
    const token = await holder.token({ signal: request.signal })
    const { method } = request
    const proof = await prove(method, url, token, body)
    holder.closed.throwIfAborted()
    const headers = new Headers(request.headers)
    headers.set('authorization', `DPoP ${token}`)
    headers.set('dpop', proof)
    const redirect = request.redirect === 'manual' ? 'manual' : 'error'
    const response = await send(new Request(request, { headers, redirect }))
    const nonce = response.headers.get('dpop-nonce')
    if (nonce) nonces.set(url.origin, nonce)
    return { response, token, nonce }
  }

  const prove = (method: string, url: URL, token: string, body: string | undefined) => {
    const nonce = nonces.get(url.origin)
    const proof = keys.prove(method, url.href, token, nonce, clock.nowSeconds(), body)
    return inTime(proof, proofMs, proofMs, silent).catch((error: unknown) => {
      throw toLingpaiError(error)
    })
  }

  // Of calls that were refused together one refreshes for all of them, also for those that hear of it later.
  const newer = async (refused: string, { signal }: Request) => {
    if ((await holder.token({ signal })) === refused) await holder.renew()
  }

  return async (input, init) => {
    holder.closed.throwIfAborted()
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (!isSecure(url)) throw new TypeError('input: an https address (http on loopback)')
    const startedMs = performance.now()
    // A body that comes from elsewhere piece by piece is not kept for a second time.
    const spare = init?.body instanceof ReadableStream ? undefined : request.clone()

    // A text is known whole before it is sent, so that the proof can cover it.
    const body = typeof init?.body === 'string' ? init.body : undefined

    const first = await attempt(request, url, body)
    const { response } = first
    let last = response
    let repeated: 'nonce' | 'refreshed' | 'clock' | undefined
    if (response.status === 401 && spare) {
      repeated = reasonToRepeat(response, first.nonce)
      if (repeated === 'clock' && !correctClock(clock, response)) repeated = undefined
      if (repeated === 'refreshed')
        await newer(first.token, request).catch(() => (repeated = undefined))
      if (repeated) {
        void response.body?.cancel()
        last = (await attempt(spare, url, body)).response
      }
    }
    const elapsedMs = performance.now() - startedMs
    const shown = url.origin + url.pathname
    const { status } = last
    emit({
      type: 'fetched',
      method: request.method,
      url: shown,
      status,
      elapsedMs,
      ...(repeated && { repeated }),
    })
    return last
  }
}

// A proof without the server's nonce is answered with the nonce; a token that was revoked or that another clock holds for
// expired is answered with `invalid_token`. Both may come without their headers, where the server does not expose them.
function reasonToRepeat(
  response: Response,
  nonce: string | null,
): 'nonce' | 'refreshed' | 'clock' | undefined {
  const challenge = response.headers.get('www-authenticate') ?? ''
  if (/error="?use_dpop_nonce/.test(challenge)) return nonce ? 'nonce' : undefined
  if (/error="?invalid_dpop_proof/.test(challenge)) return 'clock'
  return /error="?invalid_token/.test(challenge) ? 'refreshed' : undefined
}

// The device's clock may have been turned since the authority said what time it is. Returns whether it was.
function correctClock(clock: Clock, response: Response): boolean {
  const dateMs = Date.parse(response.headers.get('date') ?? '')
  const isOff = Math.abs(dateMs - clock.nowMs()) > inaccuracyMs
  if (isOff) clock.set(dateMs / 1000)
  return isOff
}
