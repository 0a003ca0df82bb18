// The Worker in workerd with a mini-program on every platform, the platforms' servers on loopback, and the clients' side of the
// exchange written with `jose`.
import { randomBytes } from 'node:crypto'

import { callApi, createDeployment, post } from '../../support/deployment.js'
import { secret } from '../../support/jose_keys.js'
import { dpopProof } from '../../support/jose_party.js'
import { startPlatforms } from '../../support/platforms/index.js'
import { freePort } from '../../support/processes.js'
import { startWorker } from '../../support/worker.js'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** Starts everything. `register` changes the registrations, `bindings` are added. */
export async function startWorld({
  register = (registrations) => registrations,
  bindings: more = {},
  onOutput,
} = {}) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const deployment = await createDeployment({ issuer, pages: ['https://page.example'] })
  const { platforms, registrations, secrets, stop } = await startPlatforms()
  const sessionKey = { kty: 'oct', kid: 'session-1', k: secret() }
  const bindings = {
    ...deployment.bindings,
    MINI_PROGRAMS: JSON.stringify(register(registrations({ audience: deployment.audience }))),
    SESSION_KEYS: JSON.stringify([{ key: sessionKey }]),
    ...more,
  }
  const worker = await startWorker({ port, bindings, onOutput })
  return {
    deployment,
    platforms,
    worker,
    secrets: () => [...secrets(), sessionKey.k],
    async stop() {
      await worker.stop()
      await stop()
    },
  }
}

/** 32 random bytes, by which a client marks a request that it may repeat. */
export const lpRequest = () => randomBytes(32).toString('base64url')

/** The parameters of a login. */
export function loginForm({ deployment, platforms }, platform, { code, ...more } = {}) {
  return {
    grant_type: EXCHANGE,
    subject_token: code ?? platforms[platform].login(),
    subject_token_type: `urn:x-lingpai:token-type:${platform}-code`,
    requested_token_type: ACCESS_TOKEN,
    client_id: `mini-${platform}`,
    audience: deployment.audience,
    ...more,
  }
}

/** The parameters of a refresh. */
export function refreshForm(platform, refreshToken, more = {}) {
  return {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: `mini-${platform}`,
    ...more,
  }
}

/** Sends a form, with a fresh proof if there is a key: { status, headers, body, content }. */
export async function send({ deployment }, form, { proofKey, proof, clockSeconds = 0 } = {}) {
  const url = `${deployment.issuer}/v1/exchange`
  if (proofKey && proof === undefined) {
    const iat = Math.floor(Date.now() / 1000) + clockSeconds
    proof = await dpopProof(proofKey, { method: 'POST', url, claims: { iat } })
  }
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(proof && { dpop: proof }),
  }
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  const response = await post(url, { body, headers })
  return { ...response, content: JSON.parse(response.body) }
}

/** One whole login. */
export async function login(world, platform, { proofKey, clockSeconds, ...more } = {}) {
  const answer = await send(world, loginForm(world, platform, more), { proofKey, clockSeconds })
  if (answer.status !== 200) throw new Error(`login refused: ${answer.body}`)
  return answer.content
}

/** Calls an API of the Worker with what a login has given and a JSON body. */
export async function callWithJson(world, path, granted, proofKey, members, clockSeconds = 0) {
  const { access_token: token } = granted
  const url = world.deployment.issuer + path
  const claims = { iat: Math.floor(Date.now() / 1000) + clockSeconds }
  const proof = await dpopProof(proofKey, { method: 'POST', url, token, claims })
  const headers = {
    authorization: `DPoP ${token}`,
    dpop: proof,
    'content-type': 'application/json',
  }
  const response = await post(url, { body: JSON.stringify(members), headers })
  return { ...response, content: JSON.parse(response.body) }
}

/** Calls the protected API. */
export const callMe = ({ deployment }, { access_token: token }, proofKey) =>
  callApi(deployment, { token, proofKey })

/** The claims of a token, unverified. */
export function claimsOf({ access_token: token }) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}
