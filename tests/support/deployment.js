// One deployment with its keys known to the tests, and the three parties around it written with `jose`:
// the partner's back-end, the page, and whoever forges tokens.
import { keySet, publicKey, encryptionKey, secret, signingKey } from './jose_keys.js'
import * as party from './jose_party.js'

/** Keys and bindings of a deployment at `issuer`, with one partner whose pages are `pages`. */
export async function createDeployment({
  issuer,
  pages,
  signingCurve = 'Ed25519',
  appCurve = 'X25519',
  partnerCurves = ['P-256', 'P-256'],
}) {
  const [signing, app, partnerSigning, partnerEncryption] = await Promise.all([
    signingKey('sign-1', signingCurve),
    encryptionKey('app-1', appCurve),
    signingKey('partner-1', partnerCurves[0]),
    encryptionKey('partner-enc-1', partnerCurves[1]),
  ])
  const scopes = ['profile', 'orders:read', 'orders:write', 'transfer']
  const audience = `${issuer}/api`
  const client = {
    clientId: 'partner',
    keys: keySet(partnerSigning),
    encryptionKey: publicKey(partnerEncryption),
    scopes,
    audiences: [audience],
    pages,
  }
  const symmetric = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: secret() })
  return {
    issuer,
    audience,
    page: pages[0],
    signing,
    app,
    partner: { clientId: 'partner', signing: partnerSigning, encryption: partnerEncryption },
    bindings: {
      ISSUER: issuer,
      SIGNING_KEYS: JSON.stringify([{ key: signing }]),
      APP_KEYS: JSON.stringify([{ key: app }]),
      REFRESH_KEYS: JSON.stringify([{ key: symmetric('refresh-1') }]),
      SUBJECT_KEY: JSON.stringify(symmetric('subject')),
      ALIAS_KEYS: JSON.stringify([symmetric('alias')]),
      CLIENTS: JSON.stringify([client]),
    },
  }
}

/** The partner's back-end: asks for an AT and opens it. Gives the response too. */
export async function requestAccessToken(deployment, { assertion, claims, ...members } = {}) {
  const { issuer, partner, audience, page } = deployment
  assertion ??= await party.clientAssertion({
    clientId: partner.clientId,
    issuer,
    key: partner.signing,
    claims,
  })
  const wanted = { subject: 'user-1', audience, scope: 'profile orders:read', page, ...members }
  const response = await post(`${issuer}/v1/access-tokens`, {
    body: party.accessTokenForm({ assertion, ...wanted }),
  })
  if (response.status !== 200) return response
  return { ...response, ...(await party.openAccessToken(response.body, partner.encryption)) }
}

/** An AT as the authority would sign it, except for what `claims` says. */
export function forgeAccessToken(deployment, { jkt, ...claims } = {}) {
  return party.sign(
    'lp-at+jwt',
    accessTokenClaims(deployment, { jkt, ...claims }),
    deployment.signing,
  )
}

export function accessTokenClaims(deployment, { jkt, ...claims } = {}) {
  const { issuer, audience, page, app } = deployment
  return { ...party.accessTokenClaims({ issuer, audience, page, appKey: app, jkt }), ...claims }
}

/** A VT as the authority would sign it, except for what `claims` says. */
export function forgeVisitToken(deployment, claims) {
  return party.sign('vt+jwt', visitTokenClaims(deployment, claims), deployment.signing)
}

export function visitTokenClaims({ issuer, audience }, { jkt, ...claims } = {}) {
  const iat = party.nowSeconds()
  return {
    iss: issuer,
    aud: audience,
    sub: 'subject',
    client_id: 'partner',
    scope: 'profile orders:read',
    jti: crypto.randomUUID(),
    sid: Buffer.alloc(16, 7).toString('base64url'),
    iat,
    exp: iat + 900,
    ...(jkt && { cnf: { jkt } }),
    ...claims,
  }
}

/**
 * The page's request for a visit, sealed but not sent: { request, r, send(options) }. Each `send` makes a fresh proof,
 * unless `proof` (text, or null for none) is given; it resolves with the response, its sealed document as `content`.
 */
export async function prepareVisit(deployment, { accessToken, proofKey, content, ...sealing }) {
  const sealed = await party.sealRequest({
    content: content ?? { at: accessToken, ...(proofKey && { jkt: proofKey.jkt }) },
    appKey: publicKey(deployment.app),
    ...sealing,
  })
  return { ...sealed, send: (options) => send(deployment, '/v1/visits', sealed, proofKey, options) }
}

/** The same for a refresh; `appKey` is the one of the latest answer. */
export async function prepareRefresh(
  deployment,
  { refreshToken, proofKey, appKey, content, ...sealing },
) {
  const sealed = await party.sealRequest({
    kind: 'refresh',
    content: content ?? { rt: refreshToken, ...(proofKey && { jkt: proofKey.jkt }) },
    appKey: appKey ?? publicKey(deployment.app),
    ...sealing,
  })
  return {
    ...sealed,
    send: (options) => send(deployment, '/v1/visits/refresh', sealed, proofKey, options),
  }
}

/** From a partner's AT to a VT in one go, for tests that are about what comes after. */
export async function visit(deployment, { proofKey, jkt = proofKey?.jkt, ...members } = {}) {
  const { accessToken } = await requestAccessToken(deployment, { ...(jkt && { jkt }), ...members })
  const { send } = await prepareVisit(deployment, { accessToken, proofKey })
  const { content, status, body } = await send()
  if (status !== 200) throw new Error(`visit refused: ${status} ${JSON.stringify(content ?? body)}`)
  return { accessToken, ...content }
}

async function send({ issuer, page }, path, sealed, proofKey, { proof, origin = page } = {}) {
  const url = issuer + path
  if (proof === undefined && proofKey)
    proof = await party.dpopProof(proofKey, { method: 'POST', url })
  const headers = {
    'content-type': 'application/jose',
    ...(origin && { origin }),
    ...(proof && { dpop: proof }),
  }
  const response = await post(url, { body: sealed.request, headers })
  if (!response.headers.get('content-type')?.startsWith('application/jose')) return response
  const { content, header } = await party.openAnswer(response.body, sealed)
  return { ...response, content, header }
}

/**
 * Calls an endpoint; the response with its body read. Each call has a connection of its own: a server that refuses
 * before it has read everything closes the connection, and must not take the next call with it.
 */
export async function post(url, { body, headers, method = 'POST' } = {}) {
  const signal = AbortSignal.timeout(20_000)
  const alone = { ...headers, connection: 'close' }
  const response = await fetch(url, { method, headers: alone, body, signal })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

/** Calls an endpoint protected by a VT. */
export async function callApi(
  deployment,
  { token, proofKey, proof, scheme, path = '/api/me', method = 'GET' },
) {
  const url = deployment.issuer + path
  if (proof === undefined && proofKey)
    proof = await party.dpopProof(proofKey, { method, url, token })
  scheme ??= proof ? 'DPoP' : 'Bearer'
  const headers = {
    ...(token && { authorization: `${scheme} ${token}` }),
    ...(proof && { dpop: proof }),
  }
  return post(url, { method, headers })
}
