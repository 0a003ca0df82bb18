// A gateway in this process that keeps PROTOCOL §6 to the letter, on the phone's clock, so that every fault can be put where
// it hurts. The real one, in workerd, is in `exchange.test.js`. Calls to the service go through the real verifier.
import { createHash, randomBytes } from 'node:crypto'

import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws, thumbprint } from '@lingpai/edge/jose'

import { memoryLedger } from '../../edge/support/world.js'

export const url = 'https://gate.example'
export const audience = 'https://api.example'
export const clientId = 'app'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const key = generateKey('Ed25519', { kid: 's1' })
export const keys = { keys: [publicKey(key)] }

/** `lifeSeconds` of bound tokens; `demandNonce`: whether proofs need the server's nonce. */
export function createGateway({ lifeSeconds = 900, demandNonce = false } = {}) {
  const gateway = {
    phone: undefined,
    /** Every request that arrived. */
    log: [],
    /** Called with each request: may answer it, lose it (`lose()`), or lose its answer (`loseAnswer()`). */
    fault: () => undefined,
    codes: new Map(),
    logins: 0,
    families: new Map(),
    subjects: new Set(),
    demandNonce,
    lifeSeconds,
    network,
    login,
    count: (grant) =>
      gateway.log.filter((it) => it.form?.grant_type === grant || it.path === grant).length,
  }
  const nowSeconds = () => Math.floor(gateway.phone.nowMs / 1000)
  const ledger = memoryLedger()
  const verifier = createVerifier({
    issuer: url,
    audience,
    keys,
    publicOrigin: audience,
    replay: ledger,
    now: () => gateway.phone.nowMs,
    revocation: { isRevoked: async ({ sid }) => gateway.families.get(sid)?.revoked === true },
  })

  /** What the platform's login gives. */
  function login() {
    gateway.logins += 1
    const code = `code-${gateway.logins}`
    gateway.codes.set(code, {})
    return { code }
  }

  async function network({ url: address, method, headers, body }) {
    const { pathname, origin } = new URL(address)
    const request = { method, headers: lowered(headers), body, path: pathname, origin }
    if (headersOf(request)['content-type'] === 'application/x-www-form-urlencoded') {
      request.form = Object.fromEntries(new URLSearchParams(body))
    }
    gateway.log.push(request)
    const fault = gateway.fault(request)
    if (fault?.lost === 'request') throw fault.error
    if (fault?.status) return respond(fault, request)
    const answer = respond(await answerTo(request), request)
    if (fault?.lost === 'answer') throw fault.error
    if (fault?.held) {
      // Nobody waits for that but who asked.
      gateway.phone.busy -= 1
      await fault.held
      gateway.phone.busy += 1
    }
    return answer
  }

  async function answerTo(request) {
    if (request.path === '/v1/exchange') return exchange(request)
    if (request.path === '/.well-known/jwks.json') return { status: 200, json: keys }
    const web = new Request(request.origin + request.path, {
      method: request.method,
      headers: pick(request.headers, ['authorization', 'dpop']),
    })
    try {
      const { claims } = await verifier.verify(web)
      return {
        status: 200,
        json: { sub: claims.sub, bound: claims.cnf !== undefined, echo: request.body ?? null },
      }
    } catch (error) {
      return { status: error.status ?? 401, json: { error: error.code } }
    }
  }

  async function exchange({ form, headers }) {
    if (form.client_id !== clientId) return refusal('invalid_client', undefined, 401)
    let jkt
    if (headers.dpop) {
      if (gateway.demandNonce && claimsOf(headers.dpop).nonce !== nonce()) {
        return { ...refusal('use_dpop_nonce'), headers: { 'dpop-nonce': nonce() } }
      }
      jkt = await proven(headers.dpop)
      if (jkt === undefined) return refusal('invalid_dpop_proof')
    }
    if (form.grant_type === 'refresh_token') return refresh(form, jkt)
    if (form.grant_type !== EXCHANGE) return refusal('invalid_request')
    if (form.audience !== audience) return refusal('invalid_target')
    const known = gateway.codes.get(form.subject_token)
    if (known === undefined) return refusal('invalid_request', 'invalid_code', 400, '40029')
    const asked = form.lp_request ?? jkt
    if (known.used) {
      const same = asked !== undefined && known.used === asked && nowSeconds() - known.at < 60
      return same
        ? grant(known.family, known.values)
        : refusal('invalid_request', 'code_used', 400, '40163')
    }
    const family = {
      sid: randomBytes(8).toString('hex'),
      jkt,
      sub: 'u-1',
      scope: form.scope ?? 'read',
      used: -1,
      counter: 0,
    }
    gateway.families.set(family.sid, family)
    Object.assign(known, {
      used: asked ?? 'nobody',
      at: nowSeconds(),
      family,
      values: next(family),
    })
    return grant(family, known.values)
  }

  function refresh({ refresh_token: token }, jkt) {
    const [sid, counter] = (token ?? '').split('.')
    const family = gateway.families.get(sid)
    if (!family || family.revoked || jkt === undefined || family.jkt !== jkt)
      return refusal('invalid_grant', 'visit_ended')
    const fresh = Number(counter) === family.counter
    // The successor of a token that was never used, for a mini-program that died before it kept it.
    const predecessor = Number(counter) === family.counter - 1
    if (fresh) family.values = next(family)
    else if (!predecessor) {
      family.revoked = true
      return refusal('replayed', undefined, 409)
    }
    return grant(family, family.values)
  }

  function next(family) {
    family.counter += 1
    const iat = nowSeconds()
    const life = family.jkt ? gateway.lifeSeconds : Math.min(gateway.lifeSeconds, 300)
    return { jti: randomBytes(8).toString('hex'), iat, exp: iat + life, counter: family.counter }
  }

  function grant({ sid, sub, scope, jkt }, { jti, iat, exp, counter }) {
    const cnf = jkt && { jkt }
    const claims = {
      iss: url,
      aud: audience,
      sub,
      client_id: clientId,
      scope,
      jti,
      sid,
      iat,
      exp,
      cnf,
    }
    const json = {
      access_token: signJws(JSON.stringify(claims), key, { typ: 'vt+jwt' }),
      issued_token_type: ACCESS_TOKEN,
      token_type: jkt ? 'DPoP' : 'Bearer',
      expires_in: exp - nowSeconds(),
      scope,
    }
    gateway.subjects.add(sub)
    return { status: 200, json: jkt ? { ...json, refresh_token: `${sid}.${counter}` } : json }
  }

  function respond({ status, json, headers = {}, body }, { form }) {
    const document = status >= 400 && json ? { ...json, status } : json
    return {
      status: form?.lp_error_status === '200' && status >= 400 ? 200 : status,
      headers: {
        'content-type': 'application/json',
        date: new Date(gateway.phone.nowMs).toUTCString(),
        ...headers,
      },
      body: body ?? JSON.stringify(document),
    }
  }

  const nonce = () =>
    createHash('sha256')
      .update(String(Math.floor(nowSeconds() / 300)))
      .digest('hex')

  async function proven(proof) {
    try {
      const [head, payload, signature] = proof.split('.')
      const { jwk } = JSON.parse(Buffer.from(head, 'base64url'))
      const { subtle } = globalThis.crypto
      const imported = await subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify'])
      const bytes = Buffer.from(`${head}.${payload}`)
      const holds = await subtle.verify(
        'Ed25519',
        imported,
        Buffer.from(signature, 'base64url'),
        bytes,
      )
      const { htm, htu, iat, jti } = claimsOf(proof)
      const right =
        htm === 'POST' && htu === `${url}/v1/exchange` && Math.abs(iat - nowSeconds()) <= 60
      if (!holds || !right || !(await ledger.burn(jti))) return undefined
      return thumbprint(jwk)
    } catch {
      return undefined
    }
  }

  return gateway
}

export const claimsOf = (jws) => JSON.parse(Buffer.from(jws.split('.')[1], 'base64url'))

/** The request never arrives. */
export const lose = (message = 'timeout') => ({ lost: 'request', error: new Error(message) })
/** It arrives, and its answer does not. */
export const loseAnswer = (message = 'timeout') => ({ lost: 'answer', error: new Error(message) })
/** The request arrives, nothing ever comes back, and the platform never calls back. */
export const hang = () => ({
  lost: 'answer',
  error: Object.assign(new Error('hang'), { lost: true }),
})

/** It arrives, and its answer comes once `release()` is called. */
export function hold() {
  let release
  const held = new Promise((resolve) => (release = resolve))
  return { fault: { held }, release }
}

export function refusal(error, description, status = 400, provider) {
  return { status, json: { error, error_description: description, provider_code: provider } }
}

const headersOf = ({ headers }) => headers
const lowered = (headers) =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
const pick = (from, names) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
