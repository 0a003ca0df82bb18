// A request with a bound token, verified with `jose`: what a service writes that has no verifier of requests.
import { EmbeddedJWK, base64url, calculateJwkThumbprint, jwtVerify } from 'jose'

const WINDOW_SECONDS = 60

/** Token, proof, and that the one fits the other; without a store for used proofs. */
export async function verifyBound({ method, url, headers }, key, expected, nowSeconds) {
  const [scheme, token] = headers.get('authorization').split(' ')
  if (scheme !== 'DPoP') throw new Error('scheme')
  const { payload: claims } = await jwtVerify(token, key, expected)
  const { currentDate } = expected
  const { payload: proof, protectedHeader } = await jwtVerify(headers.get('dpop'), EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['EdDSA', 'ES256'],
    currentDate,
  })
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk)
  if (jkt !== claims.cnf.jkt) throw new Error('another key')
  const { origin, pathname } = new URL(url)
  if (proof.htm !== method || proof.htu !== origin + pathname) throw new Error('elsewhere')
  if (Math.abs(nowSeconds - proof.iat) > WINDOW_SECONDS) throw new Error('out of time')
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  if (proof.ath !== base64url.encode(new Uint8Array(hash))) throw new Error('another token')
  return { claims, jkt }
}
