// How a service tells a caller why it was refused: RFC 9457 documents, RFC 6750 and RFC 9449 challenges.
import { isLingpaiError, LingpaiError } from './error.js'

/** An RFC 9457 problem document that is an OAuth error document too. */
export interface Problem {
  type: string
  title: string
  status: number
  /** The code of OAuth: `invalid_token`, `invalid_dpop_proof`, `insufficient_scope`, … */
  error: string
  /** The code of this library, which says more. */
  error_description: string
}

/** How a refusal is put. */
export interface ChallengeOptions {
  /** The scheme to ask for. Default: `DPoP`. */
  scheme?: 'DPoP' | 'Bearer' | undefined
  /** The scope that is needed, told to callers whose token has too little. */
  scope?: string | undefined
  /** A nonce for the next proof (RFC 9449 §9). */
  nonce?: string | undefined
}

const proofAlgorithms = 'EdDSA ES256'

/** The problem document for an error. Whatever is not a `LingpaiError` becomes `internal`; its text is not shown. */
export function toProblem(error: unknown): Problem {
  const { code, status } = refusalOf(error)
  const words = code.replaceAll('_', ' ')
  return {
    type: `urn:x-lingpai:error:${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status,
    error: oauthError(refusalOf(error)),
    error_description: code,
  }
}

/** The value of `WWW-Authenticate` for an error, if a challenge belongs to it (RFC 6750 §3, RFC 9449 §7.1). */
export function challenge(error: unknown, options: ChallengeOptions = {}): string | undefined {
  const refusal = refusalOf(error)
  const scheme = options.scheme ?? 'DPoP'
  if (refusal.status >= 500 || refusal.status === 429) return undefined
  const parameters: string[] = []
  // A request without any token is told how to bring one, not that something was wrong with it.
  if (refusal.code !== 'token_missing') {
    parameters.push(`error="${oauthError(refusal)}"`, `error_description="${refusal.code}"`)
  }
  if (refusal.code === 'insufficient_scope' && options.scope) {
    parameters.push(`scope="${options.scope}"`)
  }
  if (scheme === 'DPoP') parameters.push(`algs="${proofAlgorithms}"`)
  return parameters.length ? `${scheme} ${parameters.join(', ')}` : scheme
}

/** The complete answer to a request that is refused. */
export function problemResponse(error: unknown, options: ChallengeOptions = {}): Response {
  const problem = toProblem(error)
  const headers = new Headers({
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  })
  const wanted = challenge(error, options)
  if (wanted) headers.set('WWW-Authenticate', wanted)
  if (options.nonce !== undefined) headers.set('DPoP-Nonce', options.nonce)
  if (problem.status === 503 || problem.status === 429) headers.set('Retry-After', '5')
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

function refusalOf(error: unknown): LingpaiError {
  return isLingpaiError(error) ? error : new LingpaiError('internal')
}

function oauthError({ code, status }: LingpaiError): string {
  if (code.startsWith('proof_') || code === 'invalid_dpop_proof') return 'invalid_dpop_proof'
  if (code === 'use_dpop_nonce') return code
  if (status === 401) return 'invalid_token'
  if (status === 500) return 'server_error'
  if (status === 503) return 'temporarily_unavailable'
  return code
}
