// The border of the module, spoken by hand: for what the package does not export, such as its single operations.
'use strict'

function utf8(text) {
  return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0))
}

function fromUtf8(bytes) {
  return decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')))
}

function number(value) {
  return new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24])
}

/** `call(operation, ...fields)` → bytes, or `{ refused }`. */
function border(exports) {
  return function call(operation) {
    const fields = Array.prototype.slice.call(arguments, 1)
    const parts = fields.map((field) =>
      typeof field === 'string' ? utf8(field) : typeof field === 'number' ? number(field) : field,
    )
    const length = parts.reduce((sum, part) => sum + 4 + (part ? part.length : 0), 0)
    const start = exports.lp_input(length)
    const input = new Uint8Array(exports.memory.buffer, start, length)
    let at = 0
    for (const part of parts) {
      input.set(number(part ? part.length : 0xffffffff), at)
      if (part) input.set(part, at + 4)
      at += 4 + (part ? part.length : 0)
    }
    const refused = exports.lp_call(operation)
    const output = new Uint8Array(
      exports.memory.buffer,
      exports.lp_output(),
      exports.lp_output_length(),
    ).slice()
    exports.lp_clear()
    return refused ? { refused: fromUtf8(output) } : output
  }
}

function hex(bytes) {
  if (bytes.refused) return 'refused: ' + bytes.refused
  return Array.from(bytes, (byte) => (byte < 16 ? '0' : '') + byte.toString(16)).join('')
}

function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.substr(2 * at, 2), 16)
  return bytes
}

module.exports = { border, fromHex, fromUtf8, hex, number, utf8 }
