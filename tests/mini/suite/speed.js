// The same operations by our module, by the same core as JavaScript, and by `@noble`: calls per second in this engine.
'use strict'

const { border } = require('../../../mini-example/pages/probe/border.js')

const text = 'x'.repeat(1024)
const bytes = new Uint8Array(1024).fill(120)
const key = new Uint8Array(32).fill(7)
const iv = new Uint8Array(12).fill(9)
const draw = (start) =>
  Uint8Array.from({ length: 32 }, (_, at) => (start + at * 89 + ((at * at) >> 2)) & 255)

/** Calls per second, over at least `ms`, and three calls however slow they are. */
function perSecond(call, ms) {
  call()
  const began = Date.now()
  let calls = 0
  while (Date.now() - began < ms || calls < 3) {
    call()
    calls += 1
    // An engine without any speed still ends.
    if (Date.now() - began > 10 * ms) break
  }
  return (1000 * calls) / Math.max(Date.now() - began, 1)
}

/** What our module does, in either form; `full` where it has keys. */
function ours(exports, full, ms) {
  const call = border(exports)
  call(8, draw(1), draw(2), 'bench')
  const out = {
    'SHA-256, 1 KB': perSecond(() => call(1, text), ms),
    'HMAC-SHA-256, 1 KB': perSecond(() => call(2, key, text), ms),
    'AES-256-GCM, 1 KB': perSecond(() => call(4, key, iv, new Uint8Array(0), text), ms),
  }
  if (full) {
    call(21, call(20))
    const proof = () =>
      call(22, 'POST', 'https://api.example/orders', 1700000000, 'a.b.c', undefined, undefined)
    out['Ed25519, a proof'] = perSecond(proof, ms)
  }
  return out
}

function noble(libraries, ms) {
  const { sha256, hmac, gcm, ed25519 } = libraries
  const message = new Uint8Array(400).fill(97)
  const out = {
    'SHA-256, 1 KB': perSecond(() => sha256(bytes), ms),
    'HMAC-SHA-256, 1 KB': perSecond(() => hmac(sha256, key, bytes), ms),
    'AES-256-GCM, 1 KB': perSecond(() => gcm(key, iv).encrypt(bytes), ms),
  }
  if (typeof BigInt !== 'undefined') {
    out['Ed25519, a proof'] = perSecond(() => ed25519.sign(message, key), ms)
  }
  return out
}

exports.measure = (kind, builds, libraries, ms) => {
  if (kind === 'noble') return noble(libraries(), ms)
  return ours(builds(kind), kind === 'wasm', ms)
}
