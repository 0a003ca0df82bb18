// RSA2 of Alipay: RSASSA-PKCS1-v1_5 with SHA-256, by the host's WebCrypto.
import { LingpaiError } from '../../error.js'

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const

/** Imported keys by their text: importing takes longer than signing. */
const imported = new Map<string, Promise<CryptoKey>>()
const mostKeys = 64

/** Signs a text with a private key (PKCS #8); base64. Rejects with `key_unusable`. */
export async function rsaSign(privateKey: string, message: string): Promise<string> {
  const key = await keyOf('pkcs8', privateKey, 'sign')
  const bytes = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(message))
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}

/** Whether a signature in base64 over a text is right. Rejects with `key_unusable`. */
export async function rsaVerify(
  publicKey: string,
  message: string,
  sign: string,
): Promise<boolean> {
  const key = await keyOf('spki', publicKey, 'verify')
  const signature = bytesOf(sign)
  if (!signature) return false
  return crypto.subtle.verify(algorithm, key, signature, new TextEncoder().encode(message))
}

/** Checks of keys that need no import. */
export const rsaKeysOf = {
  /** Throws a `TypeError` where a key is no base64 or PEM. */
  check(name: string, key: string): void {
    if (!bytesOf(bare(key))) throw new TypeError(`${name}: has to be a key in base64 or PEM`)
    if (/RSA (PRIVATE|PUBLIC) KEY/.test(key)) {
      throw new TypeError(`${name}: has to be PKCS #8 or SPKI, not PKCS #1`)
    }
  },
}

function keyOf(format: 'pkcs8' | 'spki', text: string, use: KeyUsage): Promise<CryptoKey> {
  let key = imported.get(text)
  if (!key) {
    if (imported.size >= mostKeys) imported.delete(imported.keys().next().value as string)
    imported.set(text, (key = importKey(format, text, use)))
  }
  return key
}

async function importKey(format: 'pkcs8' | 'spki', text: string, use: KeyUsage) {
  const bytes = bytesOf(bare(text))
  try {
    if (!bytes) throw new TypeError()
    return await crypto.subtle.importKey(format, bytes, algorithm, false, [use])
  } catch {
    imported.delete(text)
    // The host's words may quote the key.
    throw new LingpaiError('key_unusable')
  }
}

function bare(key: string): string {
  return key.replace(/-----[A-Z0-9 ]+-----/g, '').replace(/\s+/g, '')
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
