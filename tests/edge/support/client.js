// A client of a protected service at `https://api.example`, wherever its server really listens: tokens, proofs, requests.
import { request as httpRequest } from 'node:http'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { audience, issuer, proofKey } from './world.js'

export const publicOrigin = 'https://api.example'

/** An issuer's key, what a verifier needs of it, and tokens that it signs; `bound` ones need proofs of `key`. */
export function client() {
  const signing = generateKey('Ed25519', { kid: 'k1' })
  const key = proofKey()
  const sign = (change = {}) => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: audience, sub: 'user-1', iat, exp: iat + 900, ...change }
    return signJws(JSON.stringify(claims), signing, { typ: 'vt+jwt' })
  }
  const bound = (change) => sign({ cnf: { jkt: key.jkt }, ...change })
  return {
    options: { issuer, audience, keys: [publicKey(signing)], publicOrigin },
    key,
    sign,
    bound,
    /** The headers of a request with a fresh proof. */
    async headers(path, token = bound()) {
      const dpop = await key.proof('GET', publicOrigin + path, token)
      return { authorization: `DPoP ${token}`, dpop }
    },
  }
}

/** A GET that may send a header more than once: give it an array. */
export function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { headers, agent: false }, (incoming) => {
      const chunks = []
      incoming.on('error', reject)
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const json = /json/.test(incoming.headers['content-type'] ?? '') && JSON.parse(text)
        resolve({ status: incoming.statusCode, headers: incoming.headers, text, json })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
