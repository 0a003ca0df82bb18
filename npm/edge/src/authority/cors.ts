// Which pages may read answers: exact origins of registered pages, never credentials.
import type { ClientRegistry } from './clients.js'

const exposed = 'DPoP-Nonce, WWW-Authenticate, Date, Retry-After'
const preflightSeconds = '7200'

/** The origin of the page that asks, if it is a registered one. */
export async function pageOf(
  headers: { get(name: string): string | null },
  clients: ClientRegistry,
): Promise<string | undefined> {
  const origin = headers.get('origin')
  return origin !== null && (await clients.hasPage(origin)) ? origin : undefined
}

/** Lets a page read an answer. */
export function allowPage(headers: Headers, page: string | undefined): void {
  headers.append('Vary', 'Origin')
  if (page === undefined) return
  headers.set('Access-Control-Allow-Origin', page)
  headers.set('Access-Control-Expose-Headers', exposed)
}

/** The answer to a browser that asks whether it may send a request. */
export function preflightAnswer(page: string | undefined): Response {
  const headers = new Headers()
  allowPage(headers, page)
  headers.append('Vary', 'Access-Control-Request-Method, Access-Control-Request-Headers')
  if (page !== undefined) {
    headers.set('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
    headers.set(
      'Access-Control-Allow-Headers',
      'Authorization, Content-Type, DPoP, Idempotency-Key',
    )
    headers.set('Access-Control-Max-Age', preflightSeconds)
  }
  return new Response(null, { status: page === undefined ? 403 : 204, headers })
}
