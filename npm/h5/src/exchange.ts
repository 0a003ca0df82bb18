// Sends one sealed request until its answer is there: the same bytes each time, with a fresh proof, within the time in
// which the authority answers a repetition alike.
import type { Engine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import type { ExchangeKind } from './events.js'
import { askedWaitMs, type HttpAnswer } from './http.js'
import type { Page } from './page.js'
import type { ErrorCode } from './codes.js'
import { pause } from './waiting.js'
import type { Exchange } from './wasm/lingpai_h5_bg.js'

/** A granted visit or refresh, checked. */
export interface Granted {
  token: string
  claims: string
  issuedAtSeconds: number
  expiresAtSeconds: number
  refreshToken?: string
  refreshExpiresAtSeconds: number
  appKey: string
  appKeyId: string
  terms: string
}

/** What the authority decided, in words that only this page could open. */
export type Decision = { granted: Granted } | { refused: ErrorCode; final: boolean }

interface Opened extends Partial<Granted> {
  nowSeconds: number
  code?: ErrorCode
  error?: ErrorCode
}

// Refusals of the credential itself. Others are about the request, and a later one may succeed.
const finalErrors: readonly unknown[] = [
  'invalid_grant',
  'replayed',
  'access_denied',
  'invalid_client',
]
const paths = { visit: '/v1/visits', refresh: '/v1/visits/refresh' }

/** The address that a request goes to. */
export function exchangeUrl(page: Page, kind: ExchangeKind): string {
  return page.settings.gateway + paths[kind]
}

/** Sends the request and opens its answer. Rejects when no decision could be had; the request is freed either way. */
export async function perform(
  page: Page,
  kind: ExchangeKind,
  exchange: Exchange,
  appKeyId: string,
  signal: AbortSignal,
): Promise<Decision> {
  const { engine, emit } = page
  const { request, requestHash } = exchange
  emit({ type: 'sealed', kind, appKeyId, requestBytes: request.length, requestHash })
  const startedMs = performance.now()
  // A nonce, a clock or a proof that the answer corrects costs no waiting, but only once each.
  const corrections = new Set<string>()
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(page, kind, exchange, attempt, signal).catch(toLingpaiError)
      signal.throwIfAborted()
      if (!(outcome instanceof LingpaiError) && !('failure' in outcome)) return outcome
      const { failure, corrected } =
        outcome instanceof LingpaiError ? { failure: outcome } : outcome
      if (corrected && !corrections.has(corrected)) {
        corrections.add(corrected)
        continue
      }
      const elapsedMs = performance.now() - startedMs
      const waitMs = engine.resendAfterMs(attempt, elapsedMs, Math.random(), failure.retryAfterMs)
      if (!failure.retryable || waitMs === undefined) throw failure
      emit({ type: 'resending', kind, code: failure.code, attempt, waitMs })
      await pause(waitMs, signal)
    }
  } finally {
    exchange.free()
  }
}

type Outcome = Decision | { failure: LingpaiError; corrected?: string }

async function attemptOnce(
  page: Page,
  kind: ExchangeKind,
  exchange: Exchange,
  attempt: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { keys, clock, emit, http, nonces, settings } = page
  const url = exchangeUrl(page, kind)
  const proof = await keys.prove(
    'POST',
    url,
    undefined,
    nonces.get(settings.gateway),
    clock.nowSeconds(),
  )
  signal.throwIfAborted()
  emit({ type: 'sent', kind, url, attempt, requestHash: exchange.requestHash })
  const sentMs = performance.now()
  const answer = await http(url, { body: exchange.request, proof, signal })
  const { status, body, dpopNonce } = answer
  const sealed = answer.contentType?.startsWith('application/jose') ?? false
  const elapsedMs = performance.now() - sentMs
  emit({ type: 'answered', kind, status, sealed, answerBytes: body.length, elapsedMs })

  const nonceIsNew = dpopNonce !== undefined && dpopNonce !== nonces.get(settings.gateway)
  if (dpopNonce !== undefined) nonces.set(settings.gateway, dpopNonce)
  const retryAfterMs = askedWaitMs(answer, clock.nowMs())
  if (!sealed) return unsealed(page.engine, answer, nonceIsNew, retryAfterMs)

  const opening = page.issuerKeys.check(
    (issuer, vouched) => exchange.open(body, issuer, vouched),
    () => exchange.unverifiedToken(body),
    signal,
  )
  const opened = JSON.parse(await opening) as Opened
  clock.set(opened.nowSeconds)
  if (opened.code === undefined) return { granted: opened as Granted }
  emit({ type: 'refused', kind, code: opened.code })
  const failure = new LingpaiError(opened.code, { status, retryAfterMs })
  if (failure.code === 'use_dpop_nonce' && nonceIsNew) return { failure, corrected: 'nonce' }
  if (failure.code === 'proof_expired') return { failure, corrected: 'clock' }
  // Browsers repeat a request by themselves when a connection breaks under it, proof and all.
  if (failure.code === 'proof_replayed') return { failure, corrected: 'repetition' }
  if (failure.retryable) return { failure }
  return { refused: opened.code, final: finalErrors.includes(opened.error) }
}

// Not from the authority, or not about this request: no reason to give anything up.
function unsealed(
  engine: Engine,
  answer: HttpAnswer,
  nonceIsNew: boolean,
  retryAfterMs: number | undefined,
): Outcome {
  const { status } = answer
  let code: ErrorCode | undefined
  try {
    const problem = JSON.parse(answer.body) as { error?: ErrorCode; error_description?: ErrorCode }
    code = [problem.error_description, problem.error].find(
      (name) => typeof name === 'string' && engine.isErrorCode(name),
    )
  } catch {
    // A portal or a proxy speaks.
  }
  if (status === 429) code ??= 'rate_limited'
  else if (status >= 500) code ??= 'temporarily_unavailable'
  else if (status >= 400) code ??= 'invalid_request'
  const failure = new LingpaiError(code ?? 'network_unavailable', { status, retryAfterMs })
  if (failure.code === 'use_dpop_nonce' && nonceIsNew) return { failure, corrected: 'nonce' }
  return { failure }
}
