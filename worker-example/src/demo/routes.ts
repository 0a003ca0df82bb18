// The demo's routes. Nothing of it exists where DEMO_PARTNER_KEY is not bound.

import { issuer, type Env } from '../bindings'
import { problem } from '../problem'
import { textMember } from './members'
import { servePage } from './pages'
import { answerFaults } from './vault-faults'
import { demoPartner, launch, type DemoPartner, type Send } from './partner'

export async function answerDemo(
  request: Request,
  env: Env,
  send: Send,
): Promise<Response | undefined> {
  const partner = demoPartner(env)
  if (!partner) return undefined
  switch (new URL(request.url).pathname) {
    case '/demo/config':
      return configuration(env, partner)
    case '/demo/vault':
      return answerFaults(request)
    case '/demo/launch':
      return answerLaunch(request, env, partner, send)
    default:
      return servePage(request, env, partner)
  }
}

/** What the app's and the page's scripts have to know, from their own origin. */
function configuration(env: Env, { app, h5Url }: DemoPartner): Response {
  const document = { issuer: issuer(env), gateway: issuer(env), app, h5Url }
  return Response.json(document, { headers: { 'Cache-Control': 'no-store' } })
}

/** POST is the app's front-end; GET is its plain link, which leads on to the page. */
async function answerLaunch(
  request: Request,
  env: Env,
  partner: DemoPartner,
  send: Send,
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'POST') {
    return problem(405, 'method_not_allowed', 'Method not allowed', {
      headers: { Allow: 'GET, POST' },
    })
  }
  // The app's session is implied in a demo; other sites still must not spend it.
  const from = request.headers.get('Sec-Fetch-Site') ?? 'same-origin'
  if (new URL(request.url).origin !== partner.app || !['same-origin', 'none'].includes(from)) {
    return problem(403, 'access_denied', 'Only for the partner’s own app')
  }
  if (request.method === 'GET') {
    const { launchUrl, error } = await launch(env, partner, send)
    if (!launchUrl)
      return problem(502, 'access_denied', 'No access token', { detail: String(error) })
    return new Response(null, {
      status: 303,
      headers: {
        Location: sceneOf(request, launchUrl),
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
      },
    })
  }
  const thumbprint = await textMember(request, 'thumbprint')
  if (thumbprint instanceof Response) return thumbprint
  const launched = await launch(env, partner, send, thumbprint)
  return Response.json(launched, {
    status: launched.accessToken ? 200 : 502,
    headers: { 'Cache-Control': 'no-store' },
  })
}

/** A scene lies below the page that the partner registered, and takes its launch. */
function sceneOf(request: Request, launchUrl: string): string {
  const name = new URL(request.url).searchParams.get('scene')
  const url = new URL(launchUrl)
  if (name && /^[a-z]+$/.test(name)) url.pathname += `${name}/`
  return url.href
}
