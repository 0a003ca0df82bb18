// Requests to services with the token at hand and, where there is a key, a proof of it. The token goes to the origins that
// the app named, and nowhere else.
import type { Engine } from './engine/engine'
import { operations } from './engine/operations'
import { LingpaiError } from './errors'
import { originOf, within, type Gateway } from './gateway'
import type { HostRequest, HostResponse } from './host'
import type { Token } from './keeper'
import type { Holder } from './kit'

/** A request to a service. */
export interface MiniRequest {
  /** The whole address. */
  url: string
  /** @default 'GET' */
  method?: string
  headers?: Readonly<Record<string, string>>
  /** Text goes as it is; anything else as JSON. */
  body?: unknown
  /** @default 30000 */
  timeoutMs?: number
}

/** What a service answered. */
export interface MiniResponse {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: string
  /** The body as JSON. Throws `malformed`. */
  json(): unknown
}

/** A proof of the key for a request that carries `token`. Its body, if it has one, is covered by its hash (`lp_body`). */
export function proofOf(
  engine: Engine,
  gateway: Gateway,
  { method, url, body }: Pick<HostRequest, 'method' | 'url' | 'body'>,
  token: string,
): string {
  const nonce = gateway.nonces[originOf(url)]
  return engine.text(operations.prove, method, url, gateway.nowSeconds(), token, nonce, body)
}

/** Sends a request with the holder's token, to one of `origins`. Whatever the service answers resolves, a bad status too. */
export async function sendRequest(
  holder: Holder,
  request: MiniRequest,
  origins: readonly string[] = holder.settings.origins,
): Promise<MiniResponse> {
  const { keeper, gateway, settings } = holder
  const { host } = settings
  const origin = originOf(request.url)
  if (origin === '' || origins.indexOf(origin) < 0) {
    throw new LingpaiError('origin_mismatch', {
      message: 'not one of the option origins',
    })
  }
  const method = (request.method || 'GET').toUpperCase()
  if (host.methods.indexOf(method) < 0)
    throw new TypeError(`method: ${host.id} cannot send ${method}`)
  let token = await keeper.token()
  let [renewed, nonceAsked] = [false, false]
  for (;;) {
    const answer = await send(holder, request, method, token)
    const nonce = answer.headers['dpop-nonce']
    const asksNonce = nonce !== undefined && nonce !== gateway.nonces[origin]
    if (nonce !== undefined) gateway.nonces[origin] = nonce
    if (answer.status === undefined) throw new LingpaiError('status_hidden', { cause: answer.body })
    // A request refused with 401 was not carried out, so it may be sent again.
    if (answer.status === 401 && token.type === 'DPoP' && asksNonce && !nonceAsked) {
      nonceAsked = true
      continue
    }
    if (answer.status === 401 && !renewed) {
      renewed = true
      token = await keeper.token(token.text)
      continue
    }
    return response(answer, answer.status)
  }
}

function send(
  { settings, device, gateway }: Holder,
  request: MiniRequest,
  method: string,
  token: Token,
): Promise<HostResponse> {
  const { url, body, timeoutMs = 30_000 } = request
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined && typeof body !== 'string') headers['content-type'] = 'application/json'
  const given = request.headers || {}
  for (const name of Object.keys(given)) headers[name.toLowerCase()] = given[name] as string
  headers['authorization'] = `${token.type} ${token.text}`
  const sent: HostRequest = { url, method, headers, timeoutMs }
  if (body !== undefined) sent.body = typeof body === 'string' ? body : JSON.stringify(body)
  if (token.type === 'DPoP') headers['dpop'] = proofOf(device.engine, gateway, sent, token.text)
  return within(settings.host, timeoutMs + 5_000, settings.host.request(sent))
}

function response({ headers, body }: HostResponse, status: number): MiniResponse {
  const json = (): unknown => {
    try {
      return JSON.parse(body)
    } catch (_) {
      throw new LingpaiError('malformed', { status, message: 'the answer is no JSON' })
    }
  }
  return { status, headers, body, json }
}
