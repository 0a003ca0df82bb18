// The Worker as a deployment: what it shows, to whom, and what it says when something is missing.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as deployed from '../support/deployment.js'
import { keySet, publicKey } from '../support/jose_keys.js'
import { freePort } from '../support/processes.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

let worker
let deployment

before(async () => {
  const port = await freePort()
  deployment = await deployed.createDeployment({
    issuer: `http://127.0.0.1:${port}`,
    pages: [page],
  })
  worker = await startWorker({ port, bindings: deployment.bindings })
})

after(() => worker?.stop())

const get = (path, headers) => deployed.post(deployment.issuer + path, { method: 'GET', headers })
const options = (path, origin, method = 'POST') =>
  deployed.post(deployment.issuer + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,dpop',
    },
  })

describe('anybody may read', () => {
  test('the health of the Worker', async () => {
    const { status, body } = await get('/v1/health')
    assert.deepEqual([status, JSON.parse(body).status], [200, 'ok'])
  })

  test('the public keys, from any page, and nothing private', async () => {
    const { status, headers, body } = await get('/.well-known/jwks.json', {
      origin: 'https://any.example',
    })
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(body), keySet(deployment.signing))
    assert.equal(headers.get('access-control-allow-origin'), '*')
    assert.match(headers.get('cache-control'), /max-age=\d+/)
  })

  test('where everything is, and the keys to seal to', async () => {
    const document = JSON.parse((await get('/.well-known/lingpai')).body)
    const { issuer } = deployment
    assert.equal(document.issuer, issuer)
    assert.equal(document.visits_endpoint, `${issuer}/v1/visits`)
    assert.deepEqual(document.app_keys, [publicKey(deployment.app)])
    for (const name of Object.keys(document).filter((name) => /(_endpoint|_uri)$/.test(name))) {
      assert.ok(document[name].startsWith(issuer), name)
    }
  })
})

describe('requests that lead nowhere get a problem document', () => {
  test('an unknown path', async () => {
    const { status, headers } = await get('/v1/nothing')
    assert.deepEqual([status, headers.get('content-type')], [404, 'application/problem+json'])
  })

  test('a method that the path does not know', async () => {
    const { status, headers } = await get('/v1/visits')
    assert.equal(status, 405)
    assert.match(headers.get('allow'), /POST/)
  })

  for (const type of ['application/json', 'application/jose; charset=utf-8', '']) {
    test(`a visit of type "${type}"`, async () => {
      const headers = { origin: page, 'content-type': type }
      const { status, body } = await deployed.post(`${deployment.issuer}/v1/visits`, {
        headers,
        body: 'x',
      })
      assert.deepEqual([status, JSON.parse(body).error], [400, 'invalid_request'])
    })
  }
})

describe('pages of other origins', () => {
  for (const path of ['/v1/visits', '/v1/visits/refresh', '/api/me']) {
    test(`a registered page may call ${path}, without credentials`, async () => {
      const { status, headers } = await options(path, page, path === '/api/me' ? 'GET' : 'POST')
      assert.equal(status, 204)
      assert.equal(headers.get('access-control-allow-origin'), page)
      assert.equal(headers.get('access-control-allow-credentials'), null)
      assert.match(headers.get('access-control-allow-headers'), /DPoP/i)
      assert.ok(Number(headers.get('access-control-max-age')) >= 600)
      assert.match(headers.get('vary'), /Origin/i)
    })

    test(`any other page may not call ${path}`, async () => {
      for (const origin of [
        'https://other.example',
        'null',
        `${page}.other.example`,
        'https://PAGE.example',
      ]) {
        const { headers } = await options(path, origin)
        assert.equal(headers.get('access-control-allow-origin'), null, origin)
      }
    })
  }

  test('refusals can be read by a registered page', async () => {
    const { headers } = await get('/api/me', { origin: page })
    assert.equal(headers.get('access-control-allow-origin'), page)
    for (const name of ['DPoP-Nonce', 'WWW-Authenticate', 'Date']) {
      assert.ok(headers.get('access-control-expose-headers').includes(name), name)
    }
  })
})

describe('a deployment that lacks something says what, and shows nothing of it', () => {
  for (const name of [
    'ISSUER',
    'SIGNING_KEYS',
    'APP_KEYS',
    'REFRESH_KEYS',
    'SUBJECT_KEY',
    'CLIENTS',
  ]) {
    test(name, async () => {
      for (const value of [undefined, '{"secret": "tellall"']) {
        const bindings = { ...deployment.bindings, [name]: value }
        if (value === undefined) delete bindings[name]
        const other = await startWorker({ bindings })
        try {
          const { status, body } = await deployed.post(`${other.url}/v1/health`, { method: 'GET' })
          assert.equal(status, 500, body)
          assert.ok(body.includes(name), body)
          assert.ok(!body.includes('tellall'), body)
        } finally {
          await other.stop()
        }
      }
    })
  }
})
