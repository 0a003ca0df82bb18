// Status lists in a Worker whose requests come and go: a load belongs to one of them, the list to all.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generateKey, publicKey } from '@lingpai/edge/jose'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { modulesIn } from '../support/runtimes/workerd.js'
import { until } from '../support/until.js'
import { packed, signed, startListServer, statusList } from './support/status_lists.js'
import { issuer, start } from './support/world.js'

const key = { ...generateKey('Ed25519', { kid: 'lists' }), alg: 'EdDSA' }

let directory
let server
let workerd
let url

before(async () => {
  server = await startListServer()
  directory = mkdtempSync(join(tmpdir(), 'lingpai-lists-'))
  await build({
    entryPoints: [fileURLToPath(new URL('support/status_list_worker.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    loader: { '.wasm': 'copy' },
    outdir: directory,
    logLevel: 'error',
  })
})
after(async () => {
  await workerd?.dispose()
  server.stop()
  rmSync(directory, { recursive: true, force: true })
})

const list = () => `${server.origin}/lists/1`

/** A process that has no list yet. */
beforeEach(async () => {
  await workerd?.dispose()
  server.requests = []
  workerd = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules: modulesIn(directory, 'status_list_worker.js'),
    compatibilityDate: '2026-03-01',
    bindings: {
      ISSUER: issuer,
      KEYS: JSON.stringify([publicKey(key)]),
      LIST: list(),
      START: String(start),
    },
  })
  url = await workerd.ready
})

const ask = async (idx) => (await fetch(new URL(`?idx=${idx}`, url))).json()

function answer(response) {
  const statuses = statusList(1, packed(1, [0, 1]))
  const claims = { sub: list(), iat: start / 1000, ttl: 600, status_list: statuses }
  response.end(signed(claims, key))
}

describe('a Worker', () => {
  test('fetches a list once for requests that come together', async () => {
    server.respond = (response) => setTimeout(answer, 100, response)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i % 3)))
    const expected = [{ revoked: false }, { revoked: true }, { revoked: false }]
    answers.forEach((found, i) => assert.deepEqual(found, expected[i % 3]))
    assert.equal(server.requests.length, 1)
  })

  test('answers the others when the request that fetches is cancelled', async () => {
    server.respond = () => {}
    const socket = connect(Number(url.port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /?idx=0 HTTP/1.1\r\nHost: worker\r\n\r\n')
    await until('its fetch', () => server.requests.length === 1)
    const others = Array.from({ length: 10 }, () => ask(1))
    server.respond = answer
    socket.resetAndDestroy()
    for (const found of await Promise.all(others)) assert.deepEqual(found, { revoked: true })
    assert.equal(server.requests.length, 2)
  })
})
