// One request to issuer or gateway, with a time-out. Goes through the module, or through the app's own fetch.
import type { Engine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'

/** What the SDK reads of an HTTP answer. */
export interface HttpAnswer {
  status: number
  body: string
  contentType: string | undefined
  dpopNonce: string | undefined
  retryAfter: string | undefined
  date: string | undefined
}

/** The same as the module gives it. */
type Answer = [status: number, body: string, headers: (string | undefined)[]]

/** Sends `body` with its proof (POST), or asks for a document (GET). Rejects with `network_unavailable`. */
export type Http = (
  url: string,
  request: { body?: string; proof?: string; signal: AbortSignal },
) => Promise<HttpAnswer>

const timeoutMs = 10_000
const longestAskedMs = 3_600_000

/** What `Retry-After` asks for, in milliseconds: it gives seconds, or a date by the server's clock (RFC 9110 §10.2.3). */
export function askedWaitMs({ retryAfter, date }: HttpAnswer, nowMs: number): number | undefined {
  if (!retryAfter) return undefined
  const seconds = Number(retryAfter)
  const untilMs = Date.parse(retryAfter) - (Date.parse(date ?? '') || nowMs)
  const ms = Number.isNaN(seconds) ? untilMs : seconds * 1000
  return ms >= 0 ? Math.min(ms, longestAskedMs) : undefined
}

/** The way to the network: through the module, unless there is a fetch of its own. */
export function createHttp(engine: Pick<Engine, 'request'>, ownFetch?: typeof fetch): Http
export function createHttp(engine: undefined, ownFetch: typeof fetch): Http
export function createHttp(
  engine: Pick<Engine, 'request'> | undefined,
  ownFetch: typeof fetch | undefined,
): Http {
  return async (url, { body, proof, signal }) => {
    // A controller of our own: what a caller's signal is aborted with may be anything.
    const controller = new AbortController()
    const abort = () => controller.abort()
    const timer = setTimeout(abort, timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      if (controller.signal.aborted) throw new LingpaiError('network_unavailable')
      const asking = ownFetch
        ? through(ownFetch, url, body, proof, controller.signal)
        : engine!.request(url, body, proof, controller.signal).then(readAnswer)
      return await Promise.race([asking, aborted(controller.signal)])
    } catch (error) {
      throw toLingpaiError(error)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}

function readAnswer([status, body, headers]: Answer): HttpAnswer {
  const [contentType, dpopNonce, retryAfter, date] = headers
  return { status, body, contentType, dpopNonce, retryAfter, date }
}

// Some ways to the network, hooked by others, neither end nor heed a signal.
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = () => reject(new LingpaiError('network_unavailable'))
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
}

async function through(
  ownFetch: typeof fetch,
  url: string,
  body: string | undefined,
  proof: string | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers = new Headers()
  if (body !== undefined) headers.set('content-type', 'application/jose')
  if (proof !== undefined) headers.set('dpop', proof)
  try {
    const response = await ownFetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body }),
      headers,
      signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    })
    const known = ['content-type', 'dpop-nonce', 'retry-after', 'date'].map(
      (name) => response.headers.get(name) ?? undefined,
    )
    return readAnswer([response.status, await response.text(), known])
  } catch (cause) {
    throw new LingpaiError('network_unavailable', { cause })
  }
}
