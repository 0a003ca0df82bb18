// The protocol as another stack would write it: `jose`, and Node's own crypto where `jose` does not yield the CEK.
// One half of every interop test, and the source of every hostile token. Shares no code with the packages.
import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
  randomUUID,
} from 'node:crypto'

import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from 'jose'

const text = new TextEncoder()
const sha256 = (data) => createHash('sha256').update(data).digest()

/** Now in the protocol's unit. */
export const nowSeconds = () => Math.floor(Date.now() / 1000)

/** Signs claims. The header is `alg kid typ` and whatever `header` says besides (undefined leaves one out). */
export async function sign(typ, claims, jwk, header = {}) {
  const key = await importJWK(jwk, jwk.alg)
  const protectedHeader = { alg: jwk.alg, kid: jwk.kid, typ, ...header }
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  return new CompactSign(text.encode(payload)).setProtectedHeader(protectedHeader).sign(key)
}

/** Verifies a JWS and returns header and claims. */
export async function verify(token, jwk) {
  const { payload, protectedHeader } = await compactVerify(token, await importJWK(jwk, jwk.alg))
  return { header: protectedHeader, claims: JSON.parse(new TextDecoder().decode(payload)) }
}

/** The partner's assertion for the authority (PROTOCOL §1). */
export function clientAssertion({
  clientId,
  issuer,
  key,
  claims,
  typ = 'client-authentication+jwt',
}) {
  const iat = nowSeconds()
  const exact = { iss: clientId, sub: clientId, aud: issuer, iat, exp: iat + 60, jti: randomUUID() }
  return sign(typ, { ...exact, ...claims }, key)
}

/** The form of a partner's request for an AT. */
export function accessTokenForm({ assertion, ...members }) {
  return new URLSearchParams({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    ...members,
  })
}

/** The partner opens what it got: the AT inside a JWE to its key. */
export async function openAccessToken(jwe, key) {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, await importJWK(key, key.alg))
  return { accessToken: new TextDecoder().decode(plaintext), header: protectedHeader }
}

/** Claims of an AT as the authority would write them. */
export function accessTokenClaims({
  issuer,
  gateway = issuer,
  page,
  audience,
  appKey,
  jkt,
  ...claims
}) {
  const iat = nowSeconds()
  const { kty, crv, x, y, kid, use, alg } = appKey
  return {
    iss: issuer,
    aud: `${gateway}/v1/visits`,
    sub: 'subject',
    client_id: 'partner',
    scope: 'profile orders:read',
    va: audience,
    page,
    jti: randomUUID(),
    iat,
    exp: iat + 120,
    ak: { kty, crv, x, ...(y && { y }), kid, use, alg },
    ...(jkt && { cnf: { jkt } }),
    ...claims,
  }
}

/** A page's request: sealed under a random key R. `kind` is visit or refresh. */
export async function sealRequest({
  kind = 'visit',
  content,
  appKey,
  header = {},
  r = randomBytes(32),
}) {
  const { kty, crv, x, y } = appKey
  const recipient = await importJWK({ kty, crv, x, ...(y && { y }) }, 'ECDH-ES+A256KW')
  const request = await new CompactEncrypt(text.encode(JSON.stringify(content)))
    .setProtectedHeader({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: appKey.kid,
      typ: `lp-${kind}+jwe`,
      cty: 'json',
      ...header,
    })
    .setContentEncryptionKey(r)
    .encrypt(recipient)
  return { request, r }
}

/** The key of an answer: only who knows R and saw the request has it. */
export function answerKey(r, request) {
  const info = 'lingpai-v1 visit-response'
  return Buffer.from(hkdfSync('sha256', r, sha256(request), info, 32))
}

/** The page opens the answer to its request. */
export async function openAnswer(answer, { request, r }) {
  const { plaintext, protectedHeader } = await compactDecrypt(answer, answerKey(r, request))
  return { content: JSON.parse(new TextDecoder().decode(plaintext)), header: protectedHeader }
}

/** The authority opens a request; Node's crypto, because `jose` keeps the CEK to itself. */
export function openRequest(request, appKey) {
  const [encodedHeader, encryptedKey, iv, ciphertext, tag] = request.split('.')
  const header = JSON.parse(Buffer.from(encodedHeader, 'base64url'))
  const r = unwrap(agree(header, appKey), Buffer.from(encryptedKey, 'base64url'))
  const decipher = createDecipheriv('aes-256-gcm', r, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(encodedHeader, 'ascii'))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  const plaintext = Buffer.concat([decipher.update(ciphertext, 'base64url'), decipher.final()])
  return { header, r, request, content: JSON.parse(plaintext) }
}

/** The authority answers a request (or anything else that the test wants the page to get). */
export async function sealAnswer({ request, r }, content, header = {}) {
  return new CompactEncrypt(text.encode(JSON.stringify(content)))
    .setProtectedHeader({
      alg: 'dir',
      enc: 'A256GCM',
      kid: sha256(request).toString('base64url'),
      typ: 'lp-answer+jwe',
      cty: 'json',
      ...header,
    })
    .encrypt(answerKey(r, request))
}

/** A DPoP proof (RFC 9449) by a key of `proofKey`. */
export async function dpopProof({ alg, jwk, header }, { method, url, token, claims, ...more }) {
  const payload = {
    htm: method,
    htu: url,
    iat: nowSeconds(),
    jti: randomUUID(),
    ...(token && { ath: sha256(token).toString('base64url') }),
    ...claims,
  }
  const key = await importJWK(jwk, alg)
  return new CompactSign(text.encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: header, ...more.header })
    .sign(key)
}

/** ECDH and Concat KDF (RFC 7518 §4.6.2) for ECDH-ES+A256KW. */
function agree({ alg, epk }, { kty, crv, x, y, d }) {
  const z = diffieHellman({
    privateKey: createPrivateKey({ key: { kty, crv, x, y, d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: epk, format: 'jwk' }),
  })
  const word = (n) => Buffer.from([0, 0, n >> 8, n & 0xff])
  const otherInfo = [word(alg.length), Buffer.from(alg), word(0), word(0), word(256)]
  return sha256(Buffer.concat([word(1), z, ...otherInfo]))
}

/** AES key unwrap (RFC 3394). */
function unwrap(key, wrapped) {
  const decipher = createDecipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6))
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}
