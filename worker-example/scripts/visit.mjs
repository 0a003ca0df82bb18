// One whole visit against a running Worker, with each step in words: the partner's side, the page's side, the calls.
// Exit status 0 only if every step worked. No token is ever printed whole.
//
//   node scripts/visit.mjs [--port 8787] [--file .dev.vars]

import { openVisit } from '@lingpai/h5'
import { requestAccessToken } from '@lingpai/edge/partner'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '8787' }, file: { type: 'string' } },
})
const usual = options.port === '8787' ? '../.dev.vars' : `../.dev.vars.${options.port}`
const bindings = readBindings(options.file ?? fileURLToPath(new URL(usual, import.meta.url)))
const issuer = bindings.ISSUER
const partner = JSON.parse(bindings.DEMO_PARTNER_KEY)
const pageOrigin = new URL(partner.h5Url).origin

const started = performance.now()
let step = 0
let failed = false

try {
  await visitOnce()
} catch (error) {
  failed = true
  console.log(`\n  ✗ ${error.code ?? error.message}`)
  if (error.cause) console.log(`    ${error.cause.code ?? error.cause.message}`)
}
console.log(
  failed
    ? '\nThe visit failed.'
    : `\nThe visit worked, ${Math.round(performance.now() - started)} ms.`,
)
process.exit(failed ? 1 : 0)

async function visitOnce() {
  console.log(`A visit at ${issuer}\n`)

  const known = await (await fetch(`${issuer}/.well-known/lingpai`)).json()
  expect(known.issuer === issuer, 'the Worker names another issuer')
  tell(
    'edge',
    'is up',
    `seals to ${known.app_keys.map(({ kid, crv }) => `${kid} (${crv})`).join(', ')}`,
  )

  const keys = await (await fetch(known.jwks_uri)).json()
  tell(
    'edge',
    'publishes its signing keys',
    keys.keys.map(({ kid, alg }) => `${kid} (${alg})`).join(', '),
  )

  const visit = await openVisit({
    gateway: issuer,
    issuer,
    keys,
    storage: 'memory',
    // A browser says by itself which page is asking.
    fetch: (input, init) => {
      const request = new Request(input, init)
      request.headers.set('Origin', pageOrigin)
      return fetch(request)
    },
    requestAccessToken: async ({ proofKeyThumbprint }) => {
      tell('page', 'gives the thumbprint of its proof key to the app', short(proofKeyThumbprint))
      const { accessToken } = await requestAccessToken({
        clientId: partner.clientId,
        issuer,
        signingKey: partner.signingKey,
        encryptionKey: partner.encryptionKey,
        keys,
        subject: 'lin.qiao',
        audience: partner.audience,
        scope: partner.scope,
        page: pageOrigin,
        jkt: proofKeyThumbprint,
      })
      tell(
        'partner',
        'proves who it is, gets an access token, opens it',
        `${accessToken.length} B, valid for 120 s at most`,
      )
      return accessToken
    },
    onEvent: tellEvent,
  })
  tell('page', 'holds a visit token', `for ${visit.claims.aud}, user ${short(visit.claims.sub)}`)

  const me = await visit.fetch(`${issuer}/api/me`)
  const body = await me.json()
  expect(me.status === 200, `GET /api/me answered ${me.status} ${body.error_description ?? ''}`)
  expect(body.sub === visit.claims.sub, 'GET /api/me knows another user')
  expect(body.proof_key === visit.proofKeyThumbprint, 'GET /api/me saw another proof key')
  tell(
    'edge',
    'verifies GET /api/me',
    `200, user ${short(body.sub)}, proof by ${short(body.proof_key)}`,
  )

  const before = visit.claims.jti
  await visit.token({ minValiditySeconds: 3600 })
  expect(visit.claims.jti !== before, 'the refresh gave the same token')
  tell('page', 'goes on with the next visit token', `${short(before)} → ${short(visit.claims.jti)}`)

  const again = await visit.fetch(`${issuer}/api/me`)
  expect(again.status === 200, `GET /api/me answered ${again.status} after the refresh`)
  tell('edge', 'verifies GET /api/me again', '200')

  const copied = await fetch(`${issuer}/api/me`, {
    headers: { Authorization: `DPoP ${await visit.token()}` },
  })
  expect(copied.status === 401, `a copied token got ${copied.status}`)
  tell(
    'edge',
    'refuses the same token without a proof',
    `401 ${(await copied.json()).error_description}`,
  )

  await visit.close()
  tell('page', 'closes the visit', 'keys and tokens wiped')
}

/** What happens inside of `openVisit` and of a refresh. */
function tellEvent(event) {
  switch (event.type) {
    case 'proof_key':
      return tell('page', 'makes its proof key', `${event.algorithm}, ${event.proofKey}`)
    case 'launched':
      return tell(
        'page',
        'checks the access token',
        `${event.bound ? 'bound to its key' : 'not bound'}, scope ${event.scope}`,
      )
    case 'sealed': {
      const what = event.kind === 'visit' ? 'the access token' : 'the refresh token'
      return tell(
        'page',
        `seals ${what} with a new random key R`,
        `to ${event.appKeyId}, ${event.requestBytes} B`,
      )
    }
    case 'answered':
      return tell(
        'edge',
        `answers ${event.status}`,
        `${event.sealed ? 'sealed under R' : 'not sealed'}, ${event.answerBytes} B, ${Math.round(event.elapsedMs)} ms`,
      )
    case 'granted':
      return tell(
        'page',
        'opens the answer with R',
        `scope ${event.scope}${event.refreshable ? ', can be refreshed' : ''}`,
      )
    case 'refused':
    case 'refresh_failed':
      return tell('edge', 'refuses', event.code)
    default:
      return undefined
  }
}

function tell(who, what, detail = '') {
  step += 1
  console.log(`  ${String(step).padStart(2)}  ${who.padEnd(7)}  ${what.padEnd(50)} ${detail}`)
}

function expect(holds, complaint) {
  if (!holds) throw new Error(complaint)
}

/** Enough to recognise a thing, too little to use it. */
function short(text) {
  return `${String(text).slice(0, 8)}…`
}

/** `NAME='value'` lines, as dev-keys.mjs writes them. */
function readBindings(file) {
  const lines = readFileSync(file, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
}
