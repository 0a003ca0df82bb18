// Prints every table, or those that `--only` names, each measured in a process of its own. `--check` makes a bar that is
// not met the exit status.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { at } from '../support/paths.js'

const TABLES = {
  speed: ['one operation, beside other libraries', 'tests/bench/speed.js'],
  host: ["primitives: the host's WebCrypto or our module", 'tests/bench/host_or_wasm.js'],
  'key-sets': ['remote key sets under failures', 'tests/bench/key-sets.js'],
  load: ['a protected route under load', 'tests/load/main.js'],
  tokenizer: ['tokens while the vault is away', 'tests/bench/tokenizer.js'],
  mini: ['mini-programs: our module, the same as JavaScript, `@noble`', 'tests/mini/bench/main.js'],
  hostile: ['hostile tokens (docs/conformance.md)', 'tests/hostile/main.js'],
}

const args = process.argv.slice(2)
const only = args.includes('--only') ? args[args.indexOf('--only') + 1]?.split(',') : undefined
const unknown = (only ?? []).filter((name) => !(name in TABLES))
if (unknown.length > 0 || only?.length === 0) {
  console.error(`no table is called ${unknown}; there are: ${Object.keys(TABLES).join(', ')}`)
  process.exit(2)
}
for (const [name, [title, file]] of Object.entries(TABLES)) {
  if (only && !only.includes(name)) continue
  console.log(`\n${name}: ${title}\n`)
  const check = args.filter((arg) => arg === '--check')
  const child = spawn(process.execPath, [at(file), ...check], { stdio: 'inherit' })
  const [status] = await once(child, 'exit')
  if (status !== 0) process.exitCode = 1
}
