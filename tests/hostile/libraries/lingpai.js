// @lingpai/edge: single keys through its JOSE entry, key sets and claims through its verifier.
import { createVerifier } from '@lingpai/edge'
import { openDirect, openJwe, verifyJws } from '@lingpai/edge/jose'

const SIGNATURES = ['HS256', 'ES256', 'EdDSA', 'Ed25519']

export const lingpai = {
  name: '@lingpai/edge',
  signatures: SIGNATURES,
  supports({ kind, key, keys, text }) {
    // A key set never holds a secret.
    if (kind === 'keys') return keys.length === 1 ? signs(keys[0]) : false
    if (kind === 'jws') return signs(key)
    return key.alg === 'ECDH-ES+A256KW' && /"enc":"A256GCM"/.test(headerText(text))
  },
  async jws(text, key) {
    return verifyJws(text, key).payload
  },
  async jwe(text, key) {
    if (key.kty === 'oct') return openDirect(text, Buffer.from(key.k, 'base64url')).plaintext
    return openJwe(text, key).plaintext
  },
  async keys(text, keys) {
    if (keys.length === 1) return verifyJws(text, keys[0]).payload
    const options = { issuer: 'https://issuer.example', audience: 'api', keys: { keys } }
    return createVerifier(options).verify(text)
  },
  /** A function that gives the claims of a good token. */
  jwt({ issuer, audience, key }) {
    const keys = key.kty === 'oct' ? key : { keys: [key] }
    const verifier = createVerifier({ issuer, audience, keys, type: 'JWT', cacheSize: 0 })
    return async (token) => (await verifier.verify(token)).claims
  },
}

const signs = ({ alg }) => SIGNATURES.includes(alg)

function headerText(text) {
  return Buffer.from(text.split('.')[0], 'base64url').toString()
}
