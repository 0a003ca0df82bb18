// Mini-programs: their exchange made from the bindings, and the APIs that take data of their platforms. Nothing of it exists
// where MINI_PROGRAMS is not bound.

import type { Authority, Verifier } from '@lingpai/edge/authority'
import { durableSessions } from '@lingpai/edge/durable'
import {
  createExchange,
  type EncryptedPayload,
  type Exchange,
  type ExchangeEvent,
  type ExchangeOptions,
  type MiniProgram,
  type VisitClaims,
} from '@lingpai/edge/exchange'
import { bindingProblem, json, type Env } from './bindings'
import { problem } from './problem'

export interface MiniPrograms {
  /** `POST /v1/exchange` */
  exchange(request: Request): Promise<Response>
  /** `POST /api/mini/payload`: gives what the platform has encrypted or signed for us. Needs the scope `platform:payload`. */
  payload(request: Request): Promise<Response>
  /** `POST /api/mini/phone`: gives the user's phone number. Needs the scope `platform:phone`. */
  phone(request: Request): Promise<Response>
}

const maxBytes = 128 * 1024

const payloadScope = 'platform:payload'
const phoneScope = 'platform:phone'

export function miniProgramsOf(
  env: Env,
  authority: Authority,
  verifier: Verifier,
): MiniPrograms | undefined {
  if (!env.MINI_PROGRAMS) return undefined
  if (!env.PLATFORM_SESSIONS) throw bindingProblem('PLATFORM_SESSIONS', 'is missing')
  const exchange = configured({
    authority,
    clients: boundOnly(json<MiniProgram[]>(env, 'MINI_PROGRAMS')),
    store: durableSessions(env.PLATFORM_SESSIONS),
    sessionKeys: json(env, 'SESSION_KEYS'),
    onEvent: log,
  })
  const taking = (
    requiredScope: string,
    answer: (visit: VisitClaims, payload: never) => Promise<unknown>,
  ) =>
    verifier.protect(
      (request: Request, { claims }) =>
        answered(request, (payload) => answer(claims, payload as never)),
      { requiredScope },
    )
  return {
    exchange: (request) => exchange.answer(request),
    payload: taking(payloadScope, (visit, payload: EncryptedPayload) =>
      exchange.openPayload(visit, payload),
    ),
    phone: taking(phoneScope, (visit, payload: EncryptedPayload) =>
      exchange.phoneNumber(visit, payload),
    ),
  }
}

/** What a platform tells about a person is not for tokens that whoever holds them can use. */
function boundOnly(clients: MiniProgram[]): MiniProgram[] {
  const open = (client: MiniProgram | null) =>
    client?.bearerScopes?.some?.((scope) => scope === payloadScope || scope === phoneScope)
  if (Array.isArray(clients) && clients.some(open)) {
    const complaint = `is malformed: it gives ${payloadScope} or ${phoneScope} without a proof key`
    throw bindingProblem('MINI_PROGRAMS', complaint)
  }
  return clients
}

/** The answer to a request whose body is JSON. */
async function answered(
  request: Request,
  answer: (payload: object) => Promise<unknown>,
): Promise<Response> {
  const length = Number(request.headers.get('content-length') ?? Infinity)
  const body = length > maxBytes ? undefined : await request.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) {
    return problem(400, 'invalid_request', 'Not JSON', { code: 'malformed' })
  }
  try {
    return Response.json(await answer(body), { headers: { 'Cache-Control': 'no-store' } })
  } catch (error) {
    if (!(error instanceof Error && error.name === 'LingpaiError')) throw error
    const { code, retryable } = error as Error & { code: string; retryable: boolean }
    // Not 401: the token is good, what came with it is not.
    const status = code === 'server_error' ? 502 : retryable ? 503 : 400
    return problem(status, 'invalid_payload', 'Not accepted', { code })
  }
}

/** One line for each. It holds no code, no token and nobody's id. */
function log(event: ExchangeEvent): void {
  console.warn(JSON.stringify(event))
}

const bindingOf: Partial<Record<string, keyof Env>> = {
  sessionKeys: 'SESSION_KEYS',
  clients: 'MINI_PROGRAMS',
}

/** Complaints about an option become complaints about the binding that it came from. */
function configured(options: ExchangeOptions): Exchange {
  try {
    return createExchange(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const option = Object.keys(bindingOf).find((name) => error.message.startsWith(name))
    const binding = option && bindingOf[option]
    throw binding ? bindingProblem(binding, 'is malformed') : error
  }
}
