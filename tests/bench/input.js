// The tokens that are measured.
import { randomBytes } from 'node:crypto'

import { CompactEncrypt } from 'jose'

import { publicKey, secret, signingKey } from '../support/jose_keys.js'
import { nowSeconds, sign } from '../support/jose_party.js'

export async function createInput() {
  const issuer = 'https://gate.example'
  const audience = 'https://api.example'
  const iat = nowSeconds()
  const claims = {
    iss: issuer,
    aud: audience,
    sub: 'Jc0EFcS0vQZ1l3k1hD6rDbQq5cJr9mO0o8u2yqg1a7c',
    client_id: 'partner',
    scope: 'profile orders:read',
    jti: 'kO0hWz4q2W0dJ9n6f1r8yA',
    sid: 'M5s0Wk3l9Qv7x2c4b6n8zA',
    iat,
    exp: iat + 900,
  }
  const key = randomBytes(32)
  const header = { alg: 'dir', enc: 'A256GCM', kid: 'key', typ: 'bench+jwe', cty: 'octet-stream' }
  const token = await new CompactEncrypt(randomBytes(512)).setProtectedHeader(header).encrypt(key)
  const signing = await signingKey('sign')
  const shared = { kty: 'oct', kid: 'shared', alg: 'HS256', k: secret() }
  return {
    issuer,
    audience,
    sealed: { token, key: key.toString('base64url') },
    shared: { key: shared, token: await sign('vt+jwt', claims, shared) },
    signed: { key: publicKey(signing), token: await sign('vt+jwt', claims, signing) },
  }
}
