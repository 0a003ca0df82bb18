// The demo's switch that makes the vault fail. Kept in this isolate's memory: a demo has one person and one machine.

import type { Env } from '../bindings'
import { problem } from '../problem'
import { textMember } from './members'

/** Every way in which the vault can be made to fail; `none` is the way back. */
const faults = [
  'none',
  'hang',
  'reset',
  'error',
  'away',
  'limited',
  'portal',
  'drip',
  'lost',
] as const
type Fault = (typeof faults)[number]

let current: Fault = 'none'

/** `GET` tells which way is switched on, `POST {"fault"}` switches; for the demo's own pages. */
export async function answerFaults(request: Request): Promise<Response> {
  if (request.method === 'POST') {
    if (request.headers.get('Sec-Fetch-Site') !== 'same-origin') {
      return problem(403, 'access_denied', 'Only for the demo’s own pages')
    }
    const fault = await textMember(request, 'fault')
    if (fault instanceof Response) return fault
    const known = faults.find((name) => name === fault)
    if (!known) return problem(400, 'invalid_request', 'No such fault')
    current = known
  }
  return Response.json({ fault: current }, { headers: { 'Cache-Control': 'no-store' } })
}

/** Answers for the vault, or in its place. */
export async function suffer(env: Env, answer: () => Promise<Response>): Promise<Response> {
  if (!env.DEMO_PARTNER_KEY) return answer()
  switch (current) {
    case 'none':
      return answer()
    case 'hang':
      return new Response(slowly([], 60_000, 1), { headers: json })
    case 'reset':
      return new Response(broken('{"results":[{"op":'), { headers: json })
    case 'error':
      return problem(500, 'server_error', 'The vault failed')
    case 'away':
      return unavailable(503, 'temporarily_unavailable', 'The vault is away', '5')
    case 'limited':
      return unavailable(429, 'rate_limited', 'Too many requests', '5')
    case 'portal':
      return new Response('<!doctype html><title>Free Wi-Fi</title><h1>Please sign in</h1>', {
        headers: { 'Content-Type': 'text/html' },
      })
    case 'drip':
      return new Response(slowly([...'{"results":['], 1_000, 60), { headers: json })
    case 'lost':
      // The work is done and kept; only the answer is not there.
      await (await answer()).arrayBuffer()
      return new Response(broken(''), { headers: json })
  }
}

const json = { 'Content-Type': 'application/json' }

function unavailable(status: number, error: string, title: string, seconds: string): Response {
  return problem(status, error, title, { headers: { 'Retry-After': seconds } })
}

function broken(beginning: string): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      if (beginning) controller.enqueue(new TextEncoder().encode(beginning))
      beginning = ''
      controller.error(new Error('connection lost'))
    },
  })
}

/** One character after the other, so many at the most, each after a wait. */
function slowly(characters: string[], waitMs: number, most: number): ReadableStream {
  let sent = 0
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (sent++ >= most) return controller.close()
      controller.enqueue(new TextEncoder().encode(characters.shift() ?? ' '))
    },
  })
}
