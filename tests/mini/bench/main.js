// Prints how fast each engine does what a mini-program needs: our module, the same as JavaScript, `@noble` on the same
// operation. `npm run bench:mini`, or `cargo xtask bench --only mini`.
import { bundle, engines } from '../support/engines.js'

const script = await bundle(
  `
  const { measure } = require('./suite/speed.js')
  // What these engines lack, and @noble does not load without; ASCII is all that it encodes here.
  const libraries = () => {
    if (typeof TextEncoder === 'undefined') {
      TextEncoder = function () {}
      TextEncoder.prototype.encode = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
    }
    if (!Object.hasOwn) Object.hasOwn = (object, name) => Object.prototype.hasOwnProperty.call(object, name)
    return {
      sha256: require('@noble/hashes/sha2.js').sha256,
      hmac: require('@noble/hashes/hmac.js').hmac,
      gcm: require('@noble/ciphers/aes.js').gcm,
      ed25519: require('@noble/curves/ed25519.js').ed25519,
    }
  }
  exports.main = async (kind, exportsOf) => measure(kind, (kind) =>
    kind === 'wasm' ? exportsOf(exports.bytesOf('lingpai_mini_visit')) : exports.symmetric.instantiate(), libraries, 300)`,
  'es2020',
)

const titles = { wasm: 'ours, WASM', javascript: 'ours, JS', noble: '@noble' }
const shown = (rate) => {
  if (rate === undefined) return '–'
  return rate >= 100 ? Math.round(rate).toLocaleString('en') : rate.toFixed(rate < 10 ? 2 : 1)
}

console.log(
  'calls per second; – where it does not exist there; @noble with TextEncoder and Object.hasOwn lent to it\n',
)
const rows = []
// The bare realm is the V8 of this process once more.
for (const { name, builds, run } of engines.filter(({ name }) => name !== 'a bare realm')) {
  const results = {}
  for (const kind of [...builds, 'noble']) {
    const result = await run(script, kind)
    if (result.failed) throw new Error(`${name}, ${kind}: ${result.failed}`)
    results[kind] = result
  }
  const operations = [...new Set(Object.values(results).flatMap(Object.keys))]
  for (const operation of operations) {
    rows.push([
      name,
      operation,
      ...Object.keys(titles).map((kind) => shown(results[kind]?.[operation])),
    ])
  }
}
const header = ['engine', 'operation', ...Object.values(titles)]
const widths = header.map((_, at) => Math.max(...[header, ...rows].map((row) => row[at].length)))
const line = (row) =>
  row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ')
console.log(line(header))
let before
for (const row of rows) {
  console.log(line(row[0] === before ? ['', ...row.slice(1)] : row))
  before = row[0]
}
