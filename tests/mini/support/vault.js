// A Worker in workerd with mini-programs and a vault, and tokenizers of mini-programs on phones.
import assert from 'node:assert/strict'

import { startWorld } from '../../exchange/support/world.js'
import { encryptionKey, secret } from '../../support/jose_keys.js'
import { ALL, FIELDS, person } from '../../vault/support/world.js'
import { deviceIn } from './device.js'

const symmetric = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: secret() })
const vaultPaths = /\/v1\/(tokens|pools|policies|reconcile)$/

/** Each way in which the vault fails: what becomes of a request to it. */
export const FAULTS = {
  refuses: () => 'request',
  hangs: () => 'unheard',
  'answers 500': () => ({ status: 500, headers: {}, body: 'oops' }),
  'answers 429': () => ({ status: 429, headers: { 'retry-after': '5' }, body: '' }),
  'answers 503': () => ({ status: 503, headers: { 'retry-after': '1' }, body: '' }),
  'is a captive portal': () => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html>Please log in</html>',
  }),
  'loses the answer after the commit': () => 'answer',
}

/** What Alipay's logic layer has not, and an app may bring along. */
export const optionsOf = (platform) =>
  platform === 'alipay' ? { wasm: 'instance', random: 'good' } : {}

/** Starts it. `fields`: changes to the vault's fields by name. */
export async function startVaultWorld({ fields = {} } = {}) {
  const world = await startWorld({
    register: (all) => all.map((one) => ({ ...one, scopes: [...one.scopes, ...ALL.split(' ')] })),
    bindings: {
      VAULT_SEAL_KEYS: JSON.stringify([{ key: await encryptionKey('seal-1', 'X25519') }]),
      VAULT_DATA_KEYS: JSON.stringify([{ key: symmetric('data-1') }]),
      VAULT_INDEX_KEY: JSON.stringify(symmetric('index')),
      VAULT_FIELDS: JSON.stringify(FIELDS.map((field) => ({ ...field, ...fields[field.name] }))),
    },
  })
  const { issuer } = world.deployment
  const { d: _, ...signing } = world.deployment.signing
  const keys = { keys: [signing] }

  /** A phone with a mini-program; `fail(name)` lets the vault fail in that way, and no more without a name. */
  function device(platform, fixed = {}) {
    const it = deviceIn(world, platform, { ...optionsOf(platform), ...fixed })
    const own = Object.assign(it, {
      told: [],
      code: { user: `user-${++users}` },
      fail(name) {
        it.fault = ({ url }) => (name && vaultPaths.test(url) ? FAULTS[name]() : undefined)
      },
      requests: (path) => it.sent.filter(({ url }) => url === issuer + path),
      open: (options = {}) =>
        it.run(
          it.mini.tokenizer({ issuer, keys, onEvent: (event) => own.told.push(event), ...options }),
        ),
      tokens: (tokenizer, values) => it.run(tokenizer.tokenizeMany(values, { field: 'phone' })),
      async drained(tokenizer) {
        for (let turn = 0; turn < 40; turn++) {
          const { pending } = await it.run(tokenizer.flush())
          if (pending === 0) return
          await it.phone.pass(5_000)
        }
        assert.fail(`what waits was not sent: ${JSON.stringify(tokenizer.status)}`)
      },
    })
    return own
  }

  return {
    ...world,
    device,
    /** Each token stands for its value, and each value has one canonical token. */
    async check(platform, tokens, values) {
      if (tokens.length === 0) return
      await world.worker.setClock(0)
      const claims = { client_id: `mini-${platform}` }
      const reader = await person({ issuer, deployment: world.deployment }, { claims })
      assert.deepEqual(await reader.reveal('phone', tokens), values)
      assert.deepEqual(
        await reader.canonical('phone', tokens),
        await reader.tokenize('phone', values),
      )
    },
  }
}

let users = 0
let numbers = 0
/** Another phone number each time. */
export const number = () => `+86139${String(10_000_000 + ++numbers)}`
export const numberOf = (count) => Array.from({ length: count }, number)
