// Ed25519 where implementations differ: points of small order, encodings that are not canonical, S beyond the order; and
// tokens that carry each of Wycheproof's invalid signatures, or the same deviation from a good one.
import { createPrivateKey, sign } from 'node:crypto'

import { primitives } from '../../support/vectors.js'

const issuer = 'https://issuer.example'
const audience = 'https://api.example'
const b64u = (data) => Buffer.from(data).toString('base64url')

/** Encodings of the points of small order, canonical and not (RFC 8032 §5.1.3; y and sign). */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map((hex) => Buffer.from(hex, 'hex'))

export function hostileEd25519Cases() {
  const nowMs = Date.now()
  const refused = ({ later, now, again, host }) =>
    Boolean(later?.refused) && !now && !again && !host
  const unusable = (outcome) => outcome.unusable === 'TypeError: keys: key_unusable'
  const taken = ({ later, now, again, host }) => Boolean(later?.given) && !now && !again && !host
  const cases = []
  const add = (name, x, signature, expected) =>
    cases.push({
      name,
      kind: 'token',
      byHost: true,
      nowMs,
      options: {
        issuer,
        audience,
        type: 'JWT',
        keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'k', x: b64u(x) }],
      },
      token: `${input(nowMs)}.${b64u(signature)}`,
      expected,
    })
  // With A and R of small order and S = 0 the equation without cofactor holds for one message in a few.
  for (const [index, point] of SMALL_ORDER.entries()) {
    const zero = Buffer.alloc(32)
    add(`a key of small order, ${index + 1}`, point, Buffer.concat([point, zero]), unusable)
    add(
      `a key and R of small order, ${index + 1}`,
      point,
      Buffer.concat([SMALL_ORDER[0], zero]),
      unusable,
    )
    const { key, x } = signer(7)
    const good = sign(null, Buffer.from(input(nowMs)), key)
    add(`R of small order, ${index + 1}`, x, Buffer.concat([point, good.subarray(32)]), refused)
  }
  for (const { test, good } of invalidOfWycheproof()) {
    const { key, x } = signer(9)
    const own = sign(null, Buffer.from(input(nowMs)), key)
    add(`Wycheproof ${test.tcId}, ${test.flags}`, x, Buffer.from(test.sig, 'hex'), refused)
    const changed = good && deviate(own, Buffer.from(good, 'hex'), Buffer.from(test.sig, 'hex'))
    if (changed && !changed.equals(own)) {
      add(`as Wycheproof ${test.tcId}, ${test.flags}`, x, changed, refused)
    }
  }
  const { key, x } = signer(9)
  add('a good one', x, sign(null, Buffer.from(input(nowMs)), key), taken)
  return cases
}

function input(nowMs) {
  const iat = Math.floor(nowMs / 1000)
  const claims = { iss: issuer, aud: audience, sub: 'user', iat, exp: iat + 600 }
  return [{ alg: 'EdDSA', kid: 'k', typ: 'JWT' }, claims]
    .map((it) => b64u(JSON.stringify(it)))
    .join('.')
}

/** A key from one repeated byte. */
function signer(byte) {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, byte),
  ])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { key, x: Buffer.from(key.export({ format: 'jwk' }).x, 'base64url') }
}

/** Wycheproof's invalid signatures, each with the good one of the same message if the group has it. */
function invalidOfWycheproof() {
  return primitives('ed25519_test').testGroups.flatMap(({ tests }) =>
    tests
      .filter(({ result }) => result === 'invalid')
      .map((test) => {
        const good = tests.find(({ msg, result }) => result === 'valid' && msg === test.msg)
        return { test, good: good?.sig }
      }),
  )
}

/** Does to `own` what turned `good` into `bad`: other bytes of R, a distance in S, another length. */
function deviate(own, good, bad) {
  if (bad.length !== 64) {
    return bad.length < 64 ? own.subarray(0, bad.length) : Buffer.concat([own, bad.subarray(64)])
  }
  const r = Buffer.from(own.subarray(0, 32).map((byte, i) => byte ^ good[i] ^ bad[i]))
  const distance = (number(bad) - number(good)) % (1n << 256n)
  const s = (number(own) + distance + (1n << 256n)) % (1n << 256n)
  return Buffer.concat([r, Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()])
}

function number(signature) {
  return BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
}
