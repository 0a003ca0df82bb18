// `protect` and the middleware of Hono behind real servers: the same requests, the same answers.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { client, get } from './support/client.js'
import { honoServers, plainServers } from './support/servers.js'

for (const [name, start] of Object.entries(plainServers)) {
  describe(`protect, in ${name}`, () => behavesLikeAProtectedService(start))
}

for (const [name, start] of Object.entries(honoServers)) {
  describe(`Hono, in ${name}`, () => {
    const served = behavesLikeAProtectedService(start)

    test('leaves other routes open', async () => {
      assert.equal((await get(`${served.url}/open`)).text, 'open')
    })

    test('outer middleware sees accepted and refused requests alike', async () => {
      for (const headers of [{}, await served.client.headers('/orders')]) {
        const answer = await get(`${served.url}/orders`, headers)
        assert.equal(answer.headers['x-outer'], 'seen')
      }
    })

    test('a fault of the handler is the app’s to answer', async () => {
      const answer = await get(`${served.url}/fault`, await served.client.headers('/fault'))
      assert.deepEqual([answer.status, answer.text], [418, 'a fault of the handler'])
    })
  })
}

function behavesLikeAProtectedService(start) {
  const served = { client: client() }
  let server

  before(async () => {
    server = await start(served.client.options)
    served.url = server.url
  })
  after(() => server?.stop())

  const orders = (headers) => get(`${served.url}/orders?page=2`, headers)
  async function refused(headers, status, error, code) {
    const answer = await orders(headers)
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.deepEqual([answer.json.error, answer.json.error_description], [error, code])
    return answer
  }

  test('lets a bound token with its proof through', async () => {
    const answer = await orders(await served.client.headers('/orders'))
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.json, { subject: 'user-1', jkt: served.client.key.jkt })
  })

  test('lets a proof through once', async () => {
    const headers = await served.client.headers('/orders')
    assert.equal((await orders(headers)).status, 200)
    await refused(headers, 401, 'invalid_dpop_proof', 'proof_replayed')
  })

  test('asks for a token', async () => {
    const answer = await refused({}, 401, 'invalid_token', 'token_missing')
    assert.match(answer.headers['www-authenticate'], /^DPoP algs="/)
  })

  test('says what is wrong with one', async () => {
    const exp = Math.floor(Date.now() / 1000) - 60
    const token = served.client.sign({ iat: exp - 900, exp })
    const headers = { authorization: `Bearer ${token}` }
    const answer = await refused(headers, 401, 'invalid_token', 'token_expired')
    assert.match(answer.headers['www-authenticate'], /^DPoP error="invalid_token"/)
  })

  test('refuses a bound token without its proof, and one with two', async () => {
    const headers = await served.client.headers('/orders')
    await refused({ ...headers, dpop: [] }, 401, 'invalid_dpop_proof', 'proof_required')
    const twice = { ...headers, dpop: [headers.dpop, headers.dpop] }
    await refused(twice, 401, 'invalid_dpop_proof', 'invalid_dpop_proof')
  })

  test('refuses two tokens', async () => {
    const { authorization } = await served.client.headers('/orders')
    const twice = { authorization: [authorization, authorization] }
    await refused(twice, 400, 'invalid_request', 'invalid_request')
  })

  return served
}
