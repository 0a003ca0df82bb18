// A Worker in workerd on loopback, with the processor time that workerd has used.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Miniflare } from 'miniflare'

import { childIds } from '../support/processes.js'
import { bundle } from '../support/runtimes/bundle.js'
import { modulesIn } from '../support/runtimes/workerd.js'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Bundles a Worker of this directory. */
export function bundleWorker(path) {
  return bundle('worker.js', `export * from '${path}'; export { default } from '${path}'`, {
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
  })
}

/** Starts the modules of a directory, `entry` first; `plain` without a Durable Object. */
export async function startServer({ directory, entry, port, bindings, plain = false }) {
  const state = mkdtempSync(join(tmpdir(), 'lingpai-load-'))
  const before = childIds('workerd')
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules: modulesIn(directory, entry),
    compatibilityDate: '2026-03-01',
    bindings,
    ...(!plain && {
      durableObjects: { VISIT_LEDGER: { className: 'VisitLedger', useSQLite: true } },
      durableObjectsPersist: state,
    }),
  })
  await miniflare.ready
  const [pid] = childIds('workerd').filter((id) => !before.includes(id))
  return {
    /** Seconds of processor time, in user and kernel, since it began. */
    processorSeconds() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    async stop() {
      await miniflare.dispose()
      rmSync(state, { recursive: true, force: true })
    },
  }
}
