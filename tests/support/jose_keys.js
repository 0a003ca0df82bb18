// Keys and key sets, made by `jose`, in the forms in which a deployment, a partner and a page hold them.
import { randomBytes } from 'node:crypto'

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/** A private JWK with `kid`, `use` and `alg`. `curve` is Ed25519, X25519 or P-256. */
export async function privateKey(kid, use, curve) {
  const alg = use === 'enc' ? 'ECDH-ES+A256KW' : curve === 'P-256' ? 'ES256' : 'EdDSA'
  const { privateKey } = await generateKeyPair(alg, { crv: curve, extractable: true })
  return { ...(await exportJWK(privateKey)), kid, use, alg }
}

export const signingKey = (kid, curve = 'Ed25519') => privateKey(kid, 'sig', curve)
export const encryptionKey = (kid, curve = 'X25519') => privateKey(kid, 'enc', curve)

/** A secret of 32 bytes as base64url. */
export const secret = () => randomBytes(32).toString('base64url')

/** The public half of a JWK. */
export function publicKey({ d: _, ...jwk }) {
  return jwk
}

/** A public JWK Set of the given private keys. */
export const keySet = (...keys) => ({ keys: keys.map(publicKey) })

/** The page's proof key: private JWK, what a proof's header names, and the thumbprint. */
export async function proofKey(curve = 'Ed25519') {
  const { kid: _, use: __, alg, ...jwk } = await signingKey('proof', curve)
  const { d: ___, ...header } = jwk
  return { alg, jwk, header, jkt: await calculateJwkThumbprint(header) }
}
