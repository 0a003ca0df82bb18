// The back-end of the demo's partner app: what a partner runs on its own server. Only where DEMO_PARTNER_KEY is bound.

import type { Jwk, JwkSet } from '@lingpai/edge'
import { clientAssertion, launchUrl, openAccessToken } from '@lingpai/edge/partner'
import { bindingProblem, issuer, json, type Env } from '../bindings'

/** DEMO_PARTNER_KEY: who the partner is, where its app and the launched page live, and its two private keys. */
export interface DemoPartner {
  clientId: string
  /** Origin of the partner's app. */
  app: string
  /** Address of the launched page. */
  h5Url: string
  audience: string
  scope: string
  signingKey: Jwk
  encryptionKey: Jwk
}

export function demoPartner(env: Env): DemoPartner | undefined {
  if (!env.DEMO_PARTNER_KEY) return undefined
  const partner = json<Partial<DemoPartner>>(env, 'DEMO_PARTNER_KEY')
  const names = [
    'clientId',
    'app',
    'h5Url',
    'audience',
    'scope',
    'signingKey',
    'encryptionKey',
  ] as const
  const missing = names.find((name) => !partner[name])
  if (missing) throw bindingProblem('DEMO_PARTNER_KEY', `has no "${missing}"`)
  return partner as DemoPartner
}

export type Send = (request: Request) => Promise<Response>

/** What the app's front-end gets: the token, and what was done for it, as headers and claims without any signature. */
export interface Launch {
  accessToken?: string
  launchUrl?: string
  error?: string
  observed: object[]
}

// Who has logged in to the partner's app. Everybody who opens the demo is this person.
const subject = 'lin.qiao'

/** Gets an access token for the user who has just tapped; bound to the page's key, if there is a thumbprint. */
export async function launch(
  env: Env,
  partner: DemoPartner,
  send: Send,
  jkt?: string,
): Promise<Launch> {
  const startedAt = Date.now()
  const observed: object[] = []
  const observe = (what: string, seen: object) =>
    observed.push({ what, afterMs: Date.now() - startedAt, ...seen })

  const assertion = clientAssertion({
    clientId: partner.clientId,
    issuer: issuer(env),
    privateKey: partner.signingKey,
  })
  observe('assertion', peek(assertion))

  const asked = {
    subject,
    audience: partner.audience,
    scope: partner.scope,
    page: new URL(partner.h5Url).origin,
    ...(jkt && { jkt }),
  }
  observe('at_asked', { form: asked })
  const response = await send(
    new Request(`${issuer(env)}/v1/access-tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        ...asked,
      }).toString(),
    }),
  )
  const body = await response.text()
  if (!response.ok) {
    const refusal = JSON.parse(body) as { error?: string; error_description?: string }
    observe('at_answered', { status: response.status, size: body.length, body: refusal })
    return {
      error: refusal.error_description ?? refusal.error ?? String(response.status),
      observed,
    }
  }
  observe('at_answered', {
    status: response.status,
    size: body.length,
    envelope: peek(body).header,
  })

  const keys = await send(new Request(`${issuer(env)}/.well-known/jwks.json`))
  const { accessToken } = await openAccessToken(body, {
    privateKey: partner.encryptionKey,
    issuer: issuer(env),
    keys: (await keys.json()) as JwkSet,
  })
  observe('at_opened', peek(accessToken))
  return { accessToken, launchUrl: launchUrl(partner.h5Url, accessToken), observed }
}

/** The header of a JOSE text and, of a JWS, its claims. */
function peek(compact: string): { header: unknown; claims?: unknown } {
  const [header = '', payload = ''] = compact.split('.')
  const read = (part: string): unknown =>
    JSON.parse(
      new TextDecoder().decode(
        Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
          c.charCodeAt(0),
        ),
      ),
    )
  return compact.split('.').length === 3
    ? { header: read(header), claims: read(payload) }
    : { header: read(header) }
}
