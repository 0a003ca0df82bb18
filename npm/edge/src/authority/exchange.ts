// `POST /v1/visits` and `/v1/visits/refresh`: a page redeems an access token, or goes on. Whatever could be decrypted is
// answered sealed, errors included.
import { limitedText } from '../body.js'
import { isLingpaiError, type ErrorCode } from '../error.js'
import type { Resource } from '../engine.js'
import { engine } from '../engine/full.js'
import { joseAnswer, openRefusal, wrongMethod } from './answers.js'
import { allowPage, pageOf } from './cors.js'
import type { Client, Settings } from './options.js'

const maxBytes = 16 * 1024

/** Which of the two. */
export type Kind = 'visit' | 'refresh'

/** Answers a page's request. */
export async function answerExchange(
  kind: Kind,
  request: Request,
  settings: Settings,
  authority: Resource,
): Promise<Response> {
  if (request.method !== 'POST') return wrongMethod('POST')
  let response: Response
  try {
    response = await exchange(kind, request, settings, authority)
  } catch (error) {
    response = openRefusal(unsealed(error), settings.now())
  }
  const page = await pageOf(request.headers, settings.clients).catch(() => undefined)
  allowPage(response.headers, page)
  return response
}

interface Opened {
  exchange: number
  refused?: ErrorCode
  family: string
  command: string
  clientId?: string
  /** When the access token was issued; a refresh token does not say. */
  issuedAt?: number
  burn?: string
  burnUntil?: number
}

async function exchange(
  kind: Kind,
  request: Request,
  settings: Settings,
  authority: Resource,
): Promise<Response> {
  if (request.headers.get('content-type') !== 'application/jose') {
    return openRefusal('invalid_request', settings.now())
  }
  const body = await limitedText(request, maxBytes)
  // Not before the body is here: its sender decides how long that takes.
  const nowMs = settings.now()
  const now = Math.floor(nowMs / 1000)
  const origin = request.headers.get('origin') ?? ''
  const proof = request.headers.get('dpop') ?? undefined
  const text = authority.use((number) =>
    engine.glue.exchangeOpen(number, kind, body, origin, proof, now),
  )
  const opened = JSON.parse(text) as Opened
  const waiting = engine.onlyOnce(opened.exchange, engine.glue.exchangeClose)
  const refuse = (code: ErrorCode) =>
    sealed(
      waiting.use((number) => engine.glue.exchangeRefuse(number, code, now)),
      nowMs,
    )
  try {
    const outcome = opened.refused ?? (await decide(opened, settings))
    if (typeof outcome === 'string') return refuse(outcome)
    const answer = authority.use((number) =>
      waiting.use((exchange) => engine.glue.exchangeAnswer(number, exchange, outcome.text, now)),
    )
    return sealed(answer, nowMs)
  } finally {
    waiting.free()
  }
}

/** What is read of the ledger's outcome here. */
type Outcome = { terms?: never } | { terms: { client_id: string; sub: string }; opened: number }

/** What the stores say about a good request: an outcome for the core, or the reason to refuse. */
async function decide(opened: Opened, settings: Settings): Promise<{ text: string } | ErrorCode> {
  const { clients, ledger, cutOffs, isErased } = settings
  try {
    if (opened.clientId !== undefined && !isEnabled(await clients.find(opened.clientId))) {
      return 'access_denied'
    }
    if (opened.burn !== undefined && opened.burnUntil !== undefined) {
      const fresh = await ledger.burn(opened.burn, opened.burnUntil)
      if (fresh !== true) return 'proof_replayed'
    }
    const text = await ledger.decide(opened.family, opened.command)
    const outcome = JSON.parse(text) as Outcome
    // A refresh token does not name its partner; the ledger does.
    const clientId = opened.clientId ?? outcome.terms?.client_id
    const client = clientId === undefined ? undefined : await clients.find(clientId)
    if (clientId !== undefined && !isEnabled(client)) {
      await ledger.revoke(opened.family)
      return 'access_denied'
    }
    if (outcome.terms) {
      const { sub } = outcome.terms
      const before = await cutOffs?.cutOffOf(sub)
      const began = opened.issuedAt ?? outcome.opened
      if ((before !== undefined && began < before) || (await isErased(client, sub))) {
        await ledger.revoke(opened.family)
        return 'visit_ended'
      }
    }
    return { text }
  } catch {
    return 'temporarily_unavailable'
  }
}

function isEnabled(client: Client | undefined): boolean {
  return client !== undefined && client.enabled !== false
}

function sealed(text: string, nowMs: number): Response {
  const { status, body } = JSON.parse(text) as { status: number; body: string }
  return joseAnswer(status, body, nowMs)
}

/** Everything that could not be read looks alike; a key that we do not know is said, so that the page gets a new one. */
function unsealed(error: unknown): ErrorCode {
  if (!isLingpaiError(error)) return 'invalid_request'
  if (error.code === 'unknown_key') return 'unknown_key'
  return error.code === 'internal' ? 'server_error' : 'invalid_request'
}
