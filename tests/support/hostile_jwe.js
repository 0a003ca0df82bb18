// Sealed texts that must not open. Each row makes one from a good text; `direct` rows are for `dir` too.
import { alter, nonCanonical, deepJson } from './hostile_jws.js'

const b64u = (data) => Buffer.from(data).toString('base64url')
const PARTS = ['header', 'key', 'iv', 'ciphertext', 'tag']

/** Replaces parts of a compact JWE: name -> (old part) => new part. */
function replace(jwe, changes) {
  return jwe
    .split('.')
    .map((part, index) => changes[PARTS[index]]?.(part) ?? part)
    .join('.')
}

/** Rewrites the header, which is authenticated too; `change` gets and gives an object, or gives the JSON text. */
function rewrite(jwe, change) {
  return replace(jwe, {
    header: (part) => {
      const header = change(JSON.parse(Buffer.from(part, 'base64url')))
      return b64u(typeof header === 'string' ? header : JSON.stringify(header))
    },
  })
}

/** Low-order points of Curve25519, little-endian: every shared secret with them is zero (RFC 7748 §6.1). */
export const lowOrderPoints = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => Buffer.from(hex, 'hex').toString('base64url'))

/** Rows { name, code, make, direct? }; `code` is what a library call says, to a stranger all of them look alike. */
export const hostileJwe = [
  {
    name: 'altered header',
    code: 'decryption_failed',
    direct: true,
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, cty: 'JSON' })),
  },
  {
    name: 'altered IV',
    code: 'decryption_failed',
    direct: true,
    make: (jwe) => replace(jwe, { iv: alter }),
  },
  {
    name: 'altered ciphertext',
    code: 'decryption_failed',
    direct: true,
    make: (jwe) => replace(jwe, { ciphertext: alter }),
  },
  {
    name: 'altered tag',
    code: 'decryption_failed',
    direct: true,
    make: (jwe) => replace(jwe, { tag: alter }),
  },
  {
    name: 'shortened tag',
    code: 'malformed',
    direct: true,
    make: (jwe) => replace(jwe, { tag: (part) => part.slice(0, 16) }),
  },
  {
    name: 'empty tag',
    code: 'malformed',
    direct: true,
    make: (jwe) => replace(jwe, { tag: () => '' }),
  },
  {
    name: 'longer IV',
    code: 'malformed',
    direct: true,
    make: (jwe) => replace(jwe, { iv: (part) => part + 'AAAA' }),
  },
  {
    name: 'non-canonical base64url',
    code: 'not_canonical',
    direct: true,
    make: (jwe) => replace(jwe, { tag: nonCanonical }),
  },
  { name: 'padded base64url', code: 'not_canonical', direct: true, make: (jwe) => `${jwe}==` },
  { name: 'white space around it', code: 'not_canonical', direct: true, make: (jwe) => `${jwe}\n` },
  {
    name: 'four parts',
    code: 'malformed',
    direct: true,
    make: (jwe) => jwe.split('.').slice(0, 4).join('.'),
  },
  { name: 'six parts', code: 'malformed', direct: true, make: (jwe) => `${jwe}.AAAA` },
  {
    name: 'unknown crit',
    code: 'critical_header',
    direct: true,
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, crit: ['exotic'], exotic: 1 })),
  },
  {
    name: 'compressed',
    code: 'malformed',
    direct: true,
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, zip: 'DEF' })),
  },
  {
    name: 'another enc',
    code: 'algorithm_not_allowed',
    direct: true,
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, enc: 'A128CBC-HS256' })),
  },
  {
    name: 'another alg',
    code: 'algorithm_not_allowed',
    direct: true,
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, alg: 'RSA1_5' })),
  },
  {
    name: 'duplicate name in the header',
    code: 'duplicate_member',
    direct: true,
    make: (jwe) =>
      rewrite(jwe, (header) => JSON.stringify(header).replace(/}$/, ',"enc":"A256GCM"}')),
  },
  {
    name: 'deep JSON in the header',
    code: 'limit_exceeded',
    direct: true,
    make: (jwe) =>
      rewrite(jwe, (header) => JSON.stringify(header).replace(/}$/, `,"x":${deepJson(100)}}`)),
  },
  {
    name: '1 MB',
    code: 'limit_exceeded',
    direct: true,
    big: true,
    make: (jwe) => replace(jwe, { ciphertext: (part) => part + 'A'.repeat(1 << 20) }),
  },
  {
    name: 'altered wrapped key',
    code: 'decryption_failed',
    make: (jwe) => replace(jwe, { key: alter }),
  },
  {
    name: 'without wrapped key',
    code: 'malformed',
    make: (jwe) => replace(jwe, { key: () => '' }),
  },
  {
    name: 'altered epk',
    code: 'decryption_failed',
    curve: 'X25519',
    make: (jwe) =>
      rewrite(jwe, ({ epk, ...header }) => ({ ...header, epk: { ...epk, x: alter(epk.x) } })),
  },
  {
    name: 'apu in the header',
    code: 'malformed',
    make: (jwe) => rewrite(jwe, (header) => ({ ...header, apu: 'QQ' })),
  },
  {
    name: 'epk on another curve',
    code: 'key_unusable',
    curve: 'X25519',
    make: (jwe) => rewrite(jwe, ({ epk: _, ...header }) => ({ ...header, epk: P256_BASE })),
  },
  {
    name: 'epk with a private part',
    code: 'malformed',
    make: (jwe) => rewrite(jwe, ({ epk, ...header }) => ({ ...header, epk: { ...epk, d: epk.x } })),
  },
  ...lowOrderPoints.map((x, index) => ({
    name: `epk of low order (${index + 1} of ${lowOrderPoints.length})`,
    code: 'key_unusable',
    curve: 'X25519',
    make: (jwe) => rewrite(jwe, ({ epk, ...header }) => ({ ...header, epk: { ...epk, x } })),
  })),
  {
    name: 'epk off the curve',
    code: 'key_unusable',
    curve: 'P-256',
    make: (jwe) =>
      rewrite(jwe, ({ epk, ...header }) => ({ ...header, epk: { ...epk, y: alter(epk.y) } })),
  },
]

/** The base point of P-256: a good key, on the wrong curve for X25519. */
const P256_BASE = {
  kty: 'EC',
  crv: 'P-256',
  x: 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY',
  y: 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
}
