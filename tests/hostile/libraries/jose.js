// npm `jose`, given keys as JWK, so that it sees `use`, `key_ops` and `alg`.
import { compactDecrypt, compactVerify, createLocalJWKSet, importJWK, jwtVerify } from 'jose'

const SIGNATURES = ['HS', 'RS', 'PS', 'ES'].flatMap((kind) =>
  ['256', '384', '512'].map((size) => kind + size),
)

export const jose = {
  name: 'jose',
  signatures: [...SIGNATURES, 'EdDSA'],
  supports({ kind, key, keys }) {
    if (kind === 'keys')
      return keys.every(({ alg }) => SIGNATURES.includes(alg) && keys.length === 1)
    if (kind === 'jws') return key.alg === undefined || SIGNATURES.includes(key.alg)
    return key.alg !== 'RSA1_5'
  },
  async jws(text, key) {
    return (await compactVerify(text, key)).payload
  },
  async jwe(text, key) {
    return (await compactDecrypt(text, key)).plaintext
  },
  async keys(text, keys) {
    if (keys.length === 1) return (await compactVerify(text, keys[0])).payload
    return (await compactVerify(text, createLocalJWKSet({ keys }))).payload
  },
  async jwt({ issuer, audience, key }) {
    const imported = await importJWK(key, key.alg)
    const options = { issuer, audience, typ: 'JWT', algorithms: [key.alg] }
    return async (token) => (await jwtVerify(token, imported, options)).payload
  },
}
