// How a visit is opened, and kept, over a network and a gateway that fail. A page's storage is tested in browsers.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { LingpaiError, openVisit } from '@lingpai/h5'

import { refusedWith } from '../support/refused.js'
import { createGateway } from './support/gateway.js'

let gateway
let visits

beforeEach(async () => {
  gateway = await createGateway()
  visits = []
})
afterEach(() => Promise.all(visits.map((visit) => visit.close())))

async function open(more) {
  const events = []
  const visit = await openVisit(
    gateway.options({ onEvent: (event) => events.push(event), ...more }),
  )
  visits.push(visit)
  return { visit, events, types: () => events.map(({ type }) => type) }
}

const bodies = () => new Set(gateway.seen.map(({ body }) => body)).size
const proofs = () => new Set(gateway.seen.map(({ proof }) => proof.jti)).size

describe('opening a visit', () => {
  test('redeems the access token and says each step', async () => {
    const { visit, types } = await open()
    assert.equal(visit.source, 'issued')
    assert.equal(visit.durability, 'memory')
    assert.equal(visit.claims.sub, 'subject')
    assert.equal(visit.claims.cnf.jkt, visit.proofKeyThumbprint)
    const steps = ['launched', 'sealed', 'sent', 'answered', 'granted']
    assert.deepEqual(types(), ['proof_key', 'storage_unavailable', ...steps])
  })

  for (const [name, step] of [
    ['a lost answer', 'lose'],
    ['a portal', 'portal'],
  ]) {
    test(`sends the same request again after ${name}, with a fresh proof`, async () => {
      gateway.plan = [gateway[step], gateway[step]]
      const { types } = await open()
      assert.deepEqual([gateway.seen.length, bodies(), proofs()], [3, 1, 3])
      assert.equal(types().filter((type) => type === 'resending').length, 2)
    })
  }

  test('waits as long as an overloaded gateway asks', async () => {
    gateway.plan = [gateway.unsealed(503, 'temporarily_unavailable', { 'retry-after': '1' })]
    const { events } = await open()
    assert.equal(events.find(({ type }) => type === 'resending').waitMs, 1000)
    assert.equal(bodies(), 1)
  })

  test('puts the nonce that the gateway wants into the next proof', async () => {
    gateway.plan = [gateway.unsealed(401, 'use_dpop_nonce', { 'dpop-nonce': 'n-1' })]
    const { types } = await open()
    assert.deepEqual(
      gateway.seen.map(({ proof }) => proof.nonce),
      [undefined, 'n-1'],
    )
    assert.equal(bodies(), 1)
    assert.ok(!types().includes('resending'))
  })

  test('does not insist where the gateway cannot read the request', async () => {
    gateway.plan = [gateway.unsealed(400, 'invalid_request')]
    await refusedWith('invalid_request', () => open())
    assert.equal(gateway.seen.length, 1)
  })

  test('corrects its clock by a sealed refusal, and asks again', async () => {
    gateway.aheadSeconds = 7200
    gateway.plan = [gateway.refuse('invalid_dpop_proof', 'proof_expired')]
    const { visit, events } = await open()
    const [, { proof }] = gateway.seen
    assert.ok(Math.abs(proof.iat - (Date.now() / 1000 + 7200)) < 60)
    const granted = events.find(({ type }) => type === 'granted')
    assert.ok(Math.abs(granted.clockOffsetMs - 7_200_000) < 60_000)
    // In the page's own time
    assert.ok(Math.abs(visit.expiresAt - Date.now() - 900_000) < 60_000)
  })

  test('throws what the gateway refused, for good', async () => {
    gateway.plan = [gateway.refuse('replayed', 'replayed', 409)]
    const error = await openVisit(gateway.options()).catch((error) => error)
    assert.ok(error instanceof LingpaiError)
    assert.deepEqual([error.code, error.retryable], ['replayed', false])
    assert.equal(gateway.seen.length, 1)
  })

  test('takes no token that is not bound to its key', async () => {
    const requestAccessToken = () => gateway.accessToken()
    await refusedWith('launch_not_bound', () => open({ requestAccessToken }))
    assert.equal(gateway.seen.length, 0)
  })

  test('throws a TypeError that names the option for wrong usage', async () => {
    for (const [name, value] of [
      ['gateway', 'http://gate.example'],
      ['issuer', 'https://gate.example/'],
      ['keys', []],
      ['launch', 'click'],
      ['storage', 'cookie'],
      ['onEvent', 'log'],
    ]) {
      const wrong = openVisit(gateway.options({ [name]: value }))
      await assert.rejects(
        wrong,
        (error) => error instanceof TypeError && error.message.startsWith(name),
      )
    }
  })

  test('without a launch is launch_missing', async () => {
    await refusedWith('launch_missing', () => open({ requestAccessToken: undefined }))
  })

  test('ends with the reason of the caller’s signal', async () => {
    const controller = new AbortController()
    gateway.plan = [gateway.lose]
    const opening = open({ signal: controller.signal })
    controller.abort('changed my mind')
    await assert.rejects(opening, (reason) => reason === 'changed my mind')
  })
})

describe('refreshing a visit', () => {
  const forced = { minValiditySeconds: 3600 }

  test('is one request for all who ask', async () => {
    const { visit } = await open()
    const first = await visit.token()
    const [one, other] = await Promise.all([visit.token(forced), visit.token(forced)])
    assert.equal(one, other)
    assert.notEqual(one, first)
    assert.deepEqual(
      gateway.seen.map(({ path }) => path),
      ['/v1/visits', '/v1/visits/refresh'],
    )
  })

  test('seals a different request each time', async () => {
    const { visit } = await open()
    await visit.token(forced)
    await visit.token(forced)
    assert.equal(bodies(), 3)
  })

  test('that fails leaves the old token until it expires', async () => {
    const { visit, types } = await open()
    const token = await visit.token()
    gateway.plan = [gateway.unsealed(400, 'invalid_request')]
    await refusedWith('invalid_request', () => visit.token(forced))
    assert.ok(types().includes('refresh_failed'))
    assert.ok(!types().includes('ended'))
    assert.equal(await visit.token(), token)
  })

  test('ends the visit where the gateway says so; the app may open it again', async () => {
    let asked = 0
    const { visit, types } = await open({
      requestAccessToken({ proofKeyThumbprint: jkt }) {
        asked += 1
        return gateway.accessToken({ jkt })
      },
    })
    gateway.plan = [gateway.refuse('invalid_grant', 'visit_ended')]
    await visit.token(forced)
    assert.ok(types().includes('ended'))
    assert.equal(asked, 2)
  })

  test('never hands the visit to another user', async () => {
    let sub = 'subject'
    const { visit } = await open({
      requestAccessToken: ({ proofKeyThumbprint: jkt }) => gateway.accessToken({ jkt, sub }),
    })
    sub = 'somebody else'
    gateway.plan = [
      gateway.refuse('invalid_grant', 'visit_ended'),
      (request) => gateway.grant(request, { sub }),
    ]
    await refusedWith('launch_conflict', () => visit.token(forced))
  })

  test('takes no token with a wider scope', async () => {
    const { visit } = await open()
    gateway.plan = [(request) => gateway.grant(request, { scope: 'profile admin' })]
    await refusedWith('scope_exceeded', () => visit.token(forced))
  })
})

describe('visit.fetch', () => {
  const api = 'https://api.example/orders?page=2#top'
  const json =
    (status, headers = {}) =>
    async () =>
      new Response('{}', { status, headers })

  test('sends the token with a proof for exactly this request', async () => {
    const { visit } = await open()
    gateway.plan = [json(200)]
    assert.equal((await visit.fetch(api, { method: 'POST', body: '{}' })).status, 200)
    const { authorization, proof, body } = gateway.seen.at(-1)
    assert.equal(authorization, `DPoP ${await visit.token()}`)
    assert.deepEqual([proof.htm, proof.htu, body], ['POST', 'https://api.example/orders', '{}'])
    assert.equal(proof.ath.length, 43)
  })

  test('asks once more with the nonce of the server, body and all', async () => {
    const { visit } = await open()
    const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n-2' }
    gateway.plan = [json(401, challenge), json(200)]
    assert.equal((await visit.fetch(api, { method: 'PUT', body: 'data' })).status, 200)
    const [first, second] = gateway.seen.slice(-2)
    assert.deepEqual([first.proof.nonce, second.proof.nonce], [undefined, 'n-2'])
    assert.deepEqual([first.body, second.body], ['data', 'data'])
  })

  test('asks once more with a new token where the server refuses this one, and only once', async () => {
    const { visit, events } = await open()
    const challenge = { 'www-authenticate': 'DPoP error="invalid_token"' }
    gateway.plan = [json(401, challenge), gateway.grant, json(401, challenge)]
    assert.equal((await visit.fetch(api)).status, 401)
    const calls = gateway.seen.filter(({ authorization }) => authorization)
    assert.equal(calls.length, 2)
    assert.notEqual(calls[0].authorization, calls[1].authorization)
    assert.equal(events.at(-1).repeated, 'refreshed')
  })

  test('refreshes once for all calls that were refused, also where the refusal comes late', async () => {
    const { visit } = await open()
    const later = 'https://api.example/late'
    const old = await visit.token()
    let letThrough
    const held = new Promise((resolve) => (letThrough = resolve))
    const answer = async (asked) => {
      if (asked.path.endsWith('/refresh')) return gateway.grant(asked)
      if (asked.request.headers.get('authorization') !== `DPoP ${old}`) return json(200)()
      if (asked.path === '/late') await held
      return json(401, { 'www-authenticate': 'DPoP error="invalid_token"' })()
    }
    gateway.plan = Array(9).fill(answer)
    // On their way before one is answered.
    const late = [visit.fetch(later), visit.fetch(later)]
    assert.equal((await visit.fetch(api)).status, 200)
    letThrough()
    for (const { status } of await Promise.all(late)) assert.equal(status, 200)
    assert.equal(gateway.seen.filter(({ path }) => path.endsWith('/refresh')).length, 1)
  })

  test('asks once more by the server’s clock where that tells why the proof was refused', async () => {
    let skewMs = 0
    const { visit, events } = await open({ now: () => Date.now() + skewMs })
    // Somebody turns the clock of the device.
    skewMs = 600_000
    const challenge = { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' }
    const date = new Date().toUTCString()
    gateway.plan = [json(401, { ...challenge, date }), json(200)]
    assert.equal((await visit.fetch(api)).status, 200)
    const [first, second] = gateway.seen.slice(-2).map(({ proof }) => proof.iat)
    assert.ok(first - second > 590 && first - second < 610, `${first} ${second}`)
    assert.equal(events.at(-1).repeated, 'clock')
  })

  test('does not repeat a proof that was refused for anything else', async () => {
    const { visit } = await open()
    const date = new Date().toUTCString()
    for (const headers of [{ date }, {}]) {
      const challenge = { 'www-authenticate': 'DPoP error="invalid_dpop_proof"', ...headers }
      gateway.plan = [json(401, challenge)]
      assert.equal((await visit.fetch(api)).status, 401)
    }
    assert.equal(gateway.seen.filter(({ authorization }) => authorization).length, 2)
  })

  test('keeps no stream for a second time', async () => {
    const { visit } = await open()
    const body = new Blob(['data']).stream()
    gateway.plan = [json(401, { 'www-authenticate': 'DPoP error="invalid_token"' })]
    const response = await visit.fetch(api, { method: 'POST', body, duplex: 'half' })
    assert.equal(response.status, 401)
  })

  test('follows no redirect with the token', async () => {
    const { visit } = await open({
      fetch: async (input, init) => {
        const request = new Request(input, init)
        if (request.url.startsWith('https://gate.example')) return gateway.fetch(request)
        return new Response(request.redirect)
      },
    })
    assert.equal(await (await visit.fetch(api)).text(), 'error')
    assert.equal(await (await visit.fetch(api, { redirect: 'manual' })).text(), 'manual')
  })

  test('sends no token over plain http', async () => {
    const { visit } = await open()
    await assert.rejects(visit.fetch('http://api.example/'), TypeError)
    gateway.plan = [json(200)]
    assert.equal((await visit.fetch('http://127.0.0.1:1/')).status, 200)
  })
})

describe('closing a visit', () => {
  test('is the end of it', async () => {
    const { visit, types } = await open()
    await visit.close()
    await visit.close()
    await refusedWith('closed', () => visit.token())
    await refusedWith('closed', () => visit.fetch('https://api.example/'))
    assert.equal(types().at(-1), 'closed')
    assert.equal(types().filter((type) => type === 'closed').length, 1)
  })

  test('ends what is under way', async () => {
    const { visit } = await open()
    gateway.plan = [
      ({ request }) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason))
        }),
    ]
    const pending = visit.token({ minValiditySeconds: 3600 })
    await visit.close()
    await refusedWith('closed', () => pending)
  })

  test('happens by itself where the runtime disposes of things', async () => {
    const { visit } = await open()
    if (Symbol.asyncDispose) await visit[Symbol.asyncDispose]()
    else await visit.close()
    await refusedWith('closed', () => visit.token())
  })
})

test('no event and no error ever holds a token', async () => {
  const { visit, events } = await open()
  const tokens = [await visit.token(), await visit.token({ minValiditySeconds: 3600 })]
  await refusedWith(
    'scope_exceeded',
    async () => {
      gateway.plan = [(request) => gateway.grant(request, { scope: 'admin' })]
      await visit.token({ minValiditySeconds: 3600 })
    },
    tokens,
  )
  const told = JSON.stringify(events)
  for (const secret of [...tokens, 'refresh-0', 'refresh-1']) assert.ok(!told.includes(secret))
})
