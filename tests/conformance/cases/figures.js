// Figures of the standards: RFC 7515 A, RFC 8037 A, RFC 7520 §4, RFC 7638, RFC 9449 §7.
import { createHash } from 'node:crypto'

import { wycheproof } from '../../hostile/wycheproof.js'

const JOE =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'

export function figureCases() {
  return [...rfc7515(), ...rfc8037(), ...rfc7520(), rfc7638()]
}

function rfc7515() {
  const hs256 =
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.' +
    `${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`
  const es256 =
    `eyJhbGciOiJFUzI1NiJ9.${JOE}.` +
    'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
  return [
    {
      name: 'RFC 7515 A.1, HS256',
      text: hs256,
      key: {
        kty: 'oct',
        k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
      },
      payload: JOE,
    },
    {
      name: 'RFC 7515 A.3, ES256',
      text: es256,
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      payload: JOE,
    },
    { name: 'RFC 7515 A.5, no signature', text: `eyJhbGciOiJub25lIn0.${JOE}.`, key: ED25519 },
  ].map(jws)
}

const ED25519 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

function rfc8037() {
  const text =
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.' +
    'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
  return [
    jws({ name: 'RFC 8037 A.4, EdDSA', text, key: ED25519, payload: text.split('.')[1] }),
    {
      name: 'RFC 8037 A.3, thumbprint',
      kind: 'thumbprint',
      key: ED25519,
      expected: { given: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' },
    },
  ]
}

/** The figures of RFC 7520 §4 whose vectors do not contradict themselves. */
function rfc7520() {
  const figures = { 345: '§4.1 RS256', 348: '§4.4 HS256', 349: '§4.1 RS256, with key_ops' }
  return wycheproof()
    .filter(({ set, id }) => set === 'signature' && id in figures)
    .map(({ id, text, key }) =>
      jws({ name: `RFC 7520 ${figures[id]}`, text, key, payload: text.split('.')[1] }),
    )
}

function rfc7638() {
  const key = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  }
  const { crv, kty, x, y } = key
  const hash = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }))
  const expected = { given: hash.digest('base64url') }
  return { name: 'RFC 7638 §3, an EC key', kind: 'thumbprint', key, expected }
}

function jws({ name, text, key, payload }) {
  const expected =
    payload === undefined
      ? { refused: 'algorithm_not_allowed' }
      : { given: Buffer.from(payload, 'base64url').toString('base64') }
  return { name, kind: 'jws', text, key, expected }
}
