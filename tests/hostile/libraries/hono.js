// hono's JWT functions: JWTs only.
import { verify, verifyWithJwks } from 'hono/jwt'

const SIGNATURES = ['HS', 'RS', 'PS', 'ES'].flatMap((kind) =>
  ['256', '384', '512'].map((size) => kind + size),
)

export const hono = {
  name: 'hono',
  signatures: [...SIGNATURES, 'EdDSA'],
  /** A payload that is not JSON is none of its business, and all of the sets' payloads are that. */
  supports: () => false,
  async jws(text, key) {
    return verify(text, await keyOf(key), key.alg)
  },
  async keys(text, keys) {
    const allowedAlgorithms = keys.map(({ alg }) => alg)
    return verifyWithJwks(text, { keys, allowedAlgorithms })
  },
  async jwt({ issuer, audience, key }) {
    const imported = await keyOf(key)
    const options = { alg: key.alg, iss: issuer, aud: audience }
    return (token) => verify(token, imported, options)
  },
}

function keyOf(jwk) {
  if (jwk.kty !== 'oct') return jwk
  const hash = `SHA-${jwk.alg.slice(2)}`
  const bytes = Buffer.from(jwk.k, 'base64url')
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['verify'])
}
