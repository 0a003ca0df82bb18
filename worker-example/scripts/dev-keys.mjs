// Writes the secrets of a development Worker to `.dev.vars`, once: an existing file is never touched.
//
//   node scripts/dev-keys.mjs [--port 8787] [--file .dev.vars]
//
// Production keys are made the same way, elsewhere, and bound with `wrangler secret put`: see README.md.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { regionBindings, regionScopes } from './dev-region.mjs'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    file: { type: 'string', default: fileURLToPath(new URL('../.dev.vars', import.meta.url)) },
  },
})

// Two names of this machine, so that the app and the page that it opens are two origins.
const issuer = `http://127.0.0.1:${values.port}`
const page = `http://localhost:${values.port}`

const partnerSigningKey = keyPair('ed25519', 'partner-sig', { use: 'sig', alg: 'EdDSA' })
const partnerEncryptionKey = keyPair('x25519', 'partner-enc', { use: 'enc', alg: 'ECDH-ES+A256KW' })
const audience = `${issuer}/api`
const fields = ['phone', 'card', 'identity', 'email', 'name']
const onFields = fields.flatMap((name) => [`tokenize:${name}`, `reveal:${name}`])
const scope = ['profile', 'transfer', ...onFields, ...regionScopes].join(' ')

const bindings = {
  ISSUER: issuer,
  SIGNING_KEYS: [{ key: keyPair('ed25519', 'sig', { use: 'sig', alg: 'EdDSA' }).secret }],
  APP_KEYS: [{ key: keyPair('x25519', 'ak', { use: 'enc', alg: 'ECDH-ES+A256KW' }).secret }],
  REFRESH_KEYS: [{ key: symmetric('rt') }],
  SUBJECT_KEY: symmetric('sub'),
  ALIAS_KEYS: [symmetric('alias')],
  CLIENTS: [
    {
      clientId: 'xiaoman',
      keys: { keys: [partnerSigningKey.public] },
      encryptionKey: partnerEncryptionKey.public,
      scopes: scope.split(' '),
      audiences: [audience],
      pages: [page],
    },
  ],
  VAULT_SEAL_KEYS: [
    { key: keyPair('x25519', 'seal', { use: 'enc', alg: 'ECDH-ES+A256KW' }).secret },
  ],
  VAULT_DATA_KEYS: [{ key: symmetric('data') }],
  VAULT_INDEX_KEY: symmetric('index'),
  VAULT_FIELDS: fields.map((name) => ({ name, kind: `${name === 'name' ? 'text' : name}.1` })),
  SESSION_KEYS: [{ key: symmetric('session') }],
  // Put your app here, to try a mini-program against its platform.
  MINI_PROGRAMS: [
    {
      clientId: 'mini',
      platform: 'wechat',
      appId: 'wx0000000000000000',
      appSecret: 'the secret of this app',
      audiences: [audience],
      scopes: [...scope.split(' '), 'platform:payload', 'platform:phone'],
    },
  ],
  DEMO_PARTNER_KEY: {
    clientId: 'xiaoman',
    app: issuer,
    h5Url: `${page}/h5/`,
    audience,
    scope,
    signingKey: partnerSigningKey.secret,
    encryptionKey: partnerEncryptionKey.secret,
  },
  ...regionBindings({ keyPair, symmetric }),
}

const text = Object.entries(bindings).map(
  ([name, value]) => `${name}='${typeof value === 'string' ? value : JSON.stringify(value)}'\n`,
)
try {
  writeFileSync(values.file, text.join(''), { mode: 0o600, flag: 'wx' })
  console.log(`Made development keys: ${values.file}`)
} catch (error) {
  if (error.code !== 'EEXIST') throw error
  console.log(`Keeping the development keys in ${values.file}`)
  const kept = readFileSync(values.file, 'utf8')
  const missing = Object.keys(bindings).filter((name) => !kept.includes(`${name}=`))
  if (missing.length > 0) {
    console.log(`They are of an earlier version and lack ${missing.join(', ')}: delete the file to`)
    console.log('make all anew. What is stored under the old keys is then of no use any more.')
  }
}

function keyPair(curve, name, members) {
  const { privateKey } = generateKeyPairSync(curve)
  const { d, ...rest } = privateKey.export({ format: 'jwk' })
  const shown = { ...rest, kid: kid(name), ...members }
  return { public: shown, secret: { ...shown, d } }
}

function symmetric(name) {
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), kid: kid(name), alg: 'HS256' }
}

function kid(name) {
  return `${name}-${randomBytes(4).toString('hex')}`
}
