// A deployment with a vault in real workerd, and the tokenizer's side of the protocol written with `jose` and Node's crypto: it
// shares no code with the packages.
import { createHash, randomBytes } from 'node:crypto'

import { CompactEncrypt, importJWK } from 'jose'

import * as deployed from '../../support/deployment.js'
import { encryptionKey, proofKey, secret } from '../../support/jose_keys.js'
import { dpopProof } from '../../support/jose_party.js'
import { freePort } from '../../support/processes.js'
import { startWorker } from '../../support/worker.js'

export const FIELDS = [
  { name: 'phone', kind: 'phone.1' },
  { name: 'card', kind: 'card.1' },
  { name: 'identity', kind: 'identity.1' },
  { name: 'email', kind: 'email.1' },
  { name: 'name', kind: 'text.1' },
  { name: 'contact', kind: 'phone.1' },
]

/** All that a person may do. */
export const ALL = FIELDS.flatMap(({ name }) => [`tokenize:${name}`, `reveal:${name}`]).join(' ')

const symmetric = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: secret() })

/** Starts a deployment. `fields` are changes by name, `bindings` are added; `bundle` is that of another Worker. */
export async function startVault({ fields = {}, bindings: more = {}, bundle } = {}) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const deployment = await deployed.createDeployment({ issuer, pages: ['https://page.example'] })
  const seal = await encryptionKey('seal-1', 'X25519')
  const data = symmetric('data-1')
  const bindings = {
    ...deployment.bindings,
    VAULT_SEAL_KEYS: JSON.stringify([{ key: seal }]),
    VAULT_DATA_KEYS: JSON.stringify([{ key: data }]),
    VAULT_INDEX_KEY: JSON.stringify(symmetric('index')),
    VAULT_FIELDS: JSON.stringify(FIELDS.map((field) => ({ ...field, ...fields[field.name] }))),
    ...more,
  }
  const worker = await startWorker({ port, bindings, bundle })
  return {
    ...worker,
    worker,
    deployment,
    issuer,
    seal,
    data,
    bindings,
    audience: deployment.audience,
  }
}

let people = 0

/** Somebody with a proof key and a visit token. */
export async function person(world, { subject, scope = ALL, key, claims } = {}) {
  key ??= await proofKey()
  subject ??= `person-${++people}`
  const token = await deployed.forgeVisitToken(world.deployment, {
    jkt: key.jkt,
    sub: subject,
    scope,
    ...claims,
  })
  const call = async (
    path,
    body,
    { faults, method = 'POST', proof, headers, authorization } = {},
  ) => {
    const url = world.issuer + path
    proof ??= await dpopProof(key, { method, url: url.split('?')[0], token, claims: at(world) })
    const response = await deployed.post(url, {
      method,
      headers: {
        authorization: authorization ?? `DPoP ${token}`,
        dpop: proof,
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...(faults && { 'x-faults': faults }),
        ...headers,
      },
      ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return read(response)
  }
  const me = { subject, key, token, call }
  return {
    ...me,
    /** Tokens for values of one field. */
    async tokenize(field, values) {
      const items = values.map((value, at) => ({ op: String(at), field, value }))
      const { status, content } = await call('/v1/tokens', { items })
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(content)}`)
      return content.results.map(({ token, error, status }) => token ?? error ?? status)
    },
    async reveal(field, tokens) {
      const items = tokens.map((token) => ({ field, token }))
      const { status, content } = await call('/v1/tokens/reveal', { items })
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(content)}`)
      return content.results.map(({ value }) => value)
    },
    async canonical(field, tokens) {
      const items = tokens.map((token) => ({ field, token }))
      const { status, content } = await call('/v1/tokens/canonical', { items })
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(content)}`)
      return content.results.map(({ canonical }) => canonical)
    },
    async policy() {
      const { status, body, headers } = await call('/v1/policies', { jkt: key.jkt })
      if (status !== 200) throw new Error(`${status} ${body}`)
      return { text: body, type: headers.get('content-type'), claims: claimsOf(body) }
    },
    async lease(field, count) {
      return call('/v1/pools', { field, count })
    },
  }
}

/** A tokenizer that has a policy and works by itself. */
export async function install(world, options) {
  const me = await person(world, options)
  const policy = await me.policy()
  let sequence = 0
  const { iid, iat } = policy.claims
  return {
    ...me,
    policy: me.policy,
    granted: policy,
    nextOp: () => `${iid}.${iat}.${++sequence}`,
    /** An operation for a value, as it is sent; `under` replaces what is under the seal, `beside` what stands beside it. */
    async operation(field, value, { op, token, salt, lease, under, beside, policy: other } = {}) {
      const { claims } = other ?? policy
      op ??= this.nextOp()
      if (token === undefined) ({ token, salt } = provisional(claims.tenant, field, value))
      const content = {
        op,
        policy: claims.jti,
        tenant: claims.tenant,
        field,
        token,
        value,
        ...(lease === undefined ? { salt } : { lease }),
        ...under,
      }
      return { op, field, token, sealed: await sealOperation(content, claims.seal), ...beside }
    },
    /** Sends operations. */
    reconcile: (ops, options) => reconcile(world, options?.policy ?? policy, me.key, ops, options),
  }
}

/** Sends operations under a policy with a proof by `key`. */
export async function reconcile(
  world,
  policy,
  key,
  ops,
  { scheme = 'DPoP', proof, body, faults } = {},
) {
  const url = `${world.issuer}/v1/reconcile`
  proof ??=
    key && (await dpopProof(key, { method: 'POST', url, token: policy.text, claims: at(world) }))
  const response = await deployed.post(url, {
    headers: {
      authorization: `${scheme} ${policy.text}`,
      'content-type': 'application/json',
      ...(proof && { dpop: proof }),
      ...(faults && { 'x-faults': faults }),
    },
    body: body ?? JSON.stringify({ ops }),
  })
  return read(response)
}

/** A provisional token and the salt that opens it (PROTOCOL §7). */
export function provisional(tenant, field, value, salt = randomBytes(32)) {
  const part = (text) => {
    const bytes = Buffer.from(text)
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
  }
  const hash = createHash('sha256')
    .update('lingpai-v1 provisional\0')
    .update(part(tenant))
    .update(part(field))
    .update(salt)
    .update(value)
    .digest('base64url')
  return { token: `lpp1_${hash}`, salt: salt.toString('base64url') }
}

/** Seals an operation to the vault's key. */
export async function sealOperation(content, { kid, ...jwk }, header = {}) {
  const { kty, crv, x, y } = jwk
  const recipient = await importJWK({ kty, crv, x, ...(y && { y }) }, 'ECDH-ES+A256KW')
  return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid,
      typ: 'lp-op+jwe',
      cty: 'json',
      ...header,
    })
    .encrypt(recipient)
}

export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}

/** Chinese mobile numbers, each another. */
let numbers = 0
export const phone = () => `139${String(10_000_000 + ++numbers)}`

/** A clock that was moved makes proofs of its own time. */
function at({ offset = 0 }) {
  return offset === 0 ? {} : { iat: Math.floor(Date.now() / 1000) + offset }
}

/** Moves the deployment's clock and that of its clients. */
export async function moveClock(world, seconds) {
  world.offset = seconds
  await world.setClock(seconds)
}

function read(response) {
  const json = response.headers.get('content-type')?.includes('json')
  return { ...response, content: json ? JSON.parse(response.body) : undefined }
}
