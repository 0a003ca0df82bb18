// What every engine has to do alike. Runs where there is nothing but ES2017, a `setTimeout`, and maybe WebAssembly; gives a
// list of [name, result], which is compared from engine to engine.
'use strict'

const { border, fromUtf8, hex } = require('./border.js')
const { session } = require('./session.js')
const vectors = require('./vectors.js')

/**
 * `builds`: name → exports of an instance, of the modules that this engine can run. `lingpai`: the package.
 * `instantiate(path)`: as the platform has it, if it has.
 */
exports.run = async function (lingpai, builds, instantiate) {
  const report = []
  const note = (name, result) => report.push([name, result])
  const each = (build, call, list) => {
    for (const vector of list) note(build + ': ' + vector.name, outcome(call, vector))
  }
  for (const build of Object.keys(builds)) {
    const call = border(builds[build])
    each(build, call, vectors.symmetric)
    if (build !== 'lingpai_mini') each(build, call, vectors.primitives)
    if (build !== 'symmetric') each(build, call, vectors.proofs)
    if (build === 'lingpai_mini_visit') each(build, call, vectors.verification)
    generator(build, call, note)
    fields(build, call, note)
    leftovers(build, call, builds[build], note)
  }
  await session(lingpai, instantiate, border(builds[Object.keys(builds)[0]]), note)
  return report
}

/** `right`, or what it was instead. */
function outcome(call, { call: given, expect, expectText, expectRefused }) {
  const result = call.apply(undefined, given)
  if (expectRefused !== undefined) {
    return result.refused !== undefined && expectRefused.test(result.refused)
      ? 'right'
      : hex(result)
  }
  if (result.refused !== undefined) return 'refused: ' + result.refused
  if (expectText !== undefined) return fromUtf8(result) === expectText ? 'right' : fromUtf8(result)
  return hex(result) === expect ? 'right' : hex(result)
}

const draw = (start) =>
  Uint8Array.from({ length: 32 }, (_, at) => (start + at * 89 + ((at * at) >> 2)) & 255)

/** What the generator gives for a given draw, and that it gives nothing without. */
function generator(build, call, note) {
  note(build + ': no randomness before a draw', hex(call(9, 16)))
  note(build + ': a constant draw', hex(call(8, new Uint8Array(32), draw(1), 'suite')))
  note(build + ': the same draw twice', hex(call(8, draw(1), draw(1), 'suite')))
  note(build + ': a short draw', hex(call(8, draw(1).slice(1), draw(2), 'suite')))
  note(build + ': still no randomness', hex(call(9, 16)))
  note(build + ': a draw', hex(call(8, draw(1), draw(2), 'suite')))
  note(build + ': 48 bytes', hex(call(9, 48)))
  note(build + ': another draw', hex(call(8, draw(3), draw(4), 'suite')))
  note(build + ': 70 bytes', hex(call(9, 70)))
  note(build + ': too many', hex(call(9, 1025)))
}

/** Messages that no caller should send. */
function fields(build, call, note) {
  note(build + ': an unknown operation', hex(call(4000)))
  note(build + ': no fields', hex(call(1)))
  note(build + ': an absent field', hex(call(1, undefined)))
  note(build + ': text that is no UTF-8', hex(call(7, new Uint8Array([0xff, 0xfe]))))
  note(build + ': a long field', hex(call(1, new Uint8Array(300000))))
  note(
    build + ': pacing',
    [1, 2, 5, 8].map((attempts) => hex(call(10, attempts, 0, undefined))).join(' '),
  )
  note(build + ': a refresh is due', hex(call(11, 1700000000, 1700000900)))
}

/** Secrets that went in, came out or were used on the way: none is found in the memory afterwards. */
function leftovers(build, call, exports, note) {
  const secret = (start) =>
    Uint8Array.from({ length: 32 }, (_, at) => (start ^ (at * 29 + 11)) & 255)
  const looked = {}
  const look = (name, bytes) => (looked[name] = holds(exports, bytes.slice(8, 24)))
  // A canary first: what is there is found.
  const at = exports.lp_input(64)
  new Uint8Array(exports.memory.buffer, at, 32).set(secret(1))
  look('canary', secret(1))
  call(1, 'anything')
  look('a message', secret(1))
  call(8, draw(40), draw(41), 'suite')
  look('a draw', draw(40))
  look('a second draw', draw(41))
  look('random bytes', call(9, 32))
  if (build !== 'lingpai_mini') {
    call(2, secret(2), 'text')
    look('a key of HMAC', secret(2))
    call(3, secret(3), '', '')
    look('a key to derive from', secret(3))
    const sealed = call(4, secret(4), new Uint8Array(12), '', secret(5))
    look('a key of AES', secret(4))
    look('a plaintext', secret(5))
    look('an opened plaintext', call(5, secret(4), new Uint8Array(12), '', sealed))
  }
  if (build !== 'symmetric') {
    look('a key of Ed25519 on its way out', call(20))
    call(21, secret(6))
    call(22, 'GET', 'https://api.example/', 1700000000, 'token', undefined, undefined)
    // The key itself stays, until another takes its place.
    call(21, secret(7))
    look('a key of Ed25519 that was replaced', secret(6))
  }
  note(build + ': what is left in memory', JSON.stringify(looked))
}

function holds(exports, bytes) {
  const memory = new Uint8Array(exports.memory.buffer)
  for (let at = memory.indexOf(bytes[0]); at >= 0; at = memory.indexOf(bytes[0], at + 1)) {
    let length = 1
    while (length < bytes.length && memory[at + length] === bytes[length]) length += 1
    if (length === bytes.length) return true
  }
  return false
}
