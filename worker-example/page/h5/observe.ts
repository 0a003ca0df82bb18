// A `fetch` that tells what went over the wire, for the trace: public headers, claims of proofs, statuses. No tokens.

import {
  algorithms,
  peekClaims,
  peekHeader,
  sha256,
  short,
  type Members,
} from '../common/jose-peek'
import type { Step, StepKind } from '../common/step'

type Exchange = 'visit' | 'refresh' | 'call'
type Report = (step: Omit<Step, 'run'>) => void

export function observedFetch(gateway: string, report: Report): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.origin !== gateway || request.method === 'OPTIONS') return fetch(request)
    const exchange: Exchange =
      url.pathname === '/v1/visits'
        ? 'visit'
        : url.pathname === '/v1/visits/refresh'
          ? 'refresh'
          : 'call'
    if (url.pathname.startsWith('/.well-known/')) return fetch(request)

    const body = exchange === 'call' ? '' : await request.clone().text()
    report(sent(exchange, url, request, body))
    const started = performance.now()
    const response = await fetch(request)
    report(
      await answered(exchange, response.clone(), body, Math.round(performance.now() - started)),
    )
    return response
  }
}

function sent(exchange: Exchange, url: URL, request: Request, body: string): Omit<Step, 'run'> {
  const proof = request.headers.get('DPoP') ?? ''
  const proofClaims = peekClaims(proof)
  const header = peekHeader(body)
  const facts: Step['facts'] =
    exchange === 'call'
      ? [
          [
            'proof',
            proofClaims
              ? `${proofClaims['htm']} ${new URL(String(proofClaims['htu'])).pathname}`
              : '',
          ],
          ['once', short(proofClaims?.['jti'])],
        ]
      : [
          ['key', String(header?.['kid'] ?? '')],
          ['algorithms', algorithms(header)],
          ['size', bytes(body)],
        ]
  return {
    kind: `${exchange}_sent` as StepKind,
    at: Date.now(),
    from: 'page',
    to: 'edge',
    state: 'done',
    values: { path: url.pathname },
    facts: facts.filter(([, value]) => value !== ''),
    decoded: {
      request: `${request.method} ${url.pathname}`,
      ...(header && { envelope: header }),
      ...(proof && { proof: { header: withoutKey(peekHeader(proof)), claims: proofClaims } }),
    },
  }
}

async function answered(
  exchange: Exchange,
  response: Response,
  requestBody: string,
  took: number,
): Promise<Omit<Step, 'run'>> {
  const text = await response.text()
  const sealed = response.headers.get('Content-Type')?.startsWith('application/jose')
  const header = sealed ? peekHeader(text) : undefined
  const challenge = response.headers.get('WWW-Authenticate')
  const document = sealed ? undefined : parsed(text)
  const code = String(document?.['error_description'] ?? document?.['error'] ?? response.status)
  const facts: (readonly [string, string])[] = [['status', `${response.status} · ${took} ms`]]
  if (header) {
    const hash = await sha256(requestBody)
    facts.push(['algorithms', algorithms(header)], ['answers', short(header['kid'])])
    if (hash) facts.push(['matches', hash === header['kid'] ? 'yes' : 'no'])
    facts.push(['size', bytes(text)])
  }
  if (challenge) facts.push(['challenge', challenge])
  return {
    kind:
      document?.['error'] === 'use_dpop_nonce'
        ? 'nonce_asked'
        : (`${exchange}_answered` as StepKind),
    at: Date.now(),
    from: 'edge',
    to: 'page',
    state: response.ok ? 'granted' : 'refused',
    values: { code, ...(header && { sealed: 'yes' }) },
    facts,
    decoded: {
      status: response.status,
      ...(header && { envelope: header }),
      ...(document && { body: document }),
    },
  }
}

function parsed(text: string): Members | undefined {
  try {
    return JSON.parse(text) as Members
  } catch {
    return undefined
  }
}

/** The proof's public key says little to a reader; its curve does. */
function withoutKey(header: Members | undefined): Members | undefined {
  const jwk = header?.['jwk'] as Members | undefined
  return jwk ? { ...header, jwk: `${jwk['kty']} ${jwk['crv']}` } : header
}

function bytes(text: string): string {
  return `${text.length} B`
}
