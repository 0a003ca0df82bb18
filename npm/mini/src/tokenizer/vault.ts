// One request to the vault, and what its answer says about the vault: an answer that is no document is none.
import type { LingpaiError } from '../errors'
import type { HostResponse } from '../host'
import { checkOpen, type Parts } from './parts'
import { operations } from './operations'

/** What came back. */
export interface Reply {
  /** 0 where nothing came back. */
  status: number
  /** Whether the body is of the type that was asked for. */
  document: boolean
  body: string
  retryAfterMs: number | undefined
}

/** The ways to the vault. */
export interface Vault {
  /** Sends JSON as the user; rejects only with what is nobody's outage (`closed`, `visit_ended`, …). */
  ask(path: string, body: string, type: string, timeoutMs: number): Promise<Reply>
  /** Sends JSON as the holder of a policy. */
  askAs(
    policy: string,
    bound: boolean,
    path: string,
    body: string,
    timeoutMs: number,
  ): Promise<Reply>
  /** The refusal that an answer is. */
  refusalOf(reply: Reply): LingpaiError
}

const nothing: Reply = { status: 0, document: false, body: '', retryAfterMs: undefined }
const json = 'application/json'

/** Makes the ways of a tokenizer. */
export function createVault(parts: Pick<Parts, 'kit' | 'holder' | 'engine' | 'closed'>): Vault {
  const { kit, holder, engine } = parts
  const { device, gateway, settings } = holder
  const { host } = settings
  const origin = gateway.origin

  async function send(
    type: string,
    timeoutMs: number,
    request: () => Promise<HostResponse>,
  ): Promise<Reply> {
    checkOpen(parts)
    try {
      const { status, headers, body } = await kit.within(host, timeoutMs, request())
      const got = (headers['content-type'] || '').split(';')[0] as string
      const retryAfterMs = kit.askedWaitMs(headers, undefined)
      return { status: status || 0, document: got.trim() === type, body, retryAfterMs }
    } catch (thrown) {
      checkOpen(parts)
      const error = kit.toLingpaiError(thrown)
      // A platform that hides a bad status says as little as one that has no answer.
      if (error.retryable || /^(internal|status_hidden)$/.test(error.code)) return nothing
      throw error
    }
  }

  const asHolder = async (
    policy: string,
    bound: boolean,
    url: string,
    body: string,
    ms: number,
  ) => {
    const headers: Record<string, string> = {
      'content-type': json,
      accept: json,
      authorization: `${bound ? 'DPoP' : 'Bearer'} ${policy}`,
    }
    for (let asked = false; ; asked = true) {
      if (bound)
        headers['dpop'] = kit.proofOf(device.engine, gateway, { method: 'POST', url, body }, policy)
      const answer = await host.request({ url, method: 'POST', headers, body, timeoutMs: ms })
      const nonce = answer.headers['dpop-nonce']
      if (nonce) gateway.nonces[origin] = nonce
      if (asked || !bound || !nonce || answer.status !== 401) return answer
    }
  }

  return {
    ask: (path, body, type, timeoutMs) =>
      send(type, timeoutMs, async () => {
        const headers = { 'content-type': json, accept: `${type}, ${json}` }
        const request = { url: gateway.url + path, method: 'POST', headers, body, timeoutMs }
        return kit.sendRequest(holder, request, [origin])
      }),
    askAs: (policy, bound, path, body, timeoutMs) =>
      send(json, timeoutMs, () => asHolder(policy, bound, gateway.url + path, body, timeoutMs)),
    refusalOf({ status, body, retryAfterMs }) {
      const isCode = (name: string) => engine.call(operations.isCode, name).length > 0
      let document: Record<string, unknown> = {}
      try {
        document = JSON.parse(body) || {}
      } catch (_) {
        // No document: the status has to do.
      }
      const error = kit.refusal(document, status, retryAfterMs, isCode)
      if (error.code !== 'server_error' || status >= 500) return error
      const code = status >= 400 ? 'access_denied' : 'temporarily_unavailable'
      return new kit.LingpaiError(code, { status: status || undefined, retryAfterMs })
    },
  }
}
