// Requests about an operation, through the visit's own `fetch`, which proves each body.
import type { Clock } from '../clock.js'
import type { ErrorCode } from '../codes.js'
import type { Engine } from '../engine.js'
import { LingpaiError } from '../errors.js'
import { pause } from '../waiting.js'

/** What an operation needs of its visit. */
export interface Context {
  engine: Engine
  gateway: string
  clock: Clock
  /** The visit's. */
  fetch: (input: string, init: RequestInit) => Promise<Response>
  /** Without the visit: for what is sent when the page goes away. */
  send: typeof fetch
  /** Aborted when the visit is closed. */
  closed: AbortSignal
}

const pausesMs = [300, 900, 2_700]
/** Whoever is asked to wait longer is told so: a user waits for the answer. */
const longestPauseMs = 10_000

/** Sends a body, the same again where that may help, and gives the answer. Rejects with a `LingpaiError`. */
export async function ask<T>(
  context: Context,
  path: string,
  body: string,
  signal: AbortSignal = context.closed,
  onAttempt: (attempt: number) => void = () => {},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    onAttempt(attempt + 1)
    try {
      return await send<T>(context, path, body, signal)
    } catch (error) {
      signal.throwIfAborted()
      const pauseMs = pausesMs[attempt]
      const { code, retryable, retryAfterMs = 0 } = error as LingpaiError
      // Browsers repeat a request whose connection broke by themselves, proof and all; that tells nothing of the first.
      const helps = retryable ? retryAfterMs <= longestPauseMs : code === 'proof_replayed'
      if (!helps || pauseMs === undefined) throw error
      await pause(Math.max(pauseMs, retryAfterMs), signal)
    }
  }
}

async function send<T>(
  { engine, gateway, fetch }: Context,
  path: string,
  body: string,
  signal: AbortSignal,
): Promise<T> {
  let response: Response
  let answer: unknown
  try {
    const headers = { 'content-type': 'application/json' }
    response = await fetch(gateway + path, { method: 'POST', headers, body, signal })
    answer = await response.json()
  } catch (cause) {
    if (cause instanceof LingpaiError) throw cause
    throw new LingpaiError('network_unavailable', { cause })
  }
  if (response.ok) return answer as T
  const { status } = response
  const { error_description: reason } = (answer ?? {}) as { error_description?: string }
  const known = reason !== undefined && engine.isErrorCode(reason)
  const seconds = Number(response.headers.get('retry-after'))
  throw new LingpaiError(known ? (reason as ErrorCode) : 'server_error', {
    status,
    ...(seconds > 0 && { retryAfterMs: Math.min(seconds, 60) * 1000 }),
  })
}

/** Tells the gateway to delete an alias, also while the page goes away. A text needs no permission to be sent. */
export function closeAlias({ gateway, send }: Context, handle: string, close: string): void {
  const url = `${gateway}/v1/aliases/close`
  const body = JSON.stringify({ handle, close })
  try {
    if (globalThis.navigator?.sendBeacon?.(url, body)) return
  } catch {
    // A policy of the page forbids it; the other way may be open.
  }
  void send(url, { method: 'POST', body, keepalive: true, credentials: 'omit' }).catch(() => {})
}
