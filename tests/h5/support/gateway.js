// A gateway that does what a test tells it, request by request, and remembers what came.
import { decodeJwt } from 'jose'

import * as deployed from '../../support/deployment.js'
import { keySet, publicKey } from '../../support/jose_keys.js'
import { nowSeconds, openRequest, sealAnswer } from '../../support/jose_party.js'

const problem = { 'content-type': 'application/problem+json' }

/** Answers each request with the next step of `plan`, and as it should where the plan ends. */
export async function createGateway(curves = {}) {
  const page = 'https://page.example'
  const deployment = await deployed.createDeployment({
    issuer: 'https://gate.example',
    pages: [page],
    ...curves,
  })
  const { issuer } = deployment
  let refreshes = 0
  const gateway = {
    deployment,
    issuer,
    /** Steps for requests to come. */
    plan: [],
    /** Requests that came: path, body, claims of the proof. */
    seen: [],
    /** The same for the key set. */
    keyPlan: [],
    keysAsked: 0,
    /** Seconds that its clock is ahead. */
    aheadSeconds: 0,
    lifetimeSeconds: 900,
    options: (more) => ({
      gateway: issuer,
      issuer,
      keys: keySet(deployment.signing),
      fetch: gateway.fetch,
      requestAccessToken: ({ proofKeyThumbprint }) =>
        gateway.accessToken({ jkt: proofKeyThumbprint }),
      ...more,
    }),
    accessToken({ jkt, ...claims } = {}) {
      const iat = nowSeconds() + gateway.aheadSeconds
      return deployed.forgeAccessToken(deployment, {
        jkt,
        iat,
        exp: iat + 60,
        sub: 'subject',
        client_id: 'partner',
        ...claims,
      })
    },
    async fetch(input, init) {
      const request = new Request(input, init)
      const path = new URL(request.url).pathname
      if (path === '/.well-known/jwks.json') {
        gateway.keysAsked += 1
        return gateway.keyPlan.shift()?.() ?? Response.json(keySet(deployment.signing))
      }
      const body = await request.text()
      const proof = decodeJwt(request.headers.get('dpop'))
      gateway.seen.push({ path, body, proof, authorization: request.headers.get('authorization') })
      const step = gateway.plan.shift() ?? gateway.grant
      return step({ path, body, request })
    },

    // Steps
    async grant({ path, body }, changes = {}) {
      const opened = openRequest(body, deployment.app)
      const { jkt } = opened.content
      const iat = nowSeconds() + gateway.aheadSeconds
      const exp = iat + gateway.lifetimeSeconds
      const vt = await deployed.forgeVisitToken(deployment, { jkt, iat, exp, ...changes })
      const content = {
        vt,
        rt: `refresh-${path.endsWith('refresh') ? ++refreshes : refreshes}`,
        rt_exp: iat + 3600,
        ak: publicKey(deployment.app),
        now: iat,
      }
      return sealed(await sealAnswer(opened, content))
    },
    refuse:
      (error, code, status = 400, headers = {}) =>
      async ({ body }) => {
        const opened = openRequest(body, deployment.app)
        const now = nowSeconds() + gateway.aheadSeconds
        const content = { error, error_description: code, status, now }
        return sealed(await sealAnswer(opened, content), status, headers)
      },
    lose: async () => {
      throw new TypeError('fetch failed')
    },
    unsealed:
      (status, error, headers = {}) =>
      async () =>
        new Response(JSON.stringify({ error, status }), {
          status,
          headers: { ...problem, ...headers },
        }),
    portal: async () =>
      new Response('<h1>Log in to the network</h1>', { headers: { 'content-type': 'text/html' } }),
  }
  return gateway
}

function sealed(body, status = 200, headers = {}) {
  return new Response(body, { status, headers: { 'content-type': 'application/jose', ...headers } })
}
