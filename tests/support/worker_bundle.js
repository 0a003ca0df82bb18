// The Worker exactly as it would be deployed: what `wrangler deploy --dry-run` writes, made anew when a source is newer.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { at } from './paths.js'
import { run } from './processes.js'

const SOURCES = [
  'npm/edge/dist',
  'npm/h5/dist',
  'worker-example/src',
  'worker-example/dist/page',
  'worker-example/wrangler.jsonc',
  'worker-example/package.json',
]

let made

/** Directory of the bundle: `index.js`, one `.wasm`. */
export function workerBundle() {
  made ??= make()
  return made
}

/** Path of wrangler's command line. */
export function wranglerPath() {
  const manifest = createRequire(import.meta.url).resolve('wrangler/package.json')
  return join(dirname(manifest), 'bin/wrangler.js')
}

/** Environment in which wrangler talks to nobody. */
export const WRANGLER_ENV = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

async function make() {
  const missing = SOURCES.filter((source) => !existsSync(at(source)))
  if (missing.length > 0) throw new Error(`${missing.join(', ')} missing: cargo xtask build`)
  const newest = Math.max(...SOURCES.map((source) => newestIn(at(source))))
  const directory = at(`target/tests/worker-${Math.floor(newest)}`)
  if (existsSync(directory)) return directory
  // Test files run side by side: each makes its own, the first one to finish puts it in place for all.
  const own = `${directory}.${process.pid}`
  mkdirSync(own, { recursive: true })
  const args = [wranglerPath(), 'deploy', '--dry-run', '--outdir', own]
  await run(process.execPath, args, { cwd: at('worker-example'), env: WRANGLER_ENV })
  try {
    renameSync(own, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
    rmSync(own, { recursive: true, force: true })
  }
  return directory
}

function newestIn(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((entry) => newestIn(join(path, entry))))
}
