// @lingpai/edge: single keys through its JOSE entry, key sets and claims through its verifier.
import { createVerifier } from '@lingpai/edge'
import { openDirect, openJwe, verifyJwsAsync } from '@lingpai/edge/jose'

const SIGNATURES = [
  'HS256',
  ...['RS', 'PS', 'ES'].flatMap((kind) => ['256', '384', '512'].map((size) => kind + size)),
  'EdDSA',
]

export const lingpai = {
  name: '@lingpai/edge',
  signatures: SIGNATURES,
  supports({ kind, key, keys, text }) {
    // A key set never holds a secret.
    if (kind === 'keys') return keys.length === 1 ? signs(keys[0]) : false
    if (kind === 'jws') return signs(key)
    const header = headerText(text)
    return (
      key.alg === 'ECDH-ES+A256KW' &&
      ['A256GCM', 'kid', 'typ', 'cty'].every((it) => header.includes(`"${it}"`))
    )
  },
  async jws(text, key) {
    return (await verifyJwsAsync(text, key)).payload
  },
  async jwe(text, key) {
    if (key.kty === 'oct') return openDirect(text, Buffer.from(key.k, 'base64url')).plaintext
    return openJwe(text, key).plaintext
  },
  async keys(text, keys) {
    if (keys.length === 1) return (await verifyJwsAsync(text, keys[0])).payload
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

/** A key that says no algorithm may serve any that its type allows. */
const signs = ({ alg }) => alg === undefined || SIGNATURES.includes(alg)

function headerText(text) {
  return Buffer.from(text.split('.')[0], 'base64url').toString()
}
