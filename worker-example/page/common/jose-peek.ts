// Reads what JOSE shows to everybody: protected headers and, of a JWS, the claims. Verifies nothing, keeps no token.

export type Members = Readonly<Record<string, unknown>>

export function peekHeader(compact: string): Members | undefined {
  return part(compact, 0)
}

export function peekClaims(jws: string): Members | undefined {
  return part(jws, 1)
}

function part(compact: string, index: number): Members | undefined {
  try {
    const text = compact.split('.')[index] ?? ''
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes)) as Members
  } catch {
    return undefined
  }
}

/** SHA-256 as base64url, or nothing where the browser gives no WebCrypto. */
export async function sha256(text: string): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Enough of an identifier to recognise it. */
export function short(text: unknown, length = 8): string {
  const whole = String(text ?? '')
  return whole.length > length + 2 ? `${whole.slice(0, length)}…` : whole
}

/** `alg` and `enc` in one word. */
export function algorithms(header: Members | undefined): string {
  return [header?.['alg'], header?.['enc']].filter(Boolean).join(' + ')
}
