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

  test('makes a verifier of the bindings once, at the first request', async () => {
    const { options, key, headers, sign } = client()
    const seen = []
    const app = new Hono().get(
      '/orders',
      lingpai((bindings) => {
        seen.push(bindings)
        return createVerifier({ ...options, replay: bindings.replay })
      }),
      (c) => c.json(c.get('verified').proof.jkt),
    )
    assert.equal(seen.length, 0)
    const replay = { burn: async () => true }
    for (let i = 0; i < 3; i++) {
      const answer = await orders(app, await headers('/orders'), { replay })
      assert.equal(await answer.json(), key.jkt)
    }
    const refused = await orders(app, { authorization: `DPoP ${sign()}` }, { replay })
    assert.equal(refused.status, 401)
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
})
