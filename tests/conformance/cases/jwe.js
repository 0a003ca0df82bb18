// Sealed texts of another library, and every way in which one must not open.
import { randomBytes } from 'node:crypto'

import { CompactEncrypt, importJWK } from 'jose'

import { hostileJwe } from '../../support/hostile_jwe.js'
import { encryptionKey, publicKey } from '../../support/jose_keys.js'

const PLAINTEXT = 'sealed by another library'

export async function jweCases() {
  const cases = []
  for (const curve of ['X25519', 'P-256']) {
    const key = await encryptionKey('k', curve)
    const header = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: 'k', typ: 't', cty: 'c' }
    const text = await encrypt(header, await importJWK(publicKey(key), header.alg))
    const rows = hostileJwe.filter((row) => !row.big && (row.curve ?? curve) === curve)
    cases.push({ name: `${curve}: opens`, kind: 'jwe', text, key, expected: opened })
    cases.push(...rows.map((row) => hostile(`${curve}: ${row.name}`, row, { text, key })))
  }
  const shared = randomBytes(32)
  const text = await encrypt({ alg: 'dir', enc: 'A256GCM', kid: 'k', typ: 't', cty: 'c' }, shared)
  const given = { text, shared: shared.toString('base64url') }
  cases.push({ name: 'shared key: opens', kind: 'jwe', ...given, expected: opened })
  const rows = hostileJwe.filter((row) => row.direct && !row.big)
  cases.push(...rows.map((row) => hostile(`shared key: ${row.name}`, row, given)))
  for (const curve of ['Ed25519', 'P-256', 'X25519', 'ECDH-P-256']) {
    const expected = { given: Buffer.from('plaintext').toString('base64') }
    cases.push({ name: `${curve}: there and back`, kind: 'roundTrip', curve, expected })
  }
  return cases
}

const opened = { given: Buffer.from(PLAINTEXT).toString('base64') }

function hostile(name, { code, make }, { text, ...rest }) {
  return { name, kind: 'jwe', text: make(text), ...rest, expected: { refused: code } }
}

function encrypt(header, key) {
  return new CompactEncrypt(Buffer.from(PLAINTEXT)).setProtectedHeader(header).encrypt(key)
}
