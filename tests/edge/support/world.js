// An authority with one partner and one service, all in this process, on a clock that tests set.
import {
  createAuthority,
  decideLedger,
  isRevokedRecord,
  revokedRecord,
} from '@lingpai/edge/authority'
import { generateKey, openDirect, publicKey, sealJwe, thumbprint } from '@lingpai/edge/jose'
import { requestAccessToken } from '@lingpai/edge/partner'

export const issuer = 'https://gate.example'
export const audience = 'https://api.example'
export const page = 'https://h5.example'
export const start = Date.UTC(2027, 0, 1)

const { subtle } = globalThis.crypto
const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const random = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length))

/** A clock in milliseconds. */
export function clockAt(time = start) {
  const clock = () => time
  clock.pass = (seconds) => (time += seconds * 1000)
  return clock
}

/** A ledger in memory, as other stores would be written. */
export function memoryLedger() {
  const records = new Map()
  const burned = new Set()
  const keep = (family, { record }) => record !== undefined && records.set(family, record)
  return {
    records,
    async decide(family, command) {
      const decision = decideLedger(records.get(family), command)
      keep(family, decision)
      return decision.outcome
    },
    async revoke(family) {
      if (records.has(family)) keep(family, revokedRecord(records.get(family)))
    },
    async isRevoked(family) {
      return records.has(family) && isRevokedRecord(records.get(family))
    },
    async burn(key) {
      if (burned.has(key)) return false
      burned.add(key)
      return true
    },
  }
}

export function sharedKey() {
  return { kty: 'oct', k: base64url(random(32)) }
}

/** Everything that a test needs; `options` go to the authority. */
export function world({ clock = clockAt(), client = {}, ...options } = {}) {
  const partner = {
    signingKey: generateKey('Ed25519', { kid: 'partner-sig' }),
    encryptionKey: generateKey('X25519', { kid: 'partner-enc' }),
  }
  const ledger = memoryLedger()
  const registration = {
    clientId: 'app',
    keys: { keys: [publicKey(partner.signingKey)] },
    encryptionKey: publicKey(partner.encryptionKey),
    scopes: ['read', 'pay'],
    audiences: [audience],
    pages: [page],
    ...client,
  }
  const authority = createAuthority({
    issuer,
    signingKeys: [{ key: generateKey('Ed25519', { kid: 's1' }) }],
    appKeys: [{ key: generateKey('X25519', { kid: 'a1' }) }],
    refreshKeys: [{ key: sharedKey() }],
    subjectKey: sharedKey(),
    clients: [registration],
    ledger,
    now: clock,
    ...options,
  })
  const call = (input, init) => {
    const request = new Request(input, init)
    return request.url.endsWith('/jwks.json')
      ? authority.jwks()
      : authority.issueAccessToken(request)
  }
  const accessToken = (more = {}) =>
    requestAccessToken({
      issuer,
      clientId: 'app',
      ...partner,
      subject: 'user-1',
      audience,
      scope: 'read',
      page,
      fetch: call,
      now: clock,
      ...more,
    })
  return { authority, ledger, partner, registration, clock, accessToken, fetch: call }
}

/** A proof key and the proofs that it makes; `change` alters claims or, as `header`, the header. */
export function proofKey(kind = 'Ed25519', clock = () => Date.now()) {
  const key = generateKey(kind, { kid: 'proof' })
  const { kty, crv, x, y } = key
  const jwk = y === undefined ? { kty, crv, x } : { kty, crv, x, y }
  const [name, hash] =
    kind === 'Ed25519' ? ['Ed25519'] : [{ name: 'ECDSA', namedCurve: 'P-256' }, 'SHA-256']
  const imported = subtle.importKey('jwk', { ...jwk, d: key.d }, name, false, ['sign'])
  async function proof(method, url, token, { header, ...change } = {}) {
    const ath = token && base64url(await subtle.digest('SHA-256', new TextEncoder().encode(token)))
    const parts = [
      { alg: kind === 'Ed25519' ? 'EdDSA' : 'ES256', jwk, typ: 'dpop+jwt', ...header },
      {
        htm: method,
        htu: url,
        iat: Math.floor(clock() / 1000),
        jti: base64url(random(16)),
        ...(ath && { ath }),
        ...change,
      },
    ]
    const input = parts.map((part) => base64url(JSON.stringify(part))).join('.')
    const algorithm = hash ? { name: 'ECDSA', hash } : 'Ed25519'
    const signature = await subtle.sign(algorithm, await imported, new TextEncoder().encode(input))
    return `${input}.${base64url(signature)}`
  }
  return { jkt: thumbprint(publicKey(key)), proof }
}

/** Makes a sealed request and the function that opens its answer. */
export function sealed(kind, appKey, content) {
  const contentKey = random(32)
  const typ = kind === 'visit' ? 'lp-visit+jwe' : 'lp-refresh+jwe'
  const body = sealJwe(JSON.stringify(content), appKey, { typ, cty: 'json', contentKey })
  async function open(response) {
    const salt = await subtle.digest('SHA-256', new TextEncoder().encode(body))
    const info = new TextEncoder().encode('lingpai-v1 visit-response')
    const ikm = await subtle.importKey('raw', contentKey, 'HKDF', false, ['deriveBits'])
    const bits = await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, ikm, 256)
    const { plaintext } = openDirect(await response.text(), new Uint8Array(bits))
    return JSON.parse(Buffer.from(plaintext).toString())
  }
  return { body, open }
}

/** Sends a page's request. */
export async function send(place, kind, body, { key, headers = {}, origin = page } = {}) {
  const path = kind === 'visit' ? '/v1/visits' : '/v1/visits/refresh'
  const dpop = key && { dpop: await key.proof('POST', issuer + path) }
  const request = new Request(issuer + path, {
    method: 'POST',
    body,
    headers: { origin, 'content-type': 'application/jose', ...dpop, ...headers },
  })
  return place.authority[kind === 'visit' ? 'answerVisit' : 'refreshVisit'](request)
}

/** The AppKey that the authority publishes for new work. */
export async function appKeys(place) {
  return (await (await place.authority.configuration()).json()).app_keys
}

/** Opens a visit; with `key` it is bound. */
export async function visit(place, key) {
  const { accessToken } = await place.accessToken(key && { jkt: key.jkt })
  const [appKey] = await appKeys(place)
  const { body, open } = sealed('visit', appKey, { at: accessToken, jkt: key?.jkt })
  const response = await send(place, 'visit', body, { key })
  return open(response)
}
