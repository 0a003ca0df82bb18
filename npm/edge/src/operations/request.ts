// Requests about aliases as they are read: who asks, and a JSON body that the proof covers.
import { limitedText } from '../body.js'
import { base64UrlBytes } from '../base64url.js'
import { engine } from '../engine/full.js'
import { LingpaiError } from '../error.js'
import type { Verified } from '../verifier.js'
import type { Holder } from './store.js'

const maxBytes = 16 * 1024

/** A body with its hash. */
export interface Body {
  members: Record<string, unknown>
  /** SHA-256 of its bytes, base64url. */
  hash: string
}

/** Reads the body of a request that was verified. Throws `proof_body_mismatch` where its proof covers another one or none. */
export async function coveredBody(request: Request): Promise<Body> {
  const text = await readable(() => limitedText(request, maxBytes))
  const hash = engine.call((glue) => glue.bodyHash(text))
  if (bodyHashOf(request.headers.get('dpop')) !== hash) {
    throw new LingpaiError('proof_body_mismatch')
  }
  return { members: objectOf(text), hash }
}

/** Reads a JSON object, strictly. */
export function objectOf(text: string): Record<string, unknown> {
  try {
    engine.call((glue) => glue.checkObject(text))
  } catch (error) {
    throw error instanceof LingpaiError && error.code === 'internal' ? error : malformed('body')
  }
  return JSON.parse(text) as Record<string, unknown>
}

/** Reads text, of which anything wrong is the sender's fault. */
export async function readable(read: () => Promise<string>): Promise<string> {
  try {
    return await read()
  } catch {
    throw malformed('body')
  }
}

/** A request that says nothing usable. */
export function malformed(what: string): LingpaiError {
  return new LingpaiError('invalid_request', { message: `invalid_request (${what})` })
}

/** Who asks. Tokens without subject, visit or proof cannot act under an alias. */
export function holderOf({ claims, proof }: Verified): Holder {
  const { sub, sid } = claims
  if (proof === undefined) throw new LingpaiError('proof_required')
  if (typeof sub !== 'string' || typeof sid !== 'string') {
    throw new LingpaiError('claim_invalid', { message: 'claim_invalid (sid)' })
  }
  return { sub, sid, jkt: proof.jkt }
}

/** A member that has to be a string of these. */
export function stringMember(
  members: Record<string, unknown>,
  name: string,
  pattern: RegExp,
): string {
  const value = members[name]
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed(name)
  return value
}

/** A member that has to be an object. */
export function objectMember(
  members: Record<string, unknown>,
  name: string,
): Record<string, unknown> {
  const value = members[name]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name)
  return value as Record<string, unknown>
}

/** A body knows these members and no others. */
export function onlyMembers(members: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(members)) if (!names.includes(name)) throw malformed('members')
}

/** A handle: the names of visit and alias. */
export function readHandle(handle: string): { visit: string; name: string } {
  const [visit = '', name = ''] = handle.split('.')
  return { visit, name }
}

/** A string that is looked up as it is. */
export const anything = /^/
/** What a handle looks like. */
export const handlePattern = /^[\w-]{22}\.[\w-]{22}$/
/** What a secret looks like. */
export const secretPattern = /^[\w-]{22}$/

/** Whom an event is about. */
export function who(claims: Verified['claims']): { subject?: string; visit?: string } {
  return {
    ...(claims.sub !== undefined && { subject: claims.sub }),
    ...(claims.sid !== undefined && { visit: claims.sid }),
  }
}

/** The claim of a proof whose signature the verifier has checked: this very text. */
function bodyHashOf(proof: string | null): unknown {
  const payload = proof?.split('.')[1]
  if (payload === undefined) return undefined
  const claims = new TextDecoder().decode(base64UrlBytes(payload))
  return (JSON.parse(claims) as { lp_body?: unknown }).lp_body
}
