// Reads the credentials of a request: exactly one token, and at most one proof.
import { LingpaiError } from './error.js'

/** What a request presents. */
export interface Credentials {
  scheme: 'Bearer' | 'DPoP'
  token: string
  proof: string | undefined
}

const maxHeaderLength = 16 * 1024 + 16
const authorization = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)$/i

/** Reads `Authorization` and `DPoP`. Neither may occur twice: `Headers` then joins the values with a comma. */
export function credentialsOf(headers: { get(name: string): string | null }): Credentials {
  const value = headers.get('authorization')
  if (value === null || value === '') throw new LingpaiError('token_missing')
  if (value.length > maxHeaderLength) throw new LingpaiError('limit_exceeded')
  const match = authorization.exec(value)
  if (!match?.[1] || !match[2]) {
    const ours = /^(Bearer|DPoP)\b/i.test(value)
    throw new LingpaiError(ours || value.includes(',') ? 'invalid_request' : 'token_missing')
  }
  const proof = headers.get('dpop') ?? undefined
  if (proof !== undefined && (proof.includes(',') || proof.length > maxHeaderLength)) {
    throw new LingpaiError('invalid_dpop_proof', { message: 'invalid_dpop_proof (more than one)' })
  }
  return { scheme: match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token: match[2], proof }
}
