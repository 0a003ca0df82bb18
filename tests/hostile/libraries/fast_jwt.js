// fast-jwt: JWTs only, synchronous, keys as PEM.
import { createPublicKey } from 'node:crypto'

import { createVerifier } from 'fast-jwt'

const SIGNATURES = ['HS', 'RS', 'PS', 'ES'].flatMap((kind) =>
  ['256', '384', '512'].map((size) => kind + size),
)

export const fastJwt = {
  name: 'fast-jwt',
  signatures: [...SIGNATURES, 'EdDSA'],
  /** A payload that is not a JSON object is none of its business, and all of the sets' payloads are that. */
  supports: () => false,
  async jws(text, key) {
    return createVerifier({ key: keyOf(key), algorithms: [key.alg] })(text)
  },
  async keys(text, keys) {
    if (keys.length > 1) throw new Error('no key sets')
    return this.jws(text, keys[0])
  },
  async jwt({ issuer, audience, key }) {
    return createVerifier({
      key: keyOf(key),
      algorithms: [key.alg],
      allowedIss: issuer,
      allowedAud: audience,
      requiredClaims: ['iss', 'aud', 'exp'],
      checkTyp: 'JWT',
    })
  },
}

function keyOf(jwk) {
  if (jwk.kty === 'oct') return Buffer.from(jwk.k, 'base64url')
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
}
