// `POST /v1/exchange`: a mini-program's login code becomes tokens, or a refresh token the next ones.
import { wrongMethod } from '../authority/answers.js'
import { limitedText } from '../body.js'
import { engine } from '../engine/full.js'
import { exchangeTokens } from './exchange-tokens.js'
import type { Setup } from './options.js'
import { reasonOf, Refused, type Reason } from './refused.js'

const maxBytes = 16 * 1024
const retryAfterSeconds = '5'

/** Answers a request. Never rejects. */
export async function answerTokenExchange(request: Request, setup: Setup): Promise<Response> {
  if (request.method !== 'POST') return wrongMethod('POST')
  let okStatus = false
  try {
    const body = await formOf(request)
    okStatus = engine.call((glue) => glue.tokenExchangeOkStatus(body))
    const proof = request.headers.get('dpop') ?? undefined
    const granted = await exchangeTokens(body, proof, setup)
    return respond(200, granted, setup)
  } catch (error) {
    return refusal(reasonOf(error), okStatus, setup)
  }
}

async function formOf(request: Request): Promise<string> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw new Refused('malformed')
  try {
    return await limitedText(request, maxBytes)
  } catch {
    throw new Refused('malformed')
  }
}

function refusal({ reason, providerCode }: Reason, okStatus: boolean, setup: Setup): Response {
  let written = { status: 500, body: '{"error":"server_error","status":500}' }
  try {
    const text = engine.call((glue) => glue.tokenExchangeRefusal(reason, providerCode))
    written = JSON.parse(text) as typeof written
  } catch {
    // The module is down: the words above have to do.
  }
  return respond(written.status, written.body, setup, okStatus)
}

function respond(status: number, body: string, { settings }: Setup, okStatus = false): Response {
  const headers = new Headers({
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    // A client whose clock is wrong learns the time from it.
    Date: new Date(settings.now()).toUTCString(),
  })
  if (status === 429 || status === 503) headers.set('Retry-After', retryAfterSeconds)
  return new Response(body, { status: okStatus ? 200 : status, headers })
}
