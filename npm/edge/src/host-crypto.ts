// The host's WebCrypto, for what the WASM module leaves to it: RSA and the NIST curves, and Ed25519 where the host is
// faster, and AES. The module decides what is checked and has read the token; here primitives are asked.
import { base64UrlBytes } from './base64url.js'
import { LingpaiError } from './error.js'
import type { Jwk } from './types.js'

/** What the module asks of the host: one signature under one key. */
export interface HostCheck {
  alg: string
  key: Jwk
}

/** What the module asks of the host: the secret between a key of ours and an ephemeral one, on P-256. */
export interface HostAgreement {
  kid: string
  epk: Jwk
}

type Import = AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams
type Verify = AlgorithmIdentifier | RsaPssParams | EcdsaParams

const rsa = (name: string, hash: string, saltLength: number): [Import, Verify] => [
  { name, hash },
  { name, saltLength } as RsaPssParams,
]
const ecdsa = (namedCurve: string, hash: string): [Import, Verify] => [
  { name: 'ECDSA', namedCurve },
  { name: 'ECDSA', hash },
]

/** By the names of RFC 7518 and RFC 8037. */
const algorithms: Record<string, () => [Import, Verify]> = {
  EdDSA: () => [{ name: 'Ed25519' }, { name: 'Ed25519' }],
  ES256: () => ecdsa('P-256', 'SHA-256'),
  ES384: () => ecdsa('P-384', 'SHA-384'),
  ES512: () => ecdsa('P-521', 'SHA-512'),
  RS256: () => rsa('RSASSA-PKCS1-v1_5', 'SHA-256', 0),
  RS384: () => rsa('RSASSA-PKCS1-v1_5', 'SHA-384', 0),
  RS512: () => rsa('RSASSA-PKCS1-v1_5', 'SHA-512', 0),
  PS256: () => rsa('RSA-PSS', 'SHA-256', 32),
  PS384: () => rsa('RSA-PSS', 'SHA-384', 48),
  PS512: () => rsa('RSA-PSS', 'SHA-512', 64),
}

/** Whether the signature of a compact JWS that the module has read is right. Rejects for keys that the host cannot use. */
export async function hostVerifies({ alg, key }: HostCheck, jws: string): Promise<boolean> {
  const parameters = algorithms[alg]?.()
  if (!parameters) throw new LingpaiError('internal')
  const [imported, verified] = parameters
  const cut = jws.lastIndexOf('.')
  const signature = base64UrlBytes(jws.slice(cut + 1))
  const input = new TextEncoder().encode(jws.slice(0, cut))
  const publicKey = await importedKey(alg, key, imported)
  return crypto.subtle.verify(verified, publicKey, signature, input)
}

/**
 * Whether WebCrypto verifies Ed25519 under a new key faster than the module does. Measured, and fixed by runtime: for keys
 * of issuers, which the module prepares, and for HMAC and AES the module is the faster one everywhere, or as fast.
 */
export function hostIsFaster(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  return /^(Cloudflare-Workers|Deno|Bun)\b|Chrome\//.test(navigator?.userAgent ?? '')
}

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const

/** A private P-256 JWK for {@link hostAgrees}. Rejects with `key_unusable`; the host's words may quote the key. */
export async function hostPrivateKey(privateKey: Jwk): Promise<CryptoKey> {
  const { kty, crv, x, y, d } = privateKey as JsonWebKey
  const members = { kty, crv, x, y, d } as JsonWebKey
  try {
    return await crypto.subtle.importKey('jwk', members, ecdh, false, ['deriveBits'])
  } catch {
    throw new LingpaiError('key_unusable')
  }
}

/** The ECDH secret (RFC 7518 §4.6) of a private key and an ephemeral public one. */
export async function hostAgrees(privateKey: CryptoKey, epk: Jwk): Promise<Uint8Array> {
  try {
    const ephemeral = await crypto.subtle.importKey('jwk', epk as JsonWebKey, ecdh, false, [])
    const agreement = { name: 'ECDH', public: ephemeral }
    return new Uint8Array(await crypto.subtle.deriveBits(agreement, privateKey, 256))
  } catch {
    // Whoever seals chooses it, so that a point off the curve is no news: it is refused like any other forgery. Some hosts
    // notice at the import, some later.
    throw new LingpaiError('decryption_failed')
  }
}

/** The text in a compact JWE (A256KW, A256GCM) that the module has read, given the key in base64url that wraps its key. */
export async function hostDecrypts(key: string, jwe: string): Promise<string> {
  const { subtle } = crypto
  const [header = '', ...parts] = jwe.split('.')
  const [wrapped, iv, ciphertext, tag] = parts.map(base64UrlBytes)
  if (!wrapped || !iv || !ciphertext || !tag) throw new LingpaiError('internal')
  const wrapping = await subtle.importKey('raw', base64UrlBytes(key), 'AES-KW', false, [
    'unwrapKey',
  ])
  const sealed = new Uint8Array(ciphertext.length + tag.length)
  sealed.set(ciphertext)
  sealed.set(tag, ciphertext.length)
  const gcm = { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(header) }
  try {
    const content = await subtle.unwrapKey('raw', wrapped, wrapping, 'AES-KW', 'AES-GCM', false, [
      'decrypt',
    ])
    return new TextDecoder('utf-8', { fatal: true }).decode(
      await subtle.decrypt(gcm, content, sealed),
    )
  } catch {
    throw new LingpaiError('decryption_failed')
  }
}

/** Imported keys, most recently used last: importing takes about as long as verifying. */
const keys = new Map<string, CryptoKey>()
const mostKeys = 256

async function importedKey(alg: string, key: Jwk, algorithm: Import): Promise<CryptoKey> {
  const { kty, crv, x, y, n, e } = key as JsonWebKey
  const name = [alg, crv, x, y, n, e].join(' ')
  let imported = keys.get(name)
  if (imported) keys.delete(name)
  else imported = await importKey({ kty, crv, x, y, n, e } as JsonWebKey, algorithm)
  if (keys.size >= mostKeys) keys.delete(keys.keys().next().value as string)
  keys.set(name, imported)
  return imported
}

async function importKey(jwk: JsonWebKey, algorithm: Import): Promise<CryptoKey> {
  const members = Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined))
  try {
    return await crypto.subtle.importKey('jwk', members, algorithm, false, ['verify'])
  } catch (error) {
    // The point is not on its curve, or this host knows no such keys. The host's words may quote the key.
    const unsupported = error instanceof Error && error.name === 'NotSupportedError'
    throw new LingpaiError(unsupported ? 'algorithm_not_allowed' : 'key_unusable', {
      message: unsupported ? 'algorithm_not_allowed (not on this runtime)' : 'key_unusable',
    })
  }
}
