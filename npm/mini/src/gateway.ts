// Requests to the gateway for tokens: proofs, the server's nonce, its clock, and sending the same again while no answer comes.
import type { ErrorCode } from './codes'
import { toNumber, type Engine } from './engine/engine'
import { operations } from './engine/operations'
import { LingpaiError, refusal } from './errors'
import type { Host, HostResponse } from './host'

/** A request for a token. */
export interface TokenRequest {
  path: string
  contentType: string
  body: string
  /** Whether a proof of the key goes with it. */
  proves: boolean
  /** Whether an answer that says no is sealed as well, and its body what counts. */
  sealed: boolean
  /** The page for which an AT is redeemed: what a browser would say by itself. */
  origin?: string
}

/** The way to the gateway. */
export interface Gateway {
  readonly url: string
  readonly origin: string
  /** Resolves with the body of a good answer. Rejects with the refusal, or `network_unavailable`. */
  ask(request: TokenRequest): Promise<HostResponse>
  /** The nonce that a server gave last, by origin. */
  readonly nonces: Record<string, string>
  /** The gateway's time, in seconds. */
  nowSeconds(): number
}

/** A clock that is put right by the servers' answers. */
export interface Clock {
  /** The gateway's time, in seconds. */
  nowSeconds(): number
  /** Takes over the gateway's time, in milliseconds. */
  set(gatewayMs: number): void
}

/** An answer may be as old as its way here; a `Date` that is off by more says that our clock is. */
const clockErrorSeconds = 20

const tokenTimeoutMs = 15_000
const hostTimeoutMs = 10_000
const longestAskedMs = 3_600_000

/** Waits for a promise, but not for ever: callbacks of a platform may never come. */
export function within<Result>(
  host: Host,
  milliseconds: number,
  promise: Promise<Result>,
  code: ErrorCode = 'network_unavailable',
): Promise<Result> {
  const late = host.wait(milliseconds, promise).then(() => {
    throw new LingpaiError(code, { message: 'no answer' })
  })
  return Promise.race([promise, late])
}

/** The same for the platform's own files. Twice, since a process that was frozen may hear its timer before what came meanwhile. */
export function heard<Result>(host: Host, promise: Promise<Result>): Promise<Result> {
  const wait = () => within(host, hostTimeoutMs, promise, 'storage_unavailable')
  return wait().catch(wait)
}

/** What `Retry-After` (seconds) asks for, in milliseconds; a body says it too, for platforms that hide header fields. */
export function askedWaitMs(
  headers: HostResponse['headers'],
  document: unknown,
): number | undefined {
  const member = ((document || {}) as Record<string, unknown>)['retry_after']
  const seconds = Number(headers['retry-after'] === undefined ? member : headers['retry-after'])
  return seconds >= 0 ? Math.min(seconds * 1000, longestAskedMs) : undefined
}

/** Opens the way to the gateway at `url`. */
export function createGateway(host: Host, engine: Engine, url: string, clock: Clock): Gateway {
  const nonces: Record<string, string> = {}
  const origin = originOf(url)

  async function send({
    path,
    contentType,
    body,
    proves,
    origin: page,
  }: TokenRequest): Promise<HostResponse> {
    const address = url + path
    const headers: Record<string, string> = {
      'content-type': contentType,
      accept: 'application/json, application/jose',
    }
    if (page !== undefined) headers['origin'] = page
    if (proves) {
      headers['dpop'] = engine.text(
        operations.prove,
        'POST',
        address,
        clock.nowSeconds(),
        undefined,
        nonces[origin],
        undefined,
      )
    }
    const sending = host.request({
      url: address,
      method: 'POST',
      headers,
      body,
      timeoutMs: tokenTimeoutMs,
    })
    const answer = await within(host, tokenTimeoutMs + 5_000, sending)
    const nonce = answer.headers['dpop-nonce']
    if (nonce) nonces[origin] = nonce
    return answer
  }

  /** Whether the answer's `Date` put the clock right. */
  function corrected({ headers }: HostResponse): boolean {
    const date = Date.parse(headers['date'] || '')
    if (!(Math.abs(date / 1000 - clock.nowSeconds()) > clockErrorSeconds)) return false
    clock.set(date)
    return true
  }

  async function ask(request: TokenRequest): Promise<HostResponse> {
    const beganAt = host.now()
    let [nonceAsked, clockAsked] = [false, false]
    for (let attempts = 1; ; attempts++) {
      try {
        const answer = await send(request)
        if (request.sealed && answer.headers['content-type'] === 'application/jose') return answer
        const document = parsed(answer.body)
        const good = answer.status !== undefined && answer.status < 300
        // Somebody else's page, such as of a network that wants a login.
        if (good && document === nothing) throw new LingpaiError('network_unavailable')
        if (good && !('error' in document)) return answer
        if (answer.status === undefined && answer.body === '')
          throw new LingpaiError('status_hidden')
        const { error } = document
        if (error === 'invalid_dpop_proof' && !clockAsked && corrected(answer)) {
          clockAsked = true
          continue
        }
        const isCode = (name: string) => engine.call(operations.isCode, name).length > 0
        throw refusal(document, answer.status, askedWaitMs(answer.headers, document), isCode)
      } catch (thrown) {
        const error = thrown as LingpaiError
        if (error.code === 'use_dpop_nonce' && !nonceAsked) {
          nonceAsked = true
          continue
        }
        if (error.code !== 'network_unavailable') throw error
        // A clock that went back counts as no time at all.
        const elapsed = Math.max(host.now() - beganAt, 0)
        const wait = toNumber(engine.call(operations.resendAfter, attempts, elapsed, undefined))
        if (wait === undefined) throw error
        await host.wait(wait)
      }
    }
  }

  return { url, origin, ask, nonces, nowSeconds: clock.nowSeconds }
}

/** What is no object. */
const nothing: Record<string, unknown> = {}

function parsed(body: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(body)
    return typeof document === 'object' && document !== null
      ? (document as Record<string, unknown>)
      : nothing
  } catch (_) {
    return nothing
  }
}

/** Scheme, host and port of an address; empty for what is no plain web address. */
export function originOf(url: string): string {
  const found = /^https?:\/\/[a-z0-9.\-:[\]]+(?=[/?#]|$)/i.exec(url)
  return found === null
    ? ''
    : found[0].toLowerCase().replace(/:(443)$/, (port) => (/^https/i.test(url) ? '' : port))
}

/** A body of `application/x-www-form-urlencoded`; what is undefined is left out. */
export function form(fields: Readonly<Record<string, string | undefined>>): string {
  const pairs: string[] = []
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (value !== undefined) pairs.push(`${name}=${encodeURIComponent(value)}`)
  }
  return pairs.join('&')
}
