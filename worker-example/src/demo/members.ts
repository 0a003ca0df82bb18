// The bodies of the demo's own requests. Whoever sends something else is told so.

import { problem } from '../problem'

/** A member that is a string or absent; a refusal where the body is no JSON object, or the member something else. */
export async function textMember(
  request: Request,
  name: string,
): Promise<string | undefined | Response> {
  const body: unknown = await request.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) return problem(400, 'invalid_request', 'Not JSON')
  const member = (body as Record<string, unknown>)[name]
  if (member === undefined || typeof member === 'string') return member
  return problem(400, 'invalid_request', 'Malformed', { detail: name })
}
