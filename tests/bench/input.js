// The tokens that are measured.
import { randomBytes } from 'node:crypto'

import { CompactEncrypt, importJWK } from 'jose'

import { createKey, jwt } from '../hostile/jwts.js'
import { encryptionKey, proofKey, publicKey, secret, signingKey } from '../support/jose_keys.js'
import { dpopProof, nowSeconds, sign } from '../support/jose_party.js'

/** How many issuers the verifier of many issuers knows. */
const ISSUERS = 10

export async function createInput() {
  const issuer = 'https://gate.example'
  const audience = 'https://api.example'
  const iat = nowSeconds()
  const claims = {
    iss: issuer,
    aud: audience,
    sub: 'Jc0EFcS0vQZ1l3k1hD6rDbQq5cJr9mO0o8u2yqg1a7c',
    client_id: 'partner',
    scope: 'profile orders:read',
    jti: 'kO0hWz4q2W0dJ9n6f1r8yA',
    sid: 'M5s0Wk3l9Qv7x2c4b6n8zA',
    iat,
    exp: iat + 900,
  }
  const key = randomBytes(32)
  const header = { alg: 'dir', enc: 'A256GCM', kid: 'key', typ: 'bench+jwe', cty: 'octet-stream' }
  const token = await new CompactEncrypt(randomBytes(512)).setProtectedHeader(header).encrypt(key)
  const signing = await signingKey('sign')
  const shared = { kty: 'oct', kid: 'shared', alg: 'HS256', k: secret() }
  const url = `${audience}/orders`
  const proofs = {}
  for (const curve of ['Ed25519', 'P-256']) {
    const key = await proofKey(curve)
    const token = await sign('vt+jwt', { ...claims, cnf: { jkt: key.jkt } }, signing)
    const proof = await dpopProof(key, { method: 'GET', url, token, claims: { iat } })
    proofs[curve] = { token, proof, url }
  }
  const edge = await encryptionKey('edge')
  const byHost = {}
  for (const alg of ['RS256', 'PS256', 'ES256']) {
    const key = createKey(alg)
    const header = { alg, kid: key.jwk.kid, typ: 'vt+jwt' }
    byHost[alg] = { key: key.jwk, token: jwt(header, claims, key) }
  }
  return {
    issuer,
    audience,
    nowSeconds: iat,
    others: Array.from({ length: ISSUERS - 1 }, (_, i) => `https://gate-${i}.example`),
    edge,
    sealedToken: await sealToken(await sign('vt+jwt', claims, signing), edge),
    proofs,
    byHost,
    sealed: { token, key: key.toString('base64url') },
    shared: { key: shared, token: await sign('vt+jwt', claims, shared) },
    signed: { key: publicKey(signing), token: await sign('vt+jwt', claims, signing) },
  }
}

async function sealToken(token, key) {
  const { kid, alg } = key
  return new CompactEncrypt(Buffer.from(token))
    .setProtectedHeader({ alg, enc: 'A256GCM', kid, typ: 'lp-vt+jwe', cty: 'JWT' })
    .encrypt(await importJWK(publicKey(key), alg))
}
