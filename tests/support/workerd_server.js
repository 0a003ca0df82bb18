// A Worker in workerd on loopback, without anything in front of it, and the processor time that workerd has used.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { answers, start } from './processes.js'
import { bundle } from './runtimes/bundle.js'
import { modulesIn } from './runtimes/workerd.js'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const text = JSON.stringify

/** Bundles the Worker at an absolute path into a module of that name. */
export function bundleWorker(path, name = 'worker.js') {
  return bundle(name, `export * from '${path}'; export { default } from '${path}'`, {
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
  })
}

/** Starts the modules of a directory, `entry` first; `ledger` with the Durable Object that they export. */
export async function startServer({ directory, entry, port, bindings, ledger = false }) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-load-'))
  mkdirSync(join(home, 'state'))
  const config = join(home, 'config.capnp')
  writeFileSync(config, configuration({ directory, entry, port, bindings, ledger, home }))
  const server = await start(workerdPath(), ['serve', config], {
    ready: () => answers(`http://127.0.0.1:${port}/`),
  })
  return {
    /** All that it has written, on either stream. */
    output: () => server.output,
    /** Seconds of processor time, in user and kernel, since it began. */
    processorSeconds() {
      const stat = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    async stop() {
      await server.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function configuration({ directory, entry, port, bindings, ledger, home }) {
  const modules = modulesIn(directory, entry).map(({ type, path }) => {
    const name = basename(path)
    copyFileSync(path, join(home, name))
    return `(name = ${text(name)}, ${type === 'CompiledWasm' ? 'wasm' : 'esModule'} = embed ${text(name)})`
  })
  const bound = Object.entries(bindings).map(
    ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
  )
  const object = `
    durableObjectNamespaces = [(className = "VisitLedger", uniqueKey = "ledger", enableSql = true)],
    durableObjectStorage = (localDisk = "state"),`
  if (ledger) bound.push('(name = "VISIT_LEDGER", durableObjectNamespace = "VisitLedger")')
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "state", disk = (path = ${text(join(home, 'state'))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-03-01",
  bindings = [${bound.join(', ')}],${ledger ? object : ''}
);
`
}

function workerdPath() {
  const require = createRequire(import.meta.url)
  return createRequire(require.resolve('miniflare'))('workerd').default
}
