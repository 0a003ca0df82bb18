// What the browser's WebCrypto does because the module leaves P-256 to it: signatures by ES256, and the agreement with an
// AppKey on that curve. A page on plain http has no WebCrypto; there such issuers and gateways are refused.
import { LingpaiError, toLingpaiError } from './errors.js'
import type { Issuer } from './wasm/lingpai_h5_bg.js'

/** A check of a token; `vouched` is the token once its signature has been verified here. */
export type Check<T> = (issuer: Issuer, vouched?: string) => T

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const ecdh = { name: 'ECDH', namedCurve: 'P-256' }

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
export async function agree(appKey: string): Promise<[ephemeral?: string, agreed?: Uint8Array]> {
  const { kty, crv, x, y } = JSON.parse(appKey) as JsonWebKey
  if (kty !== 'EC') return []
  const subtle = subtleCrypto('key_unusable')
  try {
    const [publicKey, ephemeral] = await Promise.all([
      subtle.importKey('jwk', { kty, crv, x, y } as JsonWebKey, ecdh, false, []),
      subtle.generateKey(ecdh, false, ['deriveBits']),
    ])
    const secret = subtle.deriveBits({ ...ecdh, public: publicKey }, ephemeral.privateKey, 256)
    const jwk = await subtle.exportKey('jwk', ephemeral.publicKey)
    const own = JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y })
    return [own, new Uint8Array(await secret)]
  } catch (cause) {
    throw new LingpaiError('key_unusable', { cause })
  }
}

async function verify(key: string, token: string): Promise<boolean> {
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
    const publicKey = await subtle.importKey('jwk', jwk, ecdsa, false, ['verify'])
    return await subtle.verify(ecdsa, publicKey, signature, input)
  } catch {
    return false
  }
}

function subtleCrypto(code: 'algorithm_not_allowed' | 'key_unusable'): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (!subtle) throw new LingpaiError(code, { message: 'P-256 needs WebCrypto, and so https' })
  return subtle
}
