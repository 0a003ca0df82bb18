// Key sets in real workerd: shared through the Cache API and KV across restarts, and safe when requests are cancelled.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { until } from '../support/until.js'
import {
  first,
  held,
  second,
  serve,
  serveSet,
  setOf,
  startKeyServer,
  token,
} from './support/key_server.js'
import { audience, issuer, start } from './support/world.js'

let bundle
let server
const running = []

before(async () => {
  server = await startKeyServer()
  bundle = mkdtempSync(join(tmpdir(), 'lingpai-keys-'))
  await build({
    entryPoints: [fileURLToPath(new URL('support/keys_worker.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    loader: { '.wasm': 'copy' },
    outdir: bundle,
    logLevel: 'error',
  })
})
beforeEach(() => (server.requests = []))
afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})
after(() => {
  server.stop()
  rmSync(bundle, { recursive: true, force: true })
})

const fetches = () => server.requests.length

/** The Worker with a state on disk; `restart` gives it a new process that has nothing but that. */
async function startWorker(tier, bindings = {}) {
  const state = mkdtempSync(join(tmpdir(), 'lingpai-keys-state-'))
  const files = readdirSync(bundle).sort((one) => (one.endsWith('.js') ? -1 : 1))
  const options = {
    host: '127.0.0.1',
    port: 0,
    cf: false,
    modulesRoot: bundle,
    modules: files.map((name) => ({
      type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(bundle, name),
    })),
    compatibilityDate: '2026-03-01',
    cachePersist: join(state, 'cache'),
    kvPersist: join(state, 'kv'),
    kvNamespaces: ['KEY_SETS'],
    bindings: {
      ISSUER: issuer,
      AUDIENCE: audience,
      START: String(start),
      KEYS: server.url,
      TIER: tier,
      PINNED: setOf(first),
      ...bindings,
    },
  }
  let workerd
  let url
  const boot = async () => {
    workerd = new Miniflare(options)
    url = await workerd.ready
  }
  await boot()
  running.push(async () => {
    await workerd.dispose()
    rmSync(state, { recursive: true, force: true })
  })
  return {
    async verify(text, { at = 0 } = {}) {
      return (await fetch(`${url}?at=${at}`, { method: 'POST', body: text })).json()
    },
    /** Sends a token; what it gives ends the connection, upon which workerd cancels the request. */
    begin(text, { at = 0 } = {}) {
      const head = `POST /?at=${at} HTTP/1.1\r\nHost: worker\r\nContent-Length: ${text.length}\r\n\r\n`
      const socket = connect(Number(url.port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(head + text)
      return () => socket.resetAndDestroy()
    },
    async restart() {
      await workerd.dispose()
      await boot()
    },
    namespace: () => workerd.getKVNamespace('KEY_SETS'),
  }
}

const accepted = (...events) => ({ result: 'accepted', events })
const down = serve('down', {}, 503)

for (const tier of ['cache', 'default cache', 'kv']) {
  describe(`the ${tier} of workerd`, () => {
    test('starts a new isolate without the issuer', async () => {
      server.respond = serveSet([first], 600)
      const worker = await startWorker(tier)
      assert.deepEqual(await worker.verify(token(first)), accepted('loaded'))
      server.respond = down
      for (let i = 0; i < 2; i++) {
        await worker.restart()
        assert.deepEqual(await worker.verify(token(first)), accepted('cache_hit'))
      }
      assert.equal(fetches(), 1)
    })

    test('keeps a new isolate going while the issuer fails, and no removed key alive', async () => {
      server.respond = serveSet([first], 600)
      const worker = await startWorker(tier)
      await worker.verify(token(first))
      server.respond = down
      await worker.restart()
      const stale = accepted('cache_hit', 'failed', 'stale_served')
      assert.deepEqual(await worker.verify(token(first), { at: 700 }), stale)
      server.respond = serveSet([second], 600)
      await worker.restart()
      const { result } = await worker.verify(token(first), { at: 700 })
      assert.equal(result, 'key_not_found')
      assert.equal((await worker.verify(token(second), { at: 701 })).result, 'accepted')
      await worker.restart()
      assert.deepEqual(await worker.verify(token(second), { at: 702 }), accepted('cache_hit'))
    })
  })
}

test('nobody waits until a set is stored, where waitUntil can', async () => {
  server.respond = serveSet([first])
  const worker = await startWorker('kv', { EXTEND: 'yes' })
  assert.deepEqual(await worker.verify(token(first)), accepted('loaded'))
  const namespace = await worker.namespace()
  await until('the entry', async () => (await namespace.list()).keys.length === 1)
})

test('an entry that somebody damaged in KV is fetched anew', async () => {
  server.respond = serveSet([first])
  const worker = await startWorker('kv')
  const namespace = await worker.namespace()
  await worker.verify(token(first))
  const { keys } = await namespace.list()
  const entry = await namespace.get(keys[0].name)
  await worker.restart()
  await (await worker.namespace()).put(keys[0].name, entry.slice(0, entry.length / 2))
  assert.deepEqual(await worker.verify(token(first)), accepted('cache_ignored', 'loaded'))
})

describe('when a request is cancelled while it fetches', () => {
  for (const extend of ['no', 'yes']) {
    test(`the other one answers (waitUntil: ${extend})`, async () => {
      const worker = await startWorker('memory', { EXTEND: extend })
      const slow = held(serveSet([first]))
      server.respond = slow
      const cancel = worker.begin(token(first))
      await until('the fetch of the first', () => fetches() === 1)
      const others = Array.from({ length: 10 }, () => worker.verify(token(first)))
      cancel()
      server.respond = serveSet([first])
      if (extend === 'yes') slow.release()
      for (const answer of await Promise.all(others)) assert.equal(answer.result, 'accepted')
      // Kept alive, the first fetch serves them all; else one of them takes over.
      assert.equal(fetches(), extend === 'yes' ? 1 : 2)
    })
  }

  test('a new key is found all the same', async () => {
    server.respond = serveSet([first], 3600)
    const worker = await startWorker('memory')
    await worker.verify(token(first))
    server.respond = held(() => {})
    const cancel = worker.begin(token(second), { at: 10 })
    await until('the fetch of the first', () => fetches() === 2)
    const others = Array.from({ length: 5 }, () => worker.verify(token(second), { at: 10 }))
    server.respond = serveSet([second], 3600)
    cancel()
    for (const answer of await Promise.all(others)) assert.equal(answer.result, 'accepted')
    assert.equal(fetches(), 3)
  })
})

test('requests that are cancelled on purpose buy one more fetch for unknown keys', async () => {
  server.respond = serveSet([first], 3600)
  const worker = await startWorker('memory')
  await worker.verify(token(first))
  server.respond = () => {}
  for (const count of [2, 3]) {
    const cancel = worker.begin(token(first, `no-${count}`), { at: 10 })
    await until('its fetch', () => fetches() === count)
    cancel()
  }
  for (let i = 0; i < 3; i++) {
    const { result } = await worker.verify(token(first, 'no'), { at: 10 })
    assert.equal(result, 'key_not_found')
  }
  assert.equal(fetches(), 3)
})

describe('ahead of time', () => {
  test('a set is refreshed behind the request', async () => {
    server.respond = serveSet([first], 600)
    const worker = await startWorker('memory', { EXTEND: 'yes' })
    await worker.verify(token(first))
    const slow = held(serveSet([second], 600))
    server.respond = slow
    assert.deepEqual(await worker.verify(token(first), { at: 511 }), accepted())
    await until('the fetch', () => fetches() === 2)
    slow.release()
    await until('the new set', async () => {
      return (await worker.verify(token(second), { at: 512 })).result === 'accepted'
    })
    assert.equal(fetches(), 2)
  })

  test('without waitUntil one request in a while waits for it', async () => {
    server.respond = serveSet([first], 600)
    const worker = await startWorker('memory')
    await worker.verify(token(first))
    const gone = held(() => {})
    server.respond = gone
    await worker.verify(token(first), { at: 511 })
    server.respond = serveSet([first, second], 600)
    for (let at = 512; at < 530; at++) await worker.verify(token(first), { at })
    assert.equal((await worker.verify(token(second), { at: 530 })).result, 'accepted')
    assert.ok(fetches() <= 3, String(fetches()))
  })
})

describe('pinned keys', () => {
  test('serve a cold start whose issuer is silent', async () => {
    server.respond = () => {}
    for (const EXTEND of ['no', 'yes']) {
      const worker = await startWorker('pinned', { EXTEND })
      assert.deepEqual(await worker.verify(token(first)), accepted('pinned_served'))
    }
  })

  test('give way to the first set, with waitUntil and without', async () => {
    server.respond = serveSet([second], 600)
    for (const EXTEND of ['no', 'yes']) {
      const worker = await startWorker('pinned', { EXTEND })
      assert.equal((await worker.verify(token(first))).result, 'accepted')
      await until('the end of the pinned keys', async () => {
        return (await worker.verify(token(first), { at: 8 })).result === 'key_not_found'
      })
    }
  })
})
