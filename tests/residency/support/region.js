// The hosts of three areas in real workerd with their state on disk: asked, broken, killed and started again.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { generateKey } from '@lingpai/edge/jose'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

import { secret } from '../../support/jose_keys.js'
import { childIds } from '../../support/processes.js'

export const AREAS = ['cn', 'eu', 'us']

export const RULES = {
  areas: AREAS,
  default: 'us',
  identifiers: [
    { type: 'phone', form: 'e164', prefixes: { '+86': 'cn', '+49': 'eu' } },
    { type: 'email', form: 'email' },
  ],
  regions: { CN: 'cn', DE: 'eu', US: 'us' },
  data: [{ type: 'profile' }, { type: 'orders' }, { type: 'payments', area: 'eu' }],
}

/** Fresh keys for each area. */
export function areaKeys(areas = AREAS) {
  const keys = (area) => ({
    sealKeys: [{ key: generateKey('X25519', { kid: `${area}-1` }) }],
    lookupKey: { kty: 'oct', alg: 'HS256', k: secret() },
  })
  return Object.fromEntries(areas.map((area) => [area, keys(area)]))
}

/** Starts workerd. `ask(method, …)` calls a function of residency there; a refusal rejects with its `code`. */
export async function startRegion(more = {}) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-region-'))
  const modules = join(home, 'modules')
  await build({
    entryPoints: [fileURLToPath(new URL('region_worker.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    loader: { '.wasm': 'copy' },
    outdir: modules,
    logLevel: 'error',
  })
  const files = readdirSync(modules).sort((one) => (one.endsWith('.js') ? -1 : 1))
  let pid
  let died = () => {}
  let output = ''
  const object = (className) => ({ className, useSQLite: true })
  const options = {
    host: '127.0.0.1',
    port: 0,
    cf: false,
    modulesRoot: modules,
    modules: files.map((name) => ({
      type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(modules, name),
    })),
    compatibilityDate: '2026-03-01',
    bindings: {
      RULES,
      REGION_KEYS: areaKeys(),
      SIGNING_KEYS: [{ key: generateKey('Ed25519', { kid: 'sign-1' }) }],
      ...more,
    },
    durableObjects: {
      IDENTITIES: object('RegionIdentityHost'),
      DATA: object('RegionDataHost'),
      DIRECTORY: object('RegionDirectory'),
    },
    durableObjectsPersist: join(home, 'state'),
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.on('data', (data) => (output += data))
    },
    serviceBindings: {
      HARNESS() {
        process.kill(pid, 'SIGKILL')
        died()
        return new Response(null)
      },
    },
  }
  let workerd
  let url
  async function boot() {
    const before = childIds('workerd')
    workerd = new Miniflare(options)
    url = await workerd.ready
    pid = childIds('workerd').find((id) => !before.includes(id))
  }
  await boot()

  async function ask(method, ...all) {
    const body = JSON.stringify([method, ...all])
    const signal = AbortSignal.timeout(20_000)
    const response = await fetch(url, { method: 'POST', body, signal })
    const answer = await response.json()
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.result ?? undefined
  }

  const object_ = (binding, name, ...call) => ask('object', binding, name, ...call)
  /** What an object keeps. workerd drops connections that come in crowds; looking again does no harm. */
  async function dump(binding, name) {
    for (let left = 3; ; left--) {
      try {
        return await object_(binding, name, 'dump')
      } catch (error) {
        if (left === 0 || error.message !== 'fetch failed') throw error
      }
    }
  }
  return {
    ask,
    bindings: options.bindings,
    signingKey: options.bindings.SIGNING_KEYS[0].key,
    /** All that workerd has written, on either stream. */
    output: () => output,
    /** Resolves when workerd has been killed by a fault. */
    death: () => new Promise((resolve) => (died = resolve)),
    /** Ends workerd without a warning, unless a fault has, and starts it again on what it left on disk. */
    async crash() {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // A fault was faster.
      }
      await workerd.dispose()
      await boot()
    },
    object: object_,
    /** All rows of all tables of an identity host, of the data hosts of an area, of a directory object. */
    identities: (area) => dump('IDENTITIES', `identity/${area}`),
    async data(area, pinned = false) {
      const place = `data/${area}/${pinned ? 'pinned' : 'home'}`
      const shards = Array.from({ length: 16 }, (_, shard) => dump('DATA', `${place}/${shard}`))
      const all = await Promise.all(shards)
      const of = (table) => all.flatMap((dump) => dump[table] ?? [])
      return { host: of('host'), entries: of('entries'), items: of('items'), others: others(all) }
    },
    directory: async (id) => {
      const { directory = [] } = await dump('DIRECTORY', `identity/${id}`)
      return directory[0] && JSON.parse(directory[0].record)
    },
    /** Every byte that workerd has on disk, by the class of the object. */
    bytes() {
      const state = join(home, 'state')
      const bytes = readdirSync(state, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const path = join(entry.parentPath ?? entry.path, entry.name)
          return { path: path.slice(state.length), bytes: readFileSync(path) }
        })
      return bytes
    },
    async stop() {
      await workerd.dispose()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function others(dumps) {
  const names = dumps.flatMap((dump) => Object.keys(dump))
  return [...new Set(names)].filter(
    (name) => !['host', 'entries', 'items', 'versions'].includes(name),
  )
}
