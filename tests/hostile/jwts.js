// Hostile JWTs, for libraries that read nothing but JSON claims: each row says why RFC 7515, 7518, 7519 or 8725 wants the
// token refused. Signed with Node's own crypto, so that no library under test is asked what is right.
import { constants, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export const issuer = 'https://issuer.example'
export const audience = 'https://api.example'
/** What the comparison of libraries goes through. */
export const algorithms = ['HS256', 'ES256', 'RS256', 'PS256', 'EdDSA']
const ECDSA = ['ES256', 'ES384', 'ES512']
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const ASYMMETRIC = [...ECDSA, ...RSA, 'EdDSA']
/** All that there are. */
export const allAlgorithms = ['HS256', ...ASYMMETRIC]

const b64u = (data) => Buffer.from(data).toString('base64url')
const json = JSON.stringify

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** A key pair for an algorithm: the JWK that verifies, and what signs. */
export function createKey(alg, kid = 'key-1') {
  if (alg === 'HS256') {
    const secret = randomBytes(32)
    return { alg, secret, jwk: { kty: 'oct', kid, alg, k: b64u(secret) } }
  }
  const { privateKey, publicKey } =
    alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : alg.startsWith('ES')
        ? generateKeyPairSync('ec', { namedCurve: CURVES[alg] })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg }
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  return { alg, privateKey, jwk, pem }
}

/** A signature over any text. */
export function signatureOver(input, { alg, secret, privateKey: key }) {
  const data = Buffer.from(input)
  if (alg === 'HS256') return createHmac('sha256', secret).update(data).digest()
  if (alg === 'EdDSA') return sign(null, data, key)
  const [family, bits] = [alg.slice(0, 2), Number(alg.slice(2))]
  const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING } = constants
  const parameters = {
    ES: { dsaEncoding: 'ieee-p1363' },
    RS: { padding: RSA_PKCS1_PADDING },
    PS: { padding: RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
  }
  return sign(`sha${bits}`, data, { key, ...parameters[family] })
}

/** A token out of a header and claims, each an object or the very text. */
export function jwt(header, claims, key) {
  const input = [header, claims].map((it) => b64u(typeof it === 'string' ? it : json(it))).join('.')
  return signed(input, key)
}

function signed(input, key) {
  return `${input}.${b64u(signatureOver(input, key))}`
}

export function goodClaims() {
  // A little in the past: what is made here may be looked at under a clock that was read before.
  const iat = Math.floor(Date.now() / 1000) - 30
  return { iss: issuer, aud: audience, sub: 'user', jti: '1', iat, exp: iat + 600 }
}

const headerOf = ({ alg, jwk }) => ({ alg, kid: jwk.kid, typ: 'JWT' })

/** Rows { name, valid: true, make(key) }: good tokens that must not be refused. */
export const good = [
  { name: 'a plain token', make: (key) => jwt(headerOf(key), goodClaims(), key) },
  {
    name: 'several audiences',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), aud: ['other', audience] }, key),
  },
  {
    name: 'an unknown header member that is not critical',
    make: (key) => jwt({ ...headerOf(key), exotic: 1 }, goodClaims(), key),
  },
  {
    name: 'white space in the JSON of the header and of the claims',
    make: (key) => jwt(json(headerOf(key), null, 2), json(goodClaims(), null, 2), key),
  },
  {
    name: 'claims that nobody has heard of',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), more: [{ deep: [null, 1.5] }] }, key),
  },
].map((row) => ({ ...row, valid: true }))

/** Rows { name, why, make(key, other) }, `only` naming algorithms; `other` is a stranger's key for the same algorithm. */
export const hostile = [
  {
    name: 'signed by a stranger',
    why: 'RFC 7515 §5.2',
    make: (key, other) => jwt(headerOf(key), goodClaims(), other),
  },
  {
    name: 'altered claims',
    why: 'RFC 7515 §5.2',
    make(key) {
      const [header, , signature] = jwt(headerOf(key), goodClaims(), key).split('.')
      return [header, b64u(json({ ...goodClaims(), sub: 'admin' })), signature].join('.')
    },
  },
  {
    name: 'altered header',
    why: 'RFC 7515 §5.2',
    make(key) {
      const [, claims, signature] = jwt(headerOf(key), goodClaims(), key).split('.')
      return [b64u(json({ ...headerOf(key), x: 1 })), claims, signature].join('.')
    },
  },
  {
    name: 'no signature',
    why: 'RFC 7515 §5.2',
    make: (key) => jwt(headerOf(key), goodClaims(), key).replace(/[^.]+$/, ''),
  },
  {
    name: 'alg none, no signature',
    why: 'RFC 8725 §3.2',
    make: (key) => jwt({ ...headerOf(key), alg: 'none' }, goodClaims(), key).replace(/[^.]+$/, ''),
  },
  {
    name: 'alg nOnE, a signature',
    why: 'RFC 8725 §3.2',
    make: (key) => jwt({ ...headerOf(key), alg: 'nOnE' }, goodClaims(), key),
  },
  ...['pem', 'jwk'].map((form) => ({
    name: `HS256 under the public key, as ${form === 'pem' ? 'PEM' : 'JWK'}`,
    why: 'RFC 8725 §3.1',
    only: ASYMMETRIC,
    make(key) {
      const secret = form === 'pem' ? key.pem : json(key.jwk)
      return jwt({ ...headerOf(key), alg: 'HS256' }, goodClaims(), { alg: 'HS256', secret })
    },
  })),
  {
    name: "a stranger's key in the header, as jwk",
    why: 'RFC 8725 §3.8',
    make: (key, other) => jwt({ ...headerOf(key), jwk: other.jwk }, goodClaims(), other),
  },
  {
    name: 'an unknown critical header',
    why: 'RFC 7515 §4.1.11',
    make: (key) => jwt({ ...headerOf(key), crit: ['exotic'], exotic: 1 }, goodClaims(), key),
  },
  {
    name: 'b64: false, critical',
    why: 'RFC 7797 §7',
    make(key) {
      const header = b64u(json({ ...headerOf(key), b64: false, crit: ['b64'] }))
      return signed(`${header}.${b64u(json(goodClaims()))}`, key)
    },
  },
  {
    name: 'expired',
    why: 'RFC 7519 §4.1.4',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), exp: goodClaims().iat - 120 }, key),
  },
  {
    name: 'not yet valid',
    why: 'RFC 7519 §4.1.5',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), nbf: goodClaims().iat + 400 }, key),
  },
  {
    name: 'exp as text',
    why: 'RFC 7519 §4.1.4',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), exp: `${goodClaims().exp}` }, key),
  },
  {
    name: 'another issuer',
    why: 'RFC 8725 §3.8',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), iss: 'https://other.example' }, key),
  },
  {
    name: 'the issuer inside a list',
    why: 'RFC 7519 §4.1.1',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), iss: [issuer] }, key),
  },
  {
    name: 'no issuer',
    why: 'RFC 8725 §3.8',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), iss: undefined }, key),
  },
  {
    name: 'another audience',
    why: 'RFC 7519 §4.1.3',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), aud: 'https://other.example' }, key),
  },
  {
    name: 'no audience',
    why: 'RFC 8725 §3.9',
    make: (key) => jwt(headerOf(key), { ...goodClaims(), aud: undefined }, key),
  },
  {
    name: 'claims in a list',
    why: 'RFC 7519 §7.2',
    make: (key) => jwt(headerOf(key), json([goodClaims()]), key),
  },
  {
    name: 'claims with something behind them',
    why: 'RFC 7519 §7.2',
    make: (key) => jwt(headerOf(key), `${json(goodClaims())}{}`, key),
  },
  {
    name: 'claims that are no UTF-8',
    why: 'RFC 7519 §7.2',
    make(key) {
      const text = Buffer.from(json({ ...goodClaims(), sub: 'us\u00ffer' }), 'latin1')
      return signed(`${b64u(json(headerOf(key)))}.${b64u(text)}`, key)
    },
  },
  {
    name: 'a fourth part',
    why: 'RFC 7515 §7.1',
    make: (key) => `${jwt(headerOf(key), goodClaims(), key)}.e30`,
  },
  {
    name: 'the JSON serialization',
    why: 'RFC 7519 §1',
    make(key) {
      const [header, payload, signature] = jwt(headerOf(key), goodClaims(), key).split('.')
      return json({ payload, protected: header, signature })
    },
  },
  {
    name: 'claims in the alphabet of base64, signed as such',
    why: 'RFC 7515 §2',
    make(key) {
      const claims = Buffer.from(json({ ...goodClaims(), sub: '???>>>~~~' })).toString('base64')
      const text = claims.replaceAll('=', '')
      if (!/[+/]/.test(text)) throw new Error('the alphabets do not differ here')
      return signed(`${b64u(json(headerOf(key)))}.${text}`, key)
    },
  },
  {
    name: 'claims padded, signed as such',
    why: 'RFC 7515 §2',
    make: (key) => signed(`${b64u(json(headerOf(key)))}.${paddable(goodClaims())}==`, key),
  },
  {
    name: 'an ECDSA signature of zeros',
    why: 'FIPS 186-5 §6.4.2',
    only: ECDSA,
    make: (key) => withSignature(key, (input) => Buffer.alloc(signatureOver(input, key).length)),
  },
  {
    name: 'an ECDSA signature in DER',
    why: 'RFC 7518 §3.4',
    only: ECDSA,
    make: (key) =>
      withSignature(key, (input) =>
        sign(`sha${key.alg.slice(2)}`, Buffer.from(input), key.privateKey),
      ),
  },
  {
    name: 'an Ed25519 signature with S + L',
    why: 'RFC 8032 §5.1.7',
    only: ['EdDSA'],
    make: (key) => withSignature(key, (input) => plusOrder(signatureOver(input, key))),
  },
  {
    name: 'an RSA signature behind a zero byte',
    why: 'RFC 8017 §8.2.2',
    only: RSA,
    make: (key) =>
      withSignature(key, (input) => Buffer.concat([Buffer.alloc(1), signatureOver(input, key)])),
  },
  {
    name: 'RS256 where the key is for PS256',
    why: 'RFC 8725 §3.1',
    only: ['PS256'],
    make: (key) => jwt({ ...headerOf(key), alg: 'RS256' }, goodClaims(), { ...key, alg: 'RS256' }),
  },
  {
    name: 'ES256 under the kid of another kind of key',
    why: 'RFC 8725 §3.1',
    only: [...RSA, 'EdDSA'],
    make(key) {
      const other = createKey('ES256', key.jwk.kid)
      return jwt({ ...headerOf(key), alg: 'ES256' }, goodClaims(), other)
    },
  },
].map((row) => ({ ...row, valid: false }))

/** The same token in other letters: name -> (signature) => signature. A cache or a deny list by text misses all of them. */
export const spellings = {
  'a space': (signature) => `${signature.slice(0, 8)} ${signature.slice(8)}`,
  '`=` behind it': (signature) => signature + '='.repeat((4 - (signature.length % 4)) % 4),
  'a line break': (signature) => `${signature}\n`,
  'unused bits of the last letter': (signature) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)) ^ 1]
  },
  'the alphabet of base64': (signature) => signature.replaceAll('-', '+').replaceAll('_', '/'),
}

/** A good token with `-` and `_` in its signature, so that every spelling differs. */
export function tokenToSpell(key) {
  for (let round = 0; round < 10_000; round++) {
    const token = jwt(headerOf(key), { ...goodClaims(), jti: String(round) }, key)
    if (/-.*_|_.*-/.test(token.split('.')[2])) return token
  }
  throw new Error('no signature with both letters')
}

/** Claims whose base64url wants two signs of padding. */
function paddable(claims) {
  for (let fill = ''; ; fill += 'x') {
    const text = b64u(json({ ...claims, fill }))
    if (text.length % 4 === 2) return text
  }
}

function withSignature(key, make) {
  const input = jwt(headerOf(key), goodClaims(), key).split('.').slice(0, 2).join('.')
  return `${input}.${b64u(make(input))}`
}

/** Adds the order of the group to S (RFC 8032 §5.1), which leaves the equation true. */
function plusOrder(signature) {
  const order = (1n << 252n) + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return Buffer.concat([signature.subarray(0, 32), bytes])
}
