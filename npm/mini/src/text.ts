// UTF-8 by way of percent-encoding, which is part of the language: the engines of phones have no TextEncoder, whatever the
// developer tool has.

/** Text as UTF-8. Half a surrogate pair becomes U+FFFD, as everywhere. */
export function utf8(text: string): Uint8Array {
  const surrogates = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g
  const whole = text.replace(surrogates, (found) => (found.length === 2 ? found : '\ufffd'))
  const bytes = encodeURIComponent(whole).replace(/%(..)/g, (_, hex) => letter(parseInt(hex, 16)))
  return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))
}

/** The text of well-formed UTF-8: the module writes no other. */
export function fromUtf8(bytes: Uint8Array): string {
  let text = ''
  bytes.forEach((byte) => (text += (byte < 16 ? '%0' : '%') + byte.toString(16)))
  return decodeURIComponent(text)
}

const letter = String.fromCharCode
