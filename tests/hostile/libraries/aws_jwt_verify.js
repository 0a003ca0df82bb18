// aws-jwt-verify: JWTs of key sets only, without secrets and without PS256.
import { JwtVerifier } from 'aws-jwt-verify'

const SIGNATURES = ['RS', 'ES'].flatMap((kind) => ['256', '384', '512'].map((size) => kind + size))

export const awsJwtVerify = {
  name: 'aws-jwt-verify',
  signatures: [...SIGNATURES, 'EdDSA'],
  /** A payload that is not a JSON object is none of its business, and all of the sets' payloads are that. */
  supports: () => false,
  async jws(text, key) {
    return verifierOf('https://issuer.example', null, [key]).verify(text)
  },
  async keys(text, keys) {
    return verifierOf('https://issuer.example', null, keys).verify(text)
  },
  async jwt({ issuer, audience, key }) {
    const verifier = verifierOf(issuer, audience, [key])
    return (token) => verifier.verify(token)
  },
}

function verifierOf(issuer, audience, keys) {
  const jwksUri = `${issuer}/jwks.json`
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri })
  verifier.cacheJwks({ keys })
  return verifier
}
