// Bundles a module of functions as each kind of runtime would get it from a bundler: one file, and the WASM module beside
// it where the platform compiles it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { build } from 'esbuild'

import { tests } from '../paths.js'

/** Writes `name` into a directory of its own. `contents` imports by absolute path. */
export async function bundle(name, contents, options = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-runtime-'))
  await build({
    stdin: { contents, resolveDir: tests, sourcefile: name },
    outfile: join(directory, name),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
    ...options,
  })
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
