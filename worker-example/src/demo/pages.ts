// The demo's static pages, each under a content security policy that allows what it needs and nothing else.

import type { Env } from '../bindings'
import { problem } from '../problem'
import type { DemoPartner } from './partner'

export async function servePage(
  request: Request,
  env: Env,
  partner: DemoPartner,
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem(405, 'method_not_allowed', 'Method not allowed', {
      headers: { Allow: 'GET, HEAD' },
    })
  }
  const url = new URL(request.url)
  const page = new URL(partner.h5Url)
  // Each page has one origin; somebody who typed the other name of this machine is sent to the right one.
  const home =
    url.pathname === '/' ? partner.app : url.pathname === page.pathname ? page.origin : url.origin
  if (home !== url.origin) return Response.redirect(`${home}${url.pathname}${url.search}`, 302)

  const file = await env.PAGES?.fetch(request)
  if (!file || file.status === 404) return problem(404, 'not_found', 'Not found')
  const headers = new Headers(file.headers)
  const inPage = url.pathname.startsWith(page.pathname)
  headers.set(
    'Content-Security-Policy',
    inPage ? pagePolicy(partner, env.ISSUER) : appPolicy(page.origin),
  )
  headers.set('Referrer-Policy', 'no-referrer')
  headers.set('X-Content-Type-Options', 'nosniff')
  return new Response(file.body, { status: file.status, headers })
}

const common =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

function appPolicy(pageOrigin: string): string {
  return `${common}; script-src 'self'; connect-src 'self'; frame-src ${pageOrigin}; frame-ancestors 'none'`
}

/** The page runs WebAssembly, talks to the gateway, and may be framed by the partner's app alone. */
function pagePolicy(partner: DemoPartner, gateway = ''): string {
  return (
    `${common}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${gateway}; ` +
    `frame-ancestors ${partner.app}`
  )
}
