// The middleware of Hono: its types, and when it makes a verifier. How it answers: servers.test.js.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { lingpai } from '@lingpai/edge/hono'
import { Hono } from 'hono'
import { at } from '../support/paths.js'
import { run } from '../support/processes.js'
import { client } from './support/client.js'

const orders = (app, headers, env) => app.request('/orders', { headers }, env)

describe('the middleware of Hono', () => {
  test('has types that know what it sets, and where', async () => {
    const packageJson = createRequire(import.meta.url).resolve('typescript/package.json')
    const tsc = join(dirname(packageJson), JSON.parse(readFileSync(packageJson)).bin.tsc)
    const options =
      '--noEmit --strict --target es2022 --lib es2023,dom --skipLibCheck --ignoreConfig'
    const resolution = '--module esnext --moduleResolution bundler'
    const args = `${options} ${resolution}`.split(' ')
    const file = at('tests/edge/support/hono_types.ts')
    await run(process.execPath, [tsc, ...args, '--types', '', file])
  })

  test('needs Hono’s types alone', () => {
    const code = readFileSync(at('npm/edge/dist/hono.js'), 'utf8')
    assert.doesNotMatch(code, /\bimport\b|\brequire\b/)
  })

  test('makes a verifier of the bindings once for all routes, at the first request', async () => {
    const { options, key, headers, sign } = client()
    const seen = []
    const verifierOf = (bindings) => {
      seen.push(bindings)
      return createVerifier({ ...options, replay: bindings.replay })
    }
    const app = new Hono()
      .get('/orders', lingpai(verifierOf), (c) => c.json(c.get('verified').proof.jkt))
      .post('/orders', lingpai(verifierOf, { requiredScope: 'write' }), (c) => c.text('done'))
    assert.equal(seen.length, 0)
    const replay = { burn: async () => true }
    for (let i = 0; i < 3; i++) {
      const answer = await orders(app, await headers('/orders'), { replay })
      assert.equal(await answer.json(), key.jkt)
    }
    const refused = await orders(app, { authorization: `DPoP ${sign()}` }, { replay })
    assert.equal(refused.status, 401)
    assert.equal((await app.request('/orders', { method: 'POST' }, { replay })).status, 401)
    assert.deepEqual(seen, [{ replay }])
  })

  test('tries again where the verifier could not be made', async () => {
    const { options, headers } = client()
    let attempts = 0
    const app = new Hono().get(
      '/orders',
      lingpai(() => {
        attempts++
        if (attempts === 1) throw new TypeError('a binding is missing')
        return createVerifier({ ...options, replay: 'unchecked' })
      }),
      (c) => c.text('done'),
    )
    app.onError((error, c) => c.text(error.message, 500))
    const failed = await orders(app, await headers('/orders'))
    assert.deepEqual([failed.status, await failed.text()], [500, 'a binding is missing'])
    assert.equal((await orders(app, await headers('/orders'))).status, 200)
  })

  test('never calls the handler of a request that is refused', async () => {
    const { options } = client()
    let calls = 0
    const verifier = createVerifier({ ...options, replay: 'unchecked' })
    const app = new Hono().get('/orders', lingpai(verifier), (c) => c.text(String(++calls)))
    for (const authorization of ['', 'Bearer x', 'DPoP a.b.c', 'Basic abc']) {
      const answer = await orders(app, { authorization })
      assert.equal(answer.status, 401)
      assert.ok(answer.headers.get('www-authenticate'))
    }
    assert.equal(calls, 0)
  })

  test('lets a route demand more', async () => {
    const { options, headers, bound } = client()
    const verifier = createVerifier({ ...options, replay: 'unchecked' })
    const app = new Hono()
      .use(lingpai(verifier))
      .get('/orders', (c) => c.text('read'))
      .get('/orders/write', lingpai(verifier, { requiredScope: 'write' }), (c) => c.text('written'))
    const ask = async (path, scope) =>
      app.request(path, { headers: await headers(path, bound({ scope })) })
    assert.equal((await ask('/orders', 'read')).status, 200)
    assert.equal((await ask('/orders/write', 'read write')).status, 200)
    const refused = await ask('/orders/write', 'read')
    assert.equal(refused.status, 403)
    assert.match(refused.headers.get('www-authenticate'), /scope="write"/)
  })

  test('hands out nonces and timings, on answers that cannot be changed as well', async () => {
    const { options, key, bound } = client()
    const clock = { now: Date.now() }
    const verifier = createVerifier({
      ...options,
      replay: 'unchecked',
      nonceSecrets: [Buffer.alloc(32, 1).toString('base64url')],
      noncePeriodSeconds: 60,
      serverTiming: true,
      now: () => clock.now,
    })
    const app = new Hono()
      .use(lingpai(verifier))
      .get('/made', (c) => c.text('made', 200, { 'server-timing': 'db;dur=1' }))
      .get('/fetched', () => fetch('data:text/plain,fetched'))
    async function ask(path, nonce) {
      const token = bound({ jti: crypto.randomUUID() })
      const iat = Math.floor(clock.now / 1000)
      const dpop = await key.proof('GET', options.publicOrigin + path, token, { nonce, iat })
      return app.request(path, { headers: { authorization: `DPoP ${token}`, dpop } })
    }
    const first = await ask('/made')
    assert.equal(first.status, 401)
    const nonce = first.headers.get('dpop-nonce')
    assert.match(first.headers.get('www-authenticate'), /error="use_dpop_nonce"/)
    assert.match(first.headers.get('server-timing'), /^lp-credentials;dur=[\d.]+, .*lp-proof;dur=/)
    clock.now += 60_000
    for (const path of ['/made', '/fetched']) {
      const answer = await ask(path, nonce)
      assert.equal(answer.status, 200, await answer.clone().text())
      assert.equal(await answer.text(), path.slice(1))
      const newer = answer.headers.get('dpop-nonce')
      assert.ok(newer && newer !== nonce)
      assert.match(answer.headers.get('server-timing'), /lp-verify;dur=[\d.]+.*lp-proof;dur=/)
    }
    assert.match((await ask('/made', nonce)).headers.get('server-timing'), /^db;dur=1, lp-/)
  })
})
