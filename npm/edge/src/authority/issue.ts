// `POST /v1/access-tokens`: a partner's back-end asks for one user's click.
import { limitedText } from '../body.js'
import { isLingpaiError, type ErrorCode } from '../error.js'
import type { Resource } from '../engine.js'
import { engine } from '../engine/full.js'
import { joseAnswer, openRefusal, wrongMethod } from './answers.js'
import type { Client, Settings } from './options.js'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const parameters = [
  'client_assertion_type',
  'client_assertion',
  'subject',
  'audience',
  'scope',
  'page',
  'jkt',
]
const required = parameters.slice(0, 6)
const maxBytes = 24 * 1024

/** Codes of assertions whose signature holds: their sender is known and may hear what is wrong. */
const knownSender = new Set<ErrorCode>([
  'audience_mismatch',
  'claim_invalid',
  'issuer_mismatch',
  'lifetime_exceeded',
  'subject_mismatch',
  'token_expired',
  'token_not_yet_valid',
])

/** Answers a partner's request. */
export async function issueAccessToken(
  request: Request,
  settings: Settings,
  authority: Resource,
): Promise<Response> {
  if (request.method !== 'POST') return wrongMethod('POST')
  const form = await formOf(request)
  // Not before the body is here: its sender decides how long that takes.
  const nowMs = settings.now()
  if (!form) return openRefusal('invalid_request', nowMs)
  let step: Issued
  let client: Client | undefined
  try {
    const clientId = engine.call((glue) => glue.assertionClient(form['client_assertion'] ?? ''))
    client = await settings.clients.find(clientId)
    if (!client) return openRefusal('invalid_client', nowMs)
    const [wanted, registration] = [JSON.stringify(form), JSON.stringify(client)]
    const now = Math.floor(nowMs / 1000)
    step = JSON.parse(
      authority.use((number) => engine.glue.issueAccessToken(number, wanted, registration, now)),
    ) as Issued
  } catch (error) {
    return refusalOf(error, nowMs)
  }
  try {
    const fresh = await settings.ledger.burn(step.burn, step.burnUntil)
    if (fresh !== true) return openRefusal('invalid_client', nowMs, 'replayed')
  } catch {
    return openRefusal('temporarily_unavailable', nowMs, 'storage_unavailable')
  }
  if (step.body === undefined) return openRefusal(step.refused ?? 'internal', nowMs, step.refused)
  try {
    if (await settings.isErased(client, form['subject'] ?? '')) {
      return openRefusal('identity_erased', nowMs)
    }
  } catch {
    return openRefusal('temporarily_unavailable', nowMs, 'storage_unavailable')
  }
  return joseAnswer(200, step.body, nowMs)
}

interface Issued {
  burn: string
  burnUntil: number
  body?: string
  refused?: ErrorCode
}

function refusalOf(error: unknown, nowMs: number): Response {
  if (!isLingpaiError(error)) return openRefusal('temporarily_unavailable', nowMs)
  if (error.code === 'internal' || error.code === 'server_error') {
    return openRefusal('server_error', nowMs)
  }
  return openRefusal('invalid_client', nowMs, knownSender.has(error.code) ? error.code : undefined)
}

/** The form of a request; nothing where it is none, or says something twice. */
async function formOf(request: Request): Promise<Record<string, string> | undefined> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return undefined
  let body: string
  try {
    body = await limitedText(request, maxBytes)
  } catch {
    return undefined
  }
  const given = new URLSearchParams(body)
  const form: Record<string, string> = {}
  for (const name of parameters) {
    const [value, ...more] = given.getAll(name)
    if (more.length) return undefined
    if (value !== undefined) form[name] = value
  }
  const complete = required.every((name) => form[name] !== undefined)
  return complete && form['client_assertion_type'] === assertionType ? form : undefined
}
