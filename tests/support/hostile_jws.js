// Signed tokens that must be refused, whoever reads them. Each row makes one from a good token's parts.
import { createHmac } from 'node:crypto'

import { sign, nowSeconds } from './jose_party.js'
import { publicKey, signingKey } from './jose_keys.js'

const b64u = (data) => Buffer.from(data).toString('base64url')
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Another spelling of the same bytes: the unused low bits of the last character are not zero. */
export function nonCanonical(part) {
  const spare = { 2: 4, 3: 2 }[part.length % 4]
  if (!spare) throw new Error('this part has no unused bits')
  const last = ALPHABET.indexOf(part.at(-1))
  return part.slice(0, -1) + ALPHABET[last ^ 1]
}

/** Flips one bit of a base64url text's first byte. */
export function alter(part) {
  const bytes = Buffer.from(part, 'base64url')
  bytes[0] ^= 1
  return b64u(bytes)
}

/** JSON nested `depth` deep. */
export const deepJson = (depth) => `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`

function unsigned(header, claims, signature = '') {
  return [b64u(JSON.stringify(header)), b64u(JSON.stringify(claims)), signature].join('.')
}

/**
 * Rows { name, code, make }. `make({ typ, claims, key })` gives the token, where `sign(typ, claims, key)` would be good.
 */
export const hostileJws = [
  {
    name: 'wrong issuer',
    code: 'issuer_mismatch',
    make: ({ typ, claims, key }) => sign(typ, { ...claims, iss: 'https://other.example' }, key),
  },
  {
    name: 'wrong type',
    code: 'type_mismatch',
    make: ({ claims, key }) => sign('JWT', claims, key),
  },
  {
    name: 'no type',
    code: 'type_mismatch',
    make: ({ claims, key }) => sign(undefined, claims, key),
  },
  {
    name: 'algorithm none, no signature',
    code: 'algorithm_not_allowed',
    make: ({ typ, claims, key }) => unsigned({ alg: 'none', kid: key.kid, typ }, claims),
  },
  {
    name: 'algorithm None, signature of a good token',
    code: 'algorithm_not_allowed',
    async make({ typ, claims, key }) {
      const good = await sign(typ, claims, key)
      return unsigned({ alg: 'None', kid: key.kid, typ }, claims, good.split('.')[2])
    },
  },
  ...['x', 'jwk'].map((secret) => ({
    name: `HS256 with the public key as secret (${secret === 'x' ? 'its bytes' : 'its JWK'})`,
    code: 'algorithm_not_allowed',
    make({ typ, claims, key }) {
      const hmacKey =
        secret === 'x' ? Buffer.from(key.x, 'base64url') : JSON.stringify(publicKey(key))
      const token = unsigned({ alg: 'HS256', kid: key.kid, typ }, claims).slice(0, -1)
      return `${token}.${createHmac('sha256', hmacKey).update(token).digest('base64url')}`
    },
  })),
  {
    name: 'key of another type under a known kid',
    code: 'algorithm_not_allowed',
    async make({ typ, claims, key }) {
      const other = await signingKey(key.kid, key.crv === 'Ed25519' ? 'P-256' : 'Ed25519')
      return sign(typ, claims, other)
    },
  },
  {
    name: 'another key of the same type under a known kid',
    code: 'signature_invalid',
    make: async ({ typ, claims, key }) => sign(typ, claims, await signingKey(key.kid, key.crv)),
  },
  {
    name: 'unknown kid',
    code: 'key_not_found',
    make: ({ typ, claims, key }) => sign(typ, claims, { ...key, kid: 'nobody' }),
  },
  {
    name: 'unknown crit',
    code: 'critical_header',
    async make({ typ, claims, key }) {
      const header = { alg: key.alg, kid: key.kid, typ, crit: ['exotic'], exotic: true }
      return unsigned(header, claims, (await sign(typ, claims, key)).split('.')[2])
    },
  },
  {
    name: 'b64 in the header',
    code: 'critical_header',
    async make({ typ, claims, key }) {
      const header = { alg: key.alg, kid: key.kid, typ, b64: false, crit: ['b64'] }
      return unsigned(header, claims, (await sign(typ, claims, key)).split('.')[2])
    },
  },
  {
    name: 'altered signature',
    code: 'signature_invalid',
    async make({ typ, claims, key }) {
      const [header, payload, signature] = (await sign(typ, claims, key)).split('.')
      return [header, payload, alter(signature)].join('.')
    },
  },
  {
    name: 'altered claims',
    code: 'signature_invalid',
    async make({ typ, claims, key }) {
      const [header, , signature] = (await sign(typ, claims, key)).split('.')
      return [header, b64u(JSON.stringify({ ...claims, scope: 'admin' })), signature].join('.')
    },
  },
  {
    name: 'non-canonical base64url',
    code: 'not_canonical',
    async make({ typ, claims, key }) {
      const [header, payload, signature] = (await sign(typ, claims, key)).split('.')
      return [header, payload, nonCanonical(signature)].join('.')
    },
  },
  {
    name: 'padded base64url',
    code: 'not_canonical',
    make: async ({ typ, claims, key }) => `${await sign(typ, claims, key)}==`,
  },
  {
    name: 'four parts',
    code: 'malformed',
    make: async ({ typ, claims, key }) => `${await sign(typ, claims, key)}.AAAA`,
  },
  {
    name: 'duplicate name in the claims',
    code: 'duplicate_member',
    make: ({ typ, claims, key }) =>
      sign(typ, JSON.stringify(claims).replace(/}$/, `,"sub":"somebody else"}`), key),
  },
  {
    name: 'duplicate name in the claims, spelled with an escape',
    code: 'duplicate_member',
    make: ({ typ, claims, key }) =>
      sign(typ, JSON.stringify(claims).replace(/}$/, `,"\\u0073ub":"somebody else"}`), key),
  },
  {
    name: 'duplicate name in the header',
    code: 'duplicate_member',
    async make({ typ, claims, key }) {
      const [header, payload, signature] = (await sign(typ, claims, key)).split('.')
      const json = Buffer.from(header, 'base64url').toString()
      return [b64u(json.replace(/}$/, ',"alg":"none"}')), payload, signature].join('.')
    },
  },
  {
    name: 'deep JSON in the claims',
    code: 'limit_exceeded',
    make: ({ typ, claims, key }) =>
      sign(typ, JSON.stringify(claims).replace(/}$/, `,"deep":${deepJson(100)}}`), key),
  },
  {
    name: 'deep JSON in the header',
    code: 'limit_exceeded',
    async make({ typ, claims, key }) {
      const [, payload, signature] = (await sign(typ, claims, key)).split('.')
      return [
        b64u(`{"alg":"${key.alg}","kid":"${key.kid}","typ":"${typ}","x":${deepJson(100)}}`),
        payload,
        signature,
      ].join('.')
    },
  },
  {
    name: '1 MB',
    code: 'limit_exceeded',
    big: true,
    make: ({ typ, claims, key }) => sign(typ, { ...claims, filler: 'x'.repeat(750_000) }, key),
  },
]

/** Rows about times, for readers that have a clock. */
export const outOfTime = [
  {
    name: 'expired',
    code: 'token_expired',
    make: ({ typ, claims, key }) =>
      sign(typ, { ...claims, iat: nowSeconds() - 70, exp: nowSeconds() - 10 }, key),
  },
  {
    name: 'not yet valid',
    code: 'token_not_yet_valid',
    make: ({ typ, claims, key }) =>
      sign(typ, { ...claims, iat: nowSeconds() + 60, exp: nowSeconds() + 120 }, key),
  },
]
