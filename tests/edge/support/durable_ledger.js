// The durable ledger in real workerd with its state on disk, called from here like any ledger.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { childIds } from '../../support/processes.js'

const methods = [
  'decide',
  'revoke',
  'isRevoked',
  'burn',
  'burnInFamily',
  'cutOff',
  'cutOffOf',
  'verify',
  ...['keepSession', 'sessionsOf', 'link', 'forget', 'accessToken'],
]

/** Starts a Worker with a class of Durable Objects. A method that fails there rejects here with the message. */
export async function startDurableLedger(entry = 'ledger_worker.js', className = 'VisitLedger') {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-ledger-'))
  const modules = join(home, 'modules')
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    loader: { '.wasm': 'copy' },
    outdir: modules,
    logLevel: 'error',
  })
  const files = readdirSync(modules).sort((one) => (one.endsWith('.js') ? -1 : 1))
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
    durableObjects: { LEDGER: { className, useSQLite: true } },
    durableObjectsPersist: join(home, 'state'),
  }
  let workerd
  let url
  let pid
  async function boot() {
    const before = childIds('workerd')
    workerd = new Miniflare(options)
    url = await workerd.ready
    pid = childIds('workerd').find((id) => !before.includes(id))
  }
  await boot()
  async function ask(method, ...parameters) {
    const body = JSON.stringify([method, ...parameters])
    const answer = await (await fetch(url, { method: 'POST', body })).json()
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result
  }
  return {
    files,
    ledger: Object.fromEntries(methods.map((name) => [name, (...all) => ask(name, ...all)])),
    /** Ends workerd without a warning and starts it again on what it left on disk. */
    async crash() {
      process.kill(pid, 'SIGKILL')
      await workerd.dispose()
      await boot()
    },
    async stop() {
      await workerd.dispose()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
