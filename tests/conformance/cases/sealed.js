// Tokens sealed to the edge (PROTOCOL §5) by another library, for a ring of two keys, and everything that must not open.
import { CompactEncrypt, importJWK } from 'jose'

import { createKey, goodClaims, jwt } from '../../hostile/jwts.js'
import { hostileJwe } from '../../support/hostile_jwe.js'
import { encryptionKey, publicKey } from '../../support/jose_keys.js'

const issuer = 'https://issuer.example'
const audience = 'https://api.example'

/** Where the type, or the host's curve, has the first word. */
const CODES = { 'altered header': 'type_mismatch', 'epk off the curve': 'decryption_failed' }

export async function sealedCases() {
  const signing = createKey('EdDSA')
  const ring = {
    X25519: await encryptionKey('edge-1', 'X25519'),
    'P-256': await encryptionKey('edge-2', 'P-256'),
  }
  const nowMs = Date.now()
  const good = jwt({ alg: 'EdDSA', kid: signing.jwk.kid, typ: 'at+jwt' }, goodClaims(), signing)
  const forged = jwt(
    { alg: 'EdDSA', kid: signing.jwk.kid, typ: 'at+jwt' },
    goodClaims(),
    createKey('EdDSA'),
  )
  const one = (name, token, expected, more = {}) => ({
    name,
    kind: 'sealed',
    nowMs,
    token,
    options: {
      issuer,
      audience,
      keys: [signing.jwk],
      type: 'at+jwt',
      unsealKeys: Object.values(ring).map((key) => ({ key })),
      ...more,
    },
    expected: typeof expected === 'string' ? { refused: expected } : expected,
  })
  const taken = { given: 'user' }
  const cases = [
    one('an open token where sealed ones are taken too', good, taken),
    one('an open token where it has to be sealed', good, 'type_mismatch', { sealedOnly: true }),
  ]
  for (const [curve, key] of Object.entries(ring)) {
    const seal = (token, header) => encrypt(token, key, header)
    const sealed = await seal(good)
    const stranger = await encryptionKey('edge-3', curve)
    cases.push(
      one(`${curve}: a sealed token`, sealed, taken),
      one(`${curve}: where it has to be sealed`, sealed, taken, { sealedOnly: true }),
      one(`${curve}: a forged token inside`, await seal(forged), 'signature_invalid'),
      one(`${curve}: sealed twice`, await seal(sealed), 'malformed'),
      one(`${curve}: for a key that is not ours`, await encrypt(good, stranger), 'unknown_key'),
      one(
        `${curve}: under our name, for another key`,
        await encrypt(good, { ...stranger, kid: key.kid }),
        'decryption_failed',
      ),
      one(`${curve}: of another type`, await seal(good, { typ: 'lp-at+jwe' }), 'type_mismatch'),
      ...hostileJwe
        .filter((row) => !row.big && (row.curve ?? curve) === curve)
        .map((row) => one(`${curve}: ${row.name}`, row.make(sealed), CODES[row.name] ?? row.code)),
    )
  }
  return cases
}

async function encrypt(token, key, header = {}) {
  const { kid } = key
  const whole = {
    alg: 'ECDH-ES+A256KW',
    enc: 'A256GCM',
    kid,
    typ: 'lp-vt+jwe',
    cty: 'JWT',
    ...header,
  }
  return new CompactEncrypt(Buffer.from(token))
    .setProtectedHeader(whole)
    .encrypt(await importJWK(publicKey(key), 'ECDH-ES+A256KW'))
}
