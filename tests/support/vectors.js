// Published test vectors, read out of the crates that carry them. Cargo fetches those on the first call.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { root } from './paths.js'

/** Wycheproof's sets of primitives, such as `ed25519_test`. */
export const primitives = (name) => read('wycheproof', name)

/** Wycheproof's JOSE sets: `json_web_{signature,encryption,key,crypto}_test`. */
export const jose = (name) => read('wycheproof-ng-kdf-jose', name)

let directories

function read(crate, name) {
  directories ??= crateDirectories()
  return JSON.parse(readFileSync(join(directories.get(crate), `src/data/${name}.json`), 'utf8'))
}

function crateDirectories() {
  const args = ['metadata', '--format-version', '1', '--quiet']
  const text = execFileSync('cargo', args, { cwd: root, maxBuffer: 1 << 28, encoding: 'utf8' })
  const { packages } = JSON.parse(text)
  return new Map(packages.map(({ name, manifest_path }) => [name, dirname(manifest_path)]))
}
