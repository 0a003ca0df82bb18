// One request to the vault, and what its answer says about the vault: an answer that is no document is none.
import { askedWaitMs } from '../http.js'
import type { ErrorCode } from '../codes.js'
import { LingpaiError } from '../errors.js'
import type { Engine } from './engine.js'
import type { Settings } from './options.js'

/** What came back. */
export interface Reply {
  /** 0 where nothing came back. */
  status: number
  /** Whether the body is of the type that was asked for, and came whole. */
  document: boolean
  body: string
  retryAfterMs: number | undefined
}

/** The ways to the vault. */
export interface Vault {
  /** Sends JSON as the visit or service; rejects only with what is nobody's outage (`closed`, `visit_ended`, …). */
  ask(path: string, body: string, type: string, timeoutMs: number): Promise<Reply>
  /** Sends JSON as the holder of a policy. */
  askAs(
    policy: string,
    bound: boolean,
    path: string,
    body: string,
    timeoutMs: number,
  ): Promise<Reply>
}

const nothing: Reply = { status: 0, document: false, body: '', retryAfterMs: undefined }
const json = 'application/json'

/** Makes the ways of a tokenizer. */
export function createVault(settings: Settings, closed: AbortSignal): Vault {
  const { page, visit, authorization, gateway, now } = settings
  const authorised = visit ? visit.fetch : authorization!.fetch
  const plain = page?.settings.fetch ?? globalThis.fetch.bind(globalThis)
  const nonces = page?.nonces ?? new Map<string, string>()
  // One listener for all that is under way: Node takes more than ten of them for a leak, and says so.
  const underWay = new Set<() => void>()
  closed.addEventListener('abort', () => underWay.forEach((giveUp) => giveUp()), { once: true })

  const send = async (
    timeoutMs: number,
    type: string,
    request: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Reply> => {
    const controller = new AbortController()
    const giveUp = () => controller.abort()
    const timer = setTimeout(giveUp, timeoutMs)
    underWay.add(giveUp)
    try {
      closed.throwIfAborted()
      const reading = request(controller.signal).then((response) => read(response, type, now()))
      return await Promise.race([reading, aborted(controller.signal)])
    } catch (thrown) {
      closed.throwIfAborted()
      const refused = thrown instanceof LingpaiError && !thrown.retryable
      if (refused && thrown.code !== 'internal') throw thrown
      return nothing
    } finally {
      clearTimeout(timer)
      underWay.delete(giveUp)
    }
  }

  const init = (body: string, headers: Record<string, string>, signal: AbortSignal) => ({
    method: 'POST',
    body,
    headers: { 'content-type': json, ...headers },
    signal,
    cache: 'no-store' as const,
    credentials: 'omit' as const,
    redirect: 'error' as const,
    referrerPolicy: 'no-referrer' as const,
  })

  const prove = (url: string, token: string): string | Promise<string> => {
    const nonce = nonces.get(new URL(url).origin)
    if (page) return page.keys.prove('POST', url, token, nonce, page.clock.nowSeconds())
    const request = { method: 'POST', url, token, ...(nonce && { nonce }) }
    return authorization!.prove!(request)
  }

  const sendAs = async (
    policy: string,
    bound: boolean,
    url: string,
    body: string,
    signal: AbortSignal,
  ) => {
    const headers: Record<string, string> = {
      authorization: `${bound ? 'DPoP' : 'Bearer'} ${policy}`,
    }
    if (bound) headers['dpop'] = await prove(url, policy)
    const response = await plain(url, init(body, headers, signal))
    const nonce = response.headers.get('dpop-nonce')
    if (nonce) nonces.set(new URL(url).origin, nonce)
    return { response, wantsNonce: nonce !== null && response.status === 401 }
  }

  return {
    ask: (path, body, type, timeoutMs) =>
      send(timeoutMs, type, (signal) => authorised(gateway + path, init(body, {}, signal))),
    askAs: (policy, bound, path, body, timeoutMs) =>
      send(timeoutMs, json, async (signal) => {
        const first = await sendAs(policy, bound, gateway + path, body, signal)
        if (!bound || !first.wantsNonce) return first.response
        void first.response.body?.cancel()
        return (await sendAs(policy, bound, gateway + path, body, signal)).response
      }),
  }
}

/** The refusal that an answer is. */
export function refusalOf(engine: Engine, { status, body, retryAfterMs }: Reply): LingpaiError {
  const isErrorCode = (name: unknown): name is ErrorCode =>
    typeof name === 'string' && engine.isErrorCode(name)
  let code: unknown
  try {
    const problem = JSON.parse(body) as { error?: unknown; error_description?: unknown }
    code = [problem.error_description, problem.error].find(isErrorCode)
  } catch {
    // No document: the status has to do.
  }
  const byStatus = status === 429 ? 'rate_limited' : status >= 500 ? 'server_error' : undefined
  const fallback = byStatus ?? (status >= 400 ? 'access_denied' : 'temporarily_unavailable')
  return new LingpaiError(isErrorCode(code) ? code : fallback, { status, retryAfterMs })
}

async function read(response: Response, type: string, nowMs: number): Promise<Reply> {
  const { status, headers } = response
  const answer = {
    ...{ status, body: '', contentType: undefined, dpopNonce: undefined },
    retryAfter: headers.get('retry-after') ?? undefined,
    date: headers.get('date') ?? undefined,
  }
  const retryAfterMs = askedWaitMs(answer, nowMs)
  const got = headers.get('content-type')?.split(';')[0]?.trim() ?? ''
  // The page of a portal may be as long as it likes; nobody reads it.
  if (got !== type && !got.endsWith('json')) {
    void response.body?.cancel().catch(() => {})
    return { status, document: false, body: '', retryAfterMs }
  }
  const body = await response.text()
  return { status, document: got === type, body, retryAfterMs }
}

// Some ways to the network, hooked by others, neither end nor heed a signal.
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = () => reject(new LingpaiError('network_unavailable'))
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
}
