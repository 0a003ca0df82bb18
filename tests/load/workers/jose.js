// The demo Worker's protected route written with `jose`: the same checks, the same Durable Object, the same answer.
import { EmbeddedJWK, base64url, calculateJwkThumbprint, importJWK, jwtVerify } from 'jose'
import { durableLedger } from '@lingpai/edge/durable'

export { VisitLedger } from '@lingpai/edge/durable'

const WINDOW_SECONDS = 60
let keys

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname !== '/api/me') return new Response(null, { status: 404 })
    try {
      return await me(request, env)
    } catch (error) {
      return new Response(error.message, { status: 401 })
    }
  },
}

async function me(request, env) {
  const issuer = env.ISSUER
  const [scheme, token] = request.headers.get('authorization').split(' ')
  keys ??= await Promise.all(
    JSON.parse(env.SIGNING_KEYS).map(async ({ key: { d: _, ...jwk } }) => [
      jwk.kid,
      await importJWK(jwk, jwk.alg),
    ]),
  )
  const keyOf = ({ kid }) => keys.find(([name]) => name === kid)[1]
  const { payload: claims } = await jwtVerify(token, keyOf, {
    issuer,
    audience: `${issuer}/api`,
    typ: 'vt+jwt',
    algorithms: ['EdDSA', 'ES256'],
    clockTolerance: 5,
    requiredClaims: ['exp', 'cnf', 'sid'],
  })
  if (scheme !== 'DPoP') throw new Error('bound token')
  const ledger = durableLedger(env.VISIT_LEDGER)
  if (await ledger.isRevoked(claims.sid)) throw new Error('revoked')
  const jkt = await checkProof(request, issuer, token, claims.cnf.jkt, ledger)
  return Response.json(
    {
      sub: claims.sub,
      partner: claims.client_id,
      scope: claims.scope,
      visit: claims.sid,
      expires_at: claims.exp,
      proof_key: jkt,
    },
    { headers: { 'Cache-Control': 'no-store' } },
  )
}

async function checkProof(request, origin, token, expected, ledger) {
  const { payload: proof, protectedHeader } = await jwtVerify(
    request.headers.get('dpop'),
    EmbeddedJWK,
    { typ: 'dpop+jwt', algorithms: ['EdDSA', 'ES256'], requiredClaims: ['iat', 'jti'] },
  )
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk)
  if (jkt !== expected) throw new Error('another key')
  const { pathname } = new URL(request.url)
  if (proof.htm !== request.method || proof.htu !== origin + pathname) throw new Error('elsewhere')
  const now = Date.now() / 1000
  if (Math.abs(now - proof.iat) > WINDOW_SECONDS) throw new Error('proof out of time')
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  if (proof.ath !== base64url.encode(new Uint8Array(hash))) throw new Error('another token')
  const fresh = await ledger.burn(
    `proof/${jkt}/${proof.jti}`,
    Math.ceil(proof.iat) + WINDOW_SECONDS + 1,
  )
  if (!fresh) throw new Error('replayed')
  return jkt
}
