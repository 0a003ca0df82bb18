// The same suite in three runtimes. Each gives `time(operation, peer, n)`: milliseconds for doing it n times, and
// `start()`: milliseconds from the bytes of the module (in workerd: from the module) to a running instance.
import { build } from 'esbuild'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

import { Miniflare } from 'miniflare'

import { launch } from '../support/browsers/index.js'
import { at } from '../support/paths.js'
import { startStaticServer } from '../support/static_server.js'
import { until } from '../support/until.js'
import { createSuite } from './suite.js'

const GLUE = at('npm/edge/dist/wasm/lingpai_verify_bg.js')
const WASM = at('npm/edge/dist/wasm/lingpai_verify_bg.wasm')

export async function inNode(input) {
  const suite = await createSuite(input)
  const glue = await import(GLUE)
  const bytes = readFileSync(WASM)
  return {
    name: `Node ${process.versions.node}`,
    async time(operation, peer, n) {
      const start = performance.now()
      await suite[operation][peer](n)
      return performance.now() - start
    },
    async start() {
      const start = performance.now()
      const module = new WebAssembly.Module(bytes)
      const { exports } = new WebAssembly.Instance(module, { './lingpai_verify_bg.js': glue })
      if (!exports.memory) throw new Error('no instance')
      return performance.now() - start
    },
    stop: async () => {},
  }
}

export async function inWorkerd(input) {
  const directory = await bundle(
    'worker.js',
    `import { createSuite } from ${JSON.stringify(at('tests/bench/suite.js'))}
     import * as glue from ${JSON.stringify(GLUE)}
     import module from ${JSON.stringify(WASM)}
     const input = ${JSON.stringify(input)}
     let suite
     export default {
       async fetch(request) {
         const { operation, peer, n } = await request.json()
         suite ??= await createSuite(input)
         if (operation === 'start') {
           for (let i = 0; i < n; i++) new WebAssembly.Instance(module, { './lingpai_verify_bg.js': glue })
         } else await suite[operation][peer](n)
         return new Response('done')
       },
     }`,
    { conditions: ['workerd', 'worker', 'browser'], loader: { '.wasm': 'copy' } },
  )
  const files = readdirSync(directory).filter((file) => /\.(js|wasm)$/.test(file))
  const modules = files
    .sort((a, b) => Number(b === 'worker.js') - Number(a === 'worker.js'))
    .map((file) => ({
      type: file.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(directory, file),
    }))
  const roots = { rootPath: directory, modulesRoot: directory }
  const options = {
    host: '127.0.0.1',
    port: 0,
    cf: false,
    ...roots,
    modules,
    compatibilityDate: '2026-03-01',
  }
  const miniflare = new Miniflare(options)
  const url = await miniflare.ready

  const ask = async (operation, peer, n) => {
    const start = performance.now()
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ operation, peer, n }),
    })
    const text = await response.text()
    if (text !== 'done') throw new Error(text)
    return performance.now() - start
  }
  // Inside a request time stands still, so it is taken from outside; asking for 2n and for n leaves the way out of it.
  const time = async (operation, peer, n) =>
    (await ask(operation, peer, 2 * n)) - (await ask(operation, peer, n))
  return {
    name: 'workerd',
    time,
    // Instances that nobody needs any more burden whatever comes next: compared with a request that makes none.
    async start() {
      const way = await ask('start', undefined, 0)
      return ((await ask('start', undefined, 40)) - way) / 40
    },
    async stop() {
      await miniflare.dispose()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function inChromium(input) {
  const directory = await bundle(
    'page.js',
    `import { createSuite } from ${JSON.stringify(at('tests/bench/suite.js'))}
     import * as glue from ${JSON.stringify(GLUE)}
     const suite = await createSuite(${JSON.stringify(input)})
     const bytes = await (await fetch('/wasm/lingpai_verify_bg.wasm')).arrayBuffer()
     globalThis.bench = {
       async time(operation, peer, n) {
         const start = performance.now()
         await suite[operation][peer](n)
         return performance.now() - start
       },
       async start() {
         const start = performance.now()
         await WebAssembly.instantiate(bytes, { './lingpai_verify_bg.js': glue })
         return performance.now() - start
       },
     }`,
    { conditions: ['browser'] },
  )
  writeFileSync(
    join(directory, 'index.html'),
    '<!doctype html><script type="module" src="page.js"></script>',
  )
  const server = await startStaticServer({
    mounts: { '/': directory, '/wasm/': at('npm/edge/dist/wasm') },
  })
  const browser = await launch('chromium')
  const page = await browser.open(`${server.url}/`)
  await until('the suite', () => page.evaluate(() => Boolean(globalThis.bench)))
  return {
    name: browser.version.replace('/', ' '),
    time: (operation, peer, n) =>
      page.evaluate((...args) => globalThis.bench.time(...args), operation, peer, n),
    start: () => page.evaluate(() => globalThis.bench.start()),
    async stop() {
      await browser.close()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function bundle(name, contents, options) {
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-bench-'))
  await build({
    stdin: { contents, resolveDir: at('tests/bench'), sourcefile: name },
    outfile: join(directory, name),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
    ...options,
  })
  return directory
}
