// Requests about an operation: with the token, and a proof that covers each body.
import { operations } from '../engine/operations'
import type { Holder } from '../kit'

const pausesMs = [300, 900, 2_700]
/** Whoever is asked to wait longer is told so: a user waits for the answer. */
const longestPauseMs = 10_000
const timeoutMs = 30_000

/** Sends a body, the same again where that may help, and gives the answer. Rejects with a `LingpaiError`. */
export async function ask<Answer>(
  holder: Holder,
  path: string,
  body: string,
  onAttempt: (attempt: number) => void = () => {},
): Promise<Answer> {
  const { kit, settings } = holder
  for (let attempt = 0; ; attempt++) {
    onAttempt(attempt + 1)
    try {
      return await send<Answer>(holder, path, body)
    } catch (thrown) {
      const error = kit.toLingpaiError(thrown)
      const pauseMs = pausesMs[attempt]
      // What a platform repeats by itself, proof and all, tells nothing of the first.
      const askedMs = error.retryAfterMs || 0
      const helps = error.retryable ? askedMs <= longestPauseMs : error.code === 'proof_replayed'
      if (!helps || pauseMs === undefined) throw error
      await settings.host.wait(Math.max(pauseMs, askedMs))
    }
  }
}

async function send<Answer>(holder: Holder, path: string, body: string): Promise<Answer> {
  const { kit, device, gateway } = holder
  const headers = { 'content-type': 'application/json' }
  const request = { url: gateway.url + path, method: 'POST', headers, body, timeoutMs }
  const answer = await kit.sendRequest(holder, request, [gateway.origin])
  const good = answer.status < 300
  let document: unknown
  try {
    document = answer.json()
  } catch (cause) {
    // Cut off on the way, or somebody else's.
    if (good) throw new kit.LingpaiError('network_unavailable', { cause })
  }
  if (good) return document as Answer
  throw kit.refusal(
    (document || {}) as Record<string, unknown>,
    answer.status,
    kit.askedWaitMs(answer.headers, document),
    (name) => device.engine.call(operations.isCode, name).length > 0,
  )
}

/** Tells the gateway to delete an alias. The secret is all that it takes, and nobody waits: there may be no time left. */
export function closeAlias({ settings, gateway }: Holder, handle: string, close: string): void {
  const url = `${gateway.url}/v1/aliases/close`
  const headers = { 'content-type': 'text/plain' }
  const body = JSON.stringify({ handle, close })
  settings.host.request({ url, method: 'POST', headers, body, timeoutMs: 5_000 }).catch(() => {})
}
