// Issuers that sign with what only the host's WebCrypto knows: RSA and the NIST curves.
const { subtle } = globalThis.crypto
const base64url = (bytes) => Buffer.from(bytes).toString('base64url')

const rsa = (name, hash) => ({
  name,
  hash,
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
})
const parameters = {
  EdDSA: [{ name: 'Ed25519' }, 'Ed25519'],
  ES256: [
    { name: 'ECDSA', namedCurve: 'P-256' },
    { name: 'ECDSA', hash: 'SHA-256' },
  ],
  ES384: [
    { name: 'ECDSA', namedCurve: 'P-384' },
    { name: 'ECDSA', hash: 'SHA-384' },
  ],
  ES512: [
    { name: 'ECDSA', namedCurve: 'P-521' },
    { name: 'ECDSA', hash: 'SHA-512' },
  ],
  RS256: [rsa('RSASSA-PKCS1-v1_5', 'SHA-256'), 'RSASSA-PKCS1-v1_5'],
  RS384: [rsa('RSASSA-PKCS1-v1_5', 'SHA-384'), 'RSASSA-PKCS1-v1_5'],
  RS512: [rsa('RSASSA-PKCS1-v1_5', 'SHA-512'), 'RSASSA-PKCS1-v1_5'],
  PS256: [rsa('RSA-PSS', 'SHA-256'), { name: 'RSA-PSS', saltLength: 32 }],
  PS384: [rsa('RSA-PSS', 'SHA-384'), { name: 'RSA-PSS', saltLength: 48 }],
  PS512: [rsa('RSA-PSS', 'SHA-512'), { name: 'RSA-PSS', saltLength: 64 }],
}

/** The algorithms, by their names in RFC 7518. */
export const hostAlgorithms = Object.keys(parameters).filter((name) => name !== 'EdDSA')

/** A key pair: its public JWK, and what signs claims under it; `change` alters the header. */
export async function hostKey(alg, kid = alg) {
  const [generate, sign] = parameters[alg]
  const pair = await subtle.generateKey(generate, true, ['sign', 'verify'])
  const { kty, crv, x, y, n, e } = await subtle.exportKey('jwk', pair.publicKey)
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value)
  const bare = Object.fromEntries(members)
  async function token(claims, { typ = 'vt+jwt', ...change } = {}) {
    const header = { alg, kid, typ, ...change }
    const parts = [header, claims].map((part) => base64url(JSON.stringify(part)))
    const input = parts.join('.')
    const signature = await subtle.sign(sign, pair.privateKey, new TextEncoder().encode(input))
    return `${input}.${base64url(signature)}`
  }
  return { bare, jwk: { ...bare, kid, use: 'sig', alg }, token }
}
