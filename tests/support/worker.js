// The deployed bundle in real workerd, with its state on disk: started, killed, started again, stopped.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Miniflare } from 'miniflare'

import { at } from './paths.js'
import { childIds, freePort } from './processes.js'
import { workerBundle } from './worker_bundle.js'

/**
 * Starts the Worker on 127.0.0.1. `bindings` are what the deployment would have as secrets and variables; a
 * function gets the port first. `publicPort` is where its clients see it, if a proxy stands in between. `onOutput` gets all
 * that workerd writes, on either stream. `bundle` is the directory of another Worker around the same packages.
 */
export async function startWorker({ port, bindings, compatibilityFlags = [], onOutput, bundle }) {
  port ??= await freePort()
  const home = mkdtempSync(join(tmpdir(), 'lingpai-worker-'))
  const modules = stage(bundle ?? (await workerBundle()), join(home, 'modules'))
  const options = {
    host: '127.0.0.1',
    port,
    cf: false,
    rootPath: join(home, 'modules'),
    modulesRoot: join(home, 'modules'),
    modules,
    compatibilityDate: '2026-03-01',
    compatibilityFlags,
    bindings,
    ...(onOutput && { handleRuntimeStdio: listening(onOutput) }),
    durableObjects: {
      VISIT_LEDGER: { className: 'VisitLedger', useSQLite: true },
      ALIASES: { className: 'AliasRegistry', useSQLite: true },
      DEMO_BANK: { className: 'DemoBank', useSQLite: true },
      PLATFORM_SESSIONS: { className: 'PlatformSessions', useSQLite: true },
      TOKEN_VAULT: { className: 'TokenVault', useSQLite: true },
      REGION_IDENTITIES: { className: 'RegionIdentityHost', useSQLite: true },
      REGION_DATA: { className: 'RegionDataHost', useSQLite: true },
      REGION_DIRECTORY: { className: 'RegionDirectory', useSQLite: true },
    },
    durableObjectsPersist: join(home, 'state'),
    assets: {
      directory: at('worker-example/dist/page'),
      binding: 'PAGES',
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
    },
  }
  let { miniflare, pid } = await boot(options)
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    url,
    state: options.durableObjectsPersist,
    /** A namespace of Durable Objects, to ask one what it keeps. */
    objects: (binding) => miniflare.getDurableObjectNamespace(binding),
    /** Moves the Worker's clock to `seconds` away from the real one. */
    async setClock(seconds) {
      const response = await fetch(`${url}/test-clock?offset-ms=${seconds * 1000}`)
      await response.text()
    },
    /** Ends workerd without a warning and starts it again on what it left on disk, with changed bindings if there are any. */
    async crash(changes) {
      process.kill(pid, 'SIGKILL')
      await miniflare.dispose()
      Object.assign(bindings, changes)
      ;({ miniflare, pid } = await boot(options))
    },
    async stop() {
      await miniflare.dispose()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const listening = (hear) => (stdout, stderr) => {
  for (const stream of [stdout, stderr]) stream.on('data', (chunk) => hear(String(chunk)))
}

async function boot(options) {
  const before = childIds('workerd')
  const miniflare = new Miniflare(options)
  await miniflare.ready
  const [pid] = childIds('workerd').filter((id) => !before.includes(id))
  return { miniflare, pid }
}

/** Copies the bundle beside the clock's entry module and lists the modules, the entry first. */
function stage(bundle, directory) {
  mkdirSync(directory, { recursive: true })
  const names = readdirSync(bundle).filter((name) => /\.(js|wasm)$/.test(name))
  for (const name of names) copyFileSync(join(bundle, name), join(directory, name))
  const entry = 'worker_clock.js'
  copyFileSync(fileURLToPath(new URL(entry, import.meta.url)), join(directory, entry))
  return [entry, ...names].map((name) => ({
    type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
    path: join(directory, name),
  }))
}
