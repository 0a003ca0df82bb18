// The engines on which mini-programs run, or what comes closest on this machine, and how a script runs on each.
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import vm from 'node:vm'

import { build } from 'esbuild'
import { getQuickJS } from 'quickjs-emscripten'

import { at } from '../../support/paths.js'
import { run } from '../../support/processes.js'
import { manifest } from './package.js'
import { bareRealm } from './phone.js'

/** The modules in WebAssembly, by name. */
export const modules = ['lingpai_mini', 'lingpai_mini_visit', 'lingpai_mini_tokenizer']
const wasm = (name) => readFileSync(at('npm/mini', manifest.miniprogram, 'wasm', `${name}.wasm`))

/** The package's script. What a process shares is shared by whoever loads it once: a restart loads it again. */
const entry = at('npm/mini', manifest.miniprogram, 'index.js')

/** Node of an earlier day, which `cargo xtask prepare engines` installs apart from the workspace. */
const oldNode = at('tests/mini/old-node/node_modules/node-15/bin/node')

/** One script out of `source`, with the package and its modules at hand, for engines that have no loader. */
export async function bundle(source, target = 'es2017') {
  const contents = `
    const { fromHex } = require('./suite/border.js')
    const bytes = { ${modules.map((name) => `${name}: '${wasm(name).toString('hex')}'`).join(',')} }
    exports.bytesOf = (name) => fromHex(bytes[name])
    exports.lingpai = Object.assign({}, require(${JSON.stringify(entry)}), {
      again: [require(${JSON.stringify(`${entry}?1`)}), require(${JSON.stringify(`${entry}?2`)})],
    })
    exports.symmetric = require(${JSON.stringify(at('npm/mini', manifest.miniprogram, 'wasm/lingpai_mini_symmetric.js'))})
    ${source}`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: at('tests/mini'), loader: 'js' },
    bundle: true,
    format: 'iife',
    globalName: 'script',
    target,
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0].text
}

/** Runs before the script: the timers that every mini-program has, and an outcome that can be fetched. */
const prelude = `
  var outcome
  if (typeof setTimeout === 'undefined') var setTimeout = function (callback, ms) {
    if (ms < 10000) Promise.resolve().then(callback)
  }
  if (typeof clearTimeout === 'undefined') var clearTimeout = function () {}
`

/** Runs after it: \`kind\` is a build, \`exportsOf\` makes an instance of a module's bytes. */
const call = (kind, exportsOf) => `
  script.main(${JSON.stringify(kind)}, ${exportsOf}).then(
    function (result) { outcome = JSON.stringify(result); finish() },
    function (error) { outcome = JSON.stringify({ failed: String(error && error.stack || error) }); finish() })
`
const own = `function (bytes) { return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports }`

async function inProcess(program, flags, script, kind, print, end = '') {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-engine-'))
  try {
    const file = join(directory, 'suite.js')
    writeFileSync(
      file,
      `${prelude}function finish() { ${print}('lingpai:' + outcome); ${end} }\n${script}\n${call(kind, own)}`,
    )
    const { stdout } = await run(program, [...flags, file], { cwd: directory, timeoutMs: 240_000 })
    const line = stdout.split('\n').find((it) => it.startsWith('lingpai:'))
    if (line === undefined)
      throw new Error(`${basename(program)} gave nothing: ${stdout.slice(-500)}`)
    return JSON.parse(line.slice(8))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function there(program) {
  if (!existsSync(program)) throw new Error(`${program} is not there: cargo xtask prepare engines`)
  return program
}

const node =
  (program, flags = []) =>
  (script, kind) =>
    inProcess(there(program), flags, script, kind, 'console.log')
const jsc =
  (...flags) =>
  (script, kind) =>
    inProcess(there('/usr/bin/jsc'), flags, script, kind, 'print', 'quit()')

/** A realm of this process: nothing but the language, no code generation, modules from the platform. */
async function realm(script, kind) {
  const context = bareRealm({
    setTimeout: (callback, ms) => ms < 10_000 && setImmediate(callback),
    clearTimeout: () => {},
  })
  const exportsOf = (bytes) =>
    new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), {}).exports
  return new Promise((resolve) => {
    const globals = vm.runInContext('this', context)
    globals.finish = () => resolve(JSON.parse(globals.outcome))
    globals.exportsOf = exportsOf
    vm.runInContext(`${prelude}${script}\nthis.script = script`, context)
    vm.runInContext(call(kind, 'exportsOf'), context)
  })
}

/** No web, no WebAssembly, no just-in-time compiler. */
async function quickjs(script, kind) {
  const context = (await getQuickJS()).newContext()
  try {
    const source = `${prelude}function finish() {}\n${script}\n${call(kind, own)}`
    context.unwrapResult(context.evalCode(source, 'suite.js')).dispose()
    const jobs = context.runtime.executePendingJobs()
    if (jobs.error) throw new Error(String(context.dump(jobs.error)))
    return JSON.parse(context.unwrapResult(context.evalCode('outcome')).consume(context.dump))
  } finally {
    context.dispose()
  }
}

/** By name: what stands for what, which builds run there, and the way to run a script. */
export const engines = [
  { name: 'V8 of Chrome 86 (Node 15)', builds: ['wasm', 'javascript'], run: node(oldNode) },
  {
    name: `V8 ${process.versions.v8.split('-')[0]}`,
    builds: ['wasm', 'javascript'],
    run: node(process.execPath),
  },
  {
    name: 'V8 without JIT',
    builds: ['javascript'],
    run: node(process.execPath, ['--jitless']),
    slow: true,
  },
  { name: 'JavaScriptCore', builds: ['wasm', 'javascript'], run: jsc() },
  {
    name: 'JavaScriptCore without JIT',
    builds: ['wasm', 'javascript'],
    run: jsc('--useJIT=false'),
  },
  {
    name: 'JavaScriptCore without WebAssembly',
    builds: ['javascript'],
    run: jsc('--useWasm=false'),
  },
  { name: 'QuickJS', builds: ['javascript'], run: quickjs, slow: true },
  { name: 'a bare realm', builds: ['wasm', 'javascript'], run: realm },
]
