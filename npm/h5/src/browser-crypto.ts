// What the browser's WebCrypto does because the module leaves it to it: signatures by ES256 and EdDSA, and the agreement with an
// AppKey. A page on plain http has no WebCrypto: it gets the module that has Curve25519, and P-256 is refused there.
import type { Engine } from './engine.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import type { Issuer } from './wasm/lingpai_h5_bg.js'

/** A check of a token; `vouched` is the token once its signature has been verified here. */
export type Check<T> = (issuer: Issuer, vouched?: string) => T

// By the type of the key
const signing = {
  EC: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  OKP: { name: 'Ed25519' },
}
const agreeing = {
  EC: { name: 'ECDH', namedCurve: 'P-256' },
  OKP: { name: 'X25519' },
}

/** Runs a check of the token that `token` gives; once more where the module wants the browser's word. */
export async function checked<T>(
  issuer: Issuer,
  check: Check<T>,
  token: () => string | undefined,
): Promise<T> {
  try {
    return check(issuer)
  } catch (thrown) {
    const error = toLingpaiError(thrown)
    const text = error.message === 'algorithm_not_allowed (host)' ? token() : undefined
    if (text === undefined) throw error
    if (!(await verify(issuer.keyOf(text), text))) throw new LingpaiError('signature_invalid')
    return check(issuer, text)
  }
}

/** The ephemeral public key (a JWK) and the secret that it shares with an AppKey; nothing where the module makes both. */
export async function agree(
  engine: Pick<Engine, 'hasCurve25519'>,
  appKey: string,
): Promise<[ephemeral?: string, agreed?: Uint8Array]> {
  const { kty } = JSON.parse(appKey) as JsonWebKey
  return kty === 'OKP' && engine.hasCurve25519() ? [] : agreeWith(appKey)
}

/** The same by the browser. */
export async function agreeWith(appKey: string): Promise<[ephemeral: string, agreed: Uint8Array]> {
  const { kty, crv, x, y } = JSON.parse(appKey) as JsonWebKey
  const subtle = subtleCrypto('key_unusable')
  const algorithm = algorithmOf(agreeing, kty)
  const generate = () =>
    subtle.generateKey(algorithm, false, ['deriveBits']) as Promise<CryptoKeyPair>
  try {
    const [publicKey, ephemeral] = await Promise.all([
      subtle.importKey('jwk', { kty, crv, x, ...(y && { y }) } as JsonWebKey, algorithm, false, []),
      // WebKitGTK fails to make one X25519 key in 256: that is no reason to refuse a visit.
      generate().catch(generate).catch(generate),
    ])
    const parameters = { ...algorithm, public: publicKey }
    const secret = subtle.deriveBits(parameters, ephemeral.privateKey, 256)
    const own = await subtle.exportKey('jwk', ephemeral.publicKey)
    const jwk = JSON.stringify({ kty, crv, x: own.x, y: own.y })
    return [jwk, new Uint8Array(await secret)]
  } catch (cause) {
    throw new LingpaiError('key_unusable', { cause })
  }
}

/** Whether the signature of a JWS is by the holder of a key (a JWK). */
export async function verify(key: string, token: string): Promise<boolean> {
  const subtle = subtleCrypto('algorithm_not_allowed')
  const end = token.lastIndexOf('.')
  const base64 = token
    .slice(end + 1)
    .replace(/-/g, '+')
    .replace(/_/g, '/')
  const signature = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const input = new TextEncoder().encode(token.slice(0, end))
  try {
    const jwk = JSON.parse(key) as JsonWebKey
    const algorithm = algorithmOf(signing, jwk.kty)
    const publicKey = await subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
    return await subtle.verify(algorithm, publicKey, signature, input)
  } catch {
    return false
  }
}

function algorithmOf<A>(algorithms: { EC: A; OKP: A }, kty: string | undefined): A {
  return kty === 'EC' ? algorithms.EC : algorithms.OKP
}

function subtleCrypto(code: 'algorithm_not_allowed' | 'key_unusable'): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (!subtle) throw new LingpaiError(code, { message: 'P-256 needs WebCrypto, and so https' })
  return subtle
}
