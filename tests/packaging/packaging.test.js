// What a user gets from `npm install`: the tarballs run with no configuration wherever their users are.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { build as esbuild } from 'esbuild'
import { Miniflare } from 'miniflare'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { build as viteBuild, createServer as createViteServer } from 'vite'
import webpack from 'webpack'

import { launch } from '../support/browsers/index.js'
import { openRequest } from '../support/jose_party.js'
import { run } from '../support/processes.js'
import { bunBinary, denoBinary } from '../support/runtimes/binaries.js'
import { startStaticServer, STRICT_CSP } from '../support/static_server.js'
import { until } from '../support/until.js'
import { WRANGLER_ENV, wranglerPath } from '../support/worker_bundle.js'
import { createProject, filesIn, pack } from './project.js'

const require = createRequire(import.meta.url)

let packed
let project
let chromium

before(async () => {
  packed = await pack()
  project = await createProject(packed.packages)
})

after(async () => {
  await chromium?.close()
  project?.remove()
  packed?.remove()
})

describe('tarballs', () => {
  const modules = {
    // The page's, in one of two forms, and what stores and tokenizers load
    '@lingpai/h5': [
      'lingpai_h5_bg.wasm',
      'lingpai_h5_curves_bg.wasm',
      'lingpai_store_bg.wasm',
      'lingpai_tokenizer_bg.wasm',
    ],
    // One that verifies, and one that issues as well
    '@lingpai/edge': ['lingpai_edge_bg.wasm', 'lingpai_verify_bg.wasm'],
  }
  for (const [name, expected] of Object.entries(modules)) {
    test(`${name} holds its modules once, and nothing but what it needs`, () => {
      const { files } = packed.packages[name]
      const found = files.filter((file) => file.endsWith('.wasm')).map((file) => basename(file))
      assert.deepEqual(found.sort(), expected)
      const unexpected = files.filter(
        (file) => !/^(dist\/|package\.json$|README|LICEN[CS]E)/.test(file),
      )
      assert.deepEqual(unexpected, [])
      assert.ok(files.includes('README.md'), 'README.md')
      assert.ok(
        files.some((file) => file.startsWith('LICEN')),
        'licence',
      )
    })

    test(`${name} passes publint --strict`, async () => {
      const pkgDir = project.path('node_modules', name)
      const { messages, pkg } = await publint({ pkgDir, strict: true, pack: false })
      assert.deepEqual(
        messages.map((message) => formatMessage(message, pkg, { color: false })),
        [],
      )
    })

    test(`${name} passes attw as an ESM package`, async () => {
      const cli = bin('@arethetypeswrong/cli', 'attw')
      await run(process.execPath, [
        cli,
        packed.packages[name].tarball,
        '--profile',
        'esm-only',
        '--no-emoji',
        // A module file has no types of its own.
        '--exclude-entrypoints',
        ...packed.packages[name].files
          .filter((file) => file.endsWith('.wasm'))
          .map((file) => basename(file)),
      ])
    })
  }

  for (const moduleResolution of ['bundler', 'node16']) {
    test(`types resolve and hold with moduleResolution ${moduleResolution}`, async () => {
      const module = moduleResolution === 'bundler' ? 'esnext' : 'node16'
      const args = [
        '--noEmit',
        '--strict',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom',
        '--types',
        '',
      ]
      const resolution = [
        '--module',
        module,
        '--moduleResolution',
        moduleResolution,
        '--ignoreConfig',
      ]
      const tsc = bin('typescript', 'tsc')
      await run(process.execPath, [tsc, ...args, ...resolution, 'types.ts'], {
        cwd: project.directory,
      })
    })
  }
})

describe('runtimes', () => {
  const runtimes = {
    'Node (ESM)': (file) => run(process.execPath, [file], { cwd: project.directory }),
    'Deno, without any permission': (file) =>
      run(denoBinary(), ['run', '--no-prompt', file], {
        cwd: project.directory,
        env: { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
      }),
    Bun: (file) => run(bunBinary(), [file], { cwd: project.directory }),
  }
  for (const [name, runFile] of Object.entries(runtimes)) {
    test(`@lingpai/edge in ${name}`, async () => {
      assertService(JSON.parse((await runFile('print-service.js')).stdout))
      assertEdge(JSON.parse((await runFile('print-edge.js')).stdout))
    })
    test(`@lingpai/h5 in ${name}`, async () => {
      assertH5(JSON.parse((await runFile('print-h5.js')).stdout), 'volatile')
    })
    test(`@lingpai/h5/tokenizer in ${name}`, async () => {
      assertTokenizer(JSON.parse((await runFile('print-tokenizer.js')).stdout))
    })
  }

  for (const flags of [[], ['nodejs_compat']]) {
    const flagged = `flags: ${flags.join() || 'none'}`

    test(`@lingpai/edge that verifies, bundled by wrangler, in workerd, ${flagged}`, async () => {
      const { wasm, answer } = await deployed('service-worker.js', flags)
      assert.match(wasm.join(), /^[^,]*lingpai_verify_bg\.wasm$/)
      assertService(answer)
    })

    test(`@lingpai/edge that issues too, bundled by wrangler, in workerd, ${flagged}`, async () => {
      const { wasm, answer } = await deployed('worker.js', flags)
      assert.match(wasm.join(), /^[^,]*lingpai_edge_bg\.wasm$/)
      assertEdge(answer)
    })

    test(`@lingpai/h5/tokenizer, bundled by wrangler, in workerd, ${flagged}`, async () => {
      const { wasm, answer } = await deployed('tokenizer-worker.js', flags)
      assert.match(wasm.join(), /^[^,]*lingpai_tokenizer_bg\.wasm$/)
      assertTokenizer(answer)
    })
  }
})

describe('bundlers', () => {
  test('@lingpai/h5 in a page built by Vite, under a strict CSP', async () => {
    const outDir = project.path('vite-out')
    await viteBuild({
      root: project.directory,
      configFile: false,
      logLevel: 'error',
      build: { outDir },
    })
    assertModules(outDir, 'h5', 'h5_curves', 'store')
    assertH5(await loadBuilt(outDir), 'relaxed')
  })

  test("@lingpai/h5 in Vite's development server", async () => {
    const server = await createViteServer({
      root: project.directory,
      configFile: false,
      logLevel: 'error',
      server: { host: '127.0.0.1', port: 0, strictPort: false, watch: null },
    })
    try {
      await server.listen()
      const { port } = server.httpServer.address()
      assertH5(await load(`http://127.0.0.1:${port}/`), 'relaxed')
    } finally {
      await server.close()
    }
  })

  test('@lingpai/h5 in a page built by webpack, under a strict CSP', async () => {
    const outDir = project.path('webpack-out')
    const config = {
      mode: 'production',
      context: project.directory,
      entry: './page.js',
      output: { path: outDir },
    }
    const stats = await new Promise((resolve, reject) => {
      const compiler = webpack(config)
      compiler.run((error, stats) => compiler.close(() => (error ? reject(error) : resolve(stats))))
    })
    assert.equal(stats.hasErrors(), false, stats.toString('errors-only'))
    writePage(outDir, 'main.js')
    assertModules(outDir, 'h5', 'h5_curves', 'store')
    assertH5(await loadBuilt(outDir), 'relaxed')
  })

  test('@lingpai/h5/tokenizer in a page built by webpack, under a strict CSP', async () => {
    const outDir = project.path('webpack-tokenizer-out')
    const config = {
      mode: 'production',
      context: project.directory,
      entry: './tokenizer-page.js',
      output: { path: outDir },
    }
    const stats = await new Promise((resolve, reject) => {
      const compiler = webpack(config)
      compiler.run((error, stats) => compiler.close(() => (error ? reject(error) : resolve(stats))))
    })
    assert.equal(stats.hasErrors(), false, stats.toString('errors-only'))
    writePage(outDir, 'main.js')
    assertModules(outDir, 'tokenizer')
    assertTokenizer(await loadBuilt(outDir))
  })

  test('@lingpai/h5 in a page built by esbuild, under a strict CSP', async () => {
    const outDir = project.path('esbuild-out')
    const options = {
      bundle: true,
      format: 'esm',
      splitting: true,
      minify: true,
      logLevel: 'error',
    }
    await esbuild({
      ...options,
      absWorkingDir: project.directory,
      entryPoints: ['page.js'],
      outdir: outDir,
    })
    writePage(outDir, 'page.js')
    assertH5(await loadBuilt(outDir), 'relaxed')
    // esbuild writes a chunk for an `import()` also where that was shaken off; what counts is that nothing leads there.
    const leadsThere = filesIn(outDir).filter(
      (file) =>
        file.endsWith('.js') &&
        !file.includes('tokenizer') &&
        /["'][^"']*tokenizer-\w+\.js/.test(readFileSync(join(outDir, file), 'utf8')),
    )
    assert.deepEqual(leadsThere, [], 'a page that makes no tokenizer loads nothing of it')
  })

  for (const [entry, assertResult] of [
    ['print-service.js', assertService],
    ['print-edge.js', assertEdge],
  ]) {
    test(`${entry} bundled by esbuild for a server runs from one file`, async () => {
      const outfile = project.path(`${entry}-out`, 'bundle.mjs')
      const options = { bundle: true, format: 'esm', logLevel: 'error', outfile }
      await esbuild({ ...options, absWorkingDir: project.directory, entryPoints: [entry] })
      assert.deepEqual(filesIn(dirname(outfile)), ['bundle.mjs'])
      assertResult(JSON.parse((await run(process.execPath, [outfile])).stdout))
    })
  }
})

/** Bundles a Worker as `wrangler deploy` does and asks it in workerd. */
async function deployed(main, flags) {
  const name = `wrangler-${basename(main, '.js')}-${flags.length}`
  const config = {
    name,
    main,
    compatibility_date: '2026-03-01',
    compatibility_flags: flags,
  }
  writeFileSync(project.path(`${name}.json`), JSON.stringify(config))
  const outdir = project.path(name)
  const args = [
    wranglerPath(),
    'deploy',
    '--dry-run',
    '--outdir',
    outdir,
    '--config',
    `${name}.json`,
  ]
  await run(process.execPath, args, { cwd: project.directory, env: WRANGLER_ENV })
  const files = filesIn(outdir)
  const wasm = files.filter((file) => file.endsWith('.wasm'))
  return { wasm, answer: await askWorkerd(outdir, files, flags, main) }
}

function assertService(result) {
  assert.deepEqual(result, { subject: 'user', refusal: 'signature_invalid' })
}

function assertEdge(result) {
  const expected = {
    subject: 'user',
    refusal: 'signature_invalid',
    assertionParts: 3,
    authority: 'function',
  }
  assert.deepEqual(result, expected)
}

/** The request that the page made opens with the authority's key and holds the access token. */
/** Where there is no page, a store has nothing but memory. */
function assertH5(result, durability) {
  assert.equal(result.error, undefined)
  const { content, header } = openRequest(result.request, project.expected.app)
  assert.deepEqual(content, { at: project.expected.accessToken })
  assert.equal(header.typ, 'lp-visit+jwe')
  assert.equal(result.refusal, 'answer_mismatch')
  assert.equal(result.openVisit, 'function')
  assert.deepEqual(result.store, { durability, value: 'kept' })
}

/** Without a vault and without a policy there is no token, and nothing waits. */
function assertTokenizer(result) {
  const expected = { refusal: 'temporarily_unavailable', pending: 0, durable: false }
  assert.deepEqual(result, expected)
}

/** Bundlers may copy more than they use; what counts is what a script names. */
/** That scripts name these modules, and each of them once. Bundlers give files names of their own. */
function assertModules(directory, ...expected) {
  const files = filesIn(directory)
  const scripts = files.filter((file) => file.endsWith('.js'))
  const text = scripts.map((file) => readFileSync(join(directory, file), 'utf8')).join()
  const named = files.filter((file) => file.endsWith('.wasm') && text.includes(basename(file)))
  const originals = project.path('node_modules/@lingpai/h5/dist/wasm')
  const nameOf = (file) => {
    const bytes = readFileSync(join(directory, file))
    return filesIn(originals).find((name) => bytes.equals(readFileSync(join(originals, name))))
  }
  assert.deepEqual(
    named.map(nameOf).sort(),
    expected.map((name) => `lingpai_${name}_bg.wasm`),
    files.join(),
  )
}

async function load(url) {
  chromium ??= await launch('chromium')
  const page = await chromium.open(url)
  try {
    return await until(`result of ${url}`, () => page.evaluate(() => globalThis.result ?? null))
  } catch (error) {
    throw new Error(`${error.message}\n${page.console.join('\n')}`)
  } finally {
    await page.close()
  }
}

async function loadBuilt(directory) {
  const server = await startStaticServer({
    mounts: { '/': directory },
    headers: { 'content-security-policy': STRICT_CSP },
  })
  try {
    return await load(`${server.url}/`)
  } finally {
    await server.close()
  }
}

function writePage(directory, script) {
  mkdirSync(directory, { recursive: true })
  const page = `<!doctype html><meta charset="utf-8"><script type="module" src="./${script}"></script>`
  writeFileSync(join(directory, 'index.html'), page)
}

async function askWorkerd(directory, files, compatibilityFlags, main) {
  const modules = files
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort((a, b) => Number(b === main) - Number(a === main))
    .map((file) => ({
      type: file.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(directory, file),
    }))
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules,
    compatibilityDate: '2026-03-01',
    compatibilityFlags,
  })
  try {
    const response = await fetch(await miniflare.ready)
    assert.equal(response.status, 200, await response.clone().text())
    return await response.json()
  } finally {
    await miniflare.dispose()
  }
}

/** The script behind a package's command. */
function bin(name, command) {
  const manifest = require.resolve(`${name}/package.json`)
  const { bin } = require(manifest)
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[command])
}
