// JOSE primitives for services that speak the protocol in a stack of their own: strict, canonical, synchronous.
import { base64UrlBytes } from './base64url.js'
import { engine } from './engine/full.js'
import { LingpaiError } from './error.js'
import { hostVerifies, type HostCheck } from './host-crypto.js'
import type { Jwk, SharedKey } from './types.js'

export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export type { Jwk, SharedKey } from './types.js'

/** Ed25519 and P-256 sign; X25519 and ECDH-P-256 decrypt. */
export type KeyKind = 'Ed25519' | 'P-256' | 'X25519' | 'ECDH-P-256'

/** The protected header of a JWS or JWE. */
export interface JoseHeader {
  alg: string
  kid?: string
  typ?: string
  cty?: string
  [member: string]: unknown
}

/** What a JWE holds. */
export interface OpenedJwe {
  header: JoseHeader
  plaintext: Uint8Array
  /** The content encryption key; of a visit request it is R. Overwrite it when it is not needed any more. */
  contentKey: Uint8Array
}

/** The header of what is sealed. */
export interface SealOptions {
  typ: string
  cty: string
}

/** Makes a private JWK with `kid`, `use` and `alg`. */
export function generateKey(kind: KeyKind, options: { kid: string }): Jwk {
  return JSON.parse(engine.call((glue) => glue.generateKey(kind, options.kid))) as Jwk
}

/** The public half of a private JWK. */
export function publicKey(privateKey: Jwk): Jwk {
  return JSON.parse(engine.call((glue) => glue.publicKey(JSON.stringify(privateKey)))) as Jwk
}

/** The thumbprint of a public JWK (RFC 7638 with SHA-256, base64url). */
export function thumbprint(key: Jwk): string {
  const { kty, crv, x, y, n, e } = key
  return engine.call((glue) => glue.thumbprint(JSON.stringify({ kty, crv, x, y, n, e })))
}

/** Signs bytes or UTF-8 text: EdDSA, ES256, or HS256 with a shared key. The header is exactly `alg kid typ`. */
export function signJws(
  payload: string | Uint8Array,
  key: Jwk | SharedKey,
  options: { typ: string },
): string {
  const symmetric = key.kty === 'oct'
  return engine.call((glue) =>
    glue.signJws(options.typ, bytesOf(payload), JSON.stringify(key), symmetric),
  )
}

/** Verifies a JWS with one key. It says nothing about `typ`, times or any other claim. */
export function verifyJws(
  jws: string,
  key: Jwk | SharedKey,
): { header: JoseHeader; payload: Uint8Array } {
  const symmetric = key.kty === 'oct'
  const payload = engine.call((glue) => glue.verifyJws(jws, JSON.stringify(key), symmetric))
  return withHeader(jws, { payload })
}

/**
 * The same for every algorithm that there is: RS256, PS256, ES384 and their like are verified by the host's WebCrypto, after
 * everything about text, header and key has been checked as strictly.
 */
export async function verifyJwsAsync(
  jws: string,
  key: Jwk | SharedKey,
): Promise<{ header: JoseHeader; payload: Uint8Array }> {
  if (key.kty === 'oct') return verifyJws(jws, key)
  const question = engine.call((glue) => glue.judgeJws(jws, JSON.stringify(key)))
  if (question !== undefined) {
    const { host } = JSON.parse(question) as { host: HostCheck }
    if (!(await hostVerifies(host, jws))) throw new LingpaiError('signature_invalid')
  }
  const [, payload = ''] = jws.split('.')
  return withHeader(jws, { payload: base64UrlBytes(payload) })
}

/** Encrypts to a public JWK (ECDH-ES+A256KW, A256GCM), under `contentKey` or a fresh one. */
export function sealJwe(
  plaintext: string | Uint8Array,
  to: Jwk,
  options: SealOptions & { contentKey?: Uint8Array },
): string {
  const { typ, cty, contentKey } = options
  return engine.call((glue) =>
    glue.sealJwe(JSON.stringify(to), typ, cty, bytesOf(plaintext), contentKey),
  )
}

/** Seals a token to a public key of a verifier (its `unsealKeys`), so that nobody on the way reads its claims. */
export function sealToken(token: string, to: Jwk): string {
  return engine.call((glue) => glue.sealToken(token, JSON.stringify(to)))
}

/** Decrypts with a private JWK. */
export function openJwe(jwe: string, privateKey: Jwk): OpenedJwe {
  const bytes = engine.call((glue) => glue.openJwe(jwe, JSON.stringify(privateKey)))
  const contentKey = bytes.slice(0, 32)
  return withHeader(jwe, { contentKey, plaintext: bytes.subarray(32) })
}

/** Encrypts under a key that both sides hold (dir, A256GCM). */
export function sealDirect(
  plaintext: string | Uint8Array,
  key: Uint8Array,
  options: SealOptions & { kid: string },
): string {
  const { kid, typ, cty } = options
  return engine.call((glue) => glue.sealDirect(kid, typ, cty, key, bytesOf(plaintext)))
}

/** Decrypts under a key that both sides hold. */
export function openDirect(
  jwe: string,
  key: Uint8Array,
): { header: JoseHeader; plaintext: Uint8Array } {
  const plaintext = engine.call((glue) => glue.openDirect(jwe, key))
  return withHeader(jwe, { plaintext })
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}

/** Adds the header, read when somebody looks at it: that takes as long as some of the work itself. */
function withHeader<T extends object>(text: string, opened: T): T & { header: JoseHeader } {
  const get = () => headerOf(text)
  return Object.defineProperty(opened, 'header', { get, enumerable: true }) as T & {
    header: JoseHeader
  }
}

/** The header of a text that the core has accepted: canonical, strict JSON. */
function headerOf(text: string): JoseHeader {
  const part = text.slice(0, text.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/')
  const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0))
  return JSON.parse(new TextDecoder().decode(bytes)) as JoseHeader
}
