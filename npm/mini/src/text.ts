// UTF-8 (RFC 3629) by hand: the engines of phones have no TextEncoder, whatever the developer tool has.

/** Text as UTF-8. Half a surrogate pair becomes U+FFFD, as everywhere. */
export function utf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at)
    if (code >= 0xd800 && code < 0xe000) {
      const low = text.charCodeAt(at + 1)
      const pair = code < 0xdc00 && low >= 0xdc00 && low < 0xe000
      code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd
      if (pair) at++
    }
    if (code < 0x80) {
      out[length++] = code
      continue
    }
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
    out[length++] = ([0xc0, 0xe0, 0xf0][more - 1] as number) | (code >> (6 * more))
    for (let left = more - 1; left >= 0; left--) out[length++] = 0x80 | ((code >> (6 * left)) & 63)
  }
  return out.slice(0, length)
}

/** The text of well-formed UTF-8: the module writes no other. */
export function fromUtf8(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] as number
    const more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let code = more === 0 ? lead : lead & (63 >> more)
    for (let left = 0; left < more; left++) code = (code << 6) | ((bytes[++at] as number) & 63)
    text +=
      code < 0x10000
        ? String.fromCharCode(code)
        : String.fromCharCode(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + (code & 0x3ff))
  }
  return text
}
