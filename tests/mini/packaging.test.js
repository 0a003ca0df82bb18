// The package as "构建 npm" copies it: what is in it, what it weighs, what it is written in, and that it runs from there.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import vm from 'node:vm'
import { brotliCompressSync } from 'node:zlib'

import { transform } from 'esbuild'

import { at } from '../support/paths.js'
import { run } from '../support/processes.js'
import { copied, manifest } from './support/package.js'
import { bareRealm, load } from './support/phone.js'

const MB = 1024 * 1024
const LIMITS = {
  'WeChat, one package': 2 * MB,
  'Alipay, one package': 2 * MB,
  'Douyin, one package': 2 * MB,
  'Baidu, one package': 2 * MB,
  'QQ, one package': 2 * MB,
  'Kuaishou, one package': 2 * MB,
}

let home
let built

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'lingpai-mini-'))
  built = await buildNpm(home)
})
after(() => rmSync(home, { recursive: true, force: true }))

/**
 * What WeChat's tool does with a dependency: installed from its tarball, the directory that `miniprogram` names is copied as it
 * is to `miniprogram_npm/<name>`. Without that field, only JavaScript reachable from `main` would be.
 */
async function buildNpm(home) {
  const pack = await run('npm', ['pack', '--json', '--pack-destination', home, at('npm/mini')], {
    cwd: home,
  })
  const [{ filename }] = Object.values(JSON.parse(pack.stdout.slice(pack.stdout.search(/^[[{]/m))))
  mkdirSync(join(home, 'unpacked'))
  await run('tar', ['-xzf', join(home, filename), '-C', join(home, 'unpacked')])
  const source = join(home, 'unpacked/package')
  const { name, miniprogram, dependencies } = JSON.parse(
    readFileSync(join(source, 'package.json'), 'utf8'),
  )
  assert.equal(dependencies, undefined)
  const target = join(home, 'miniprogram_npm', name)
  mkdirSync(target, { recursive: true })
  cpSync(join(source, miniprogram), target, { recursive: true })
  return { source, target, files: copied(target) }
}

test('what is copied has an entry, the modules, and nothing else', () => {
  assert.deepEqual([...built.files.keys()].sort(), [
    'index.js',
    'operation.js',
    'tokenizer.js',
    'visit.js',
    'wasm/lingpai_mini.wasm',
    'wasm/lingpai_mini_symmetric.js',
    'wasm/lingpai_mini_tokenizer.wasm',
    'wasm/lingpai_mini_visit.wasm',
  ])
  assert.deepEqual(built.files, copied())
})

test('it fits into the packages of every platform, with its sizes', (t) => {
  let [sum, later] = [0, 0]
  for (const [name, content] of built.files) {
    sum += content.length
    if (/operation|tokenizer|^visit/.test(name)) later += content.length
    t.diagnostic(
      `${name}: ${content.length} bytes, ${brotliCompressSync(content).length} after brotli`,
    )
  }
  t.diagnostic(`all: ${sum} bytes`)
  for (const [name, limit] of Object.entries(LIMITS)) {
    t.diagnostic(`${name}: ${((100 * sum) / limit).toFixed(1)} %`)
    // A library may take a fifth of a package, no more; what an app may leave out, an eighth besides.
    assert.ok(sum - later < limit / 5, name)
    assert.ok(later < limit / 8, name)
  }
})

test('suffixes are among those that WeChat uploads', () => {
  for (const name of built.files.keys()) assert.match(name, /\.(js|wasm)$/)
})

describe('each script', () => {
  for (const name of [
    'index.js',
    'operation.js',
    'tokenizer.js',
    'visit.js',
    'wasm/lingpai_mini_symmetric.js',
  ]) {
    test(`${name} is ES2017, no module, and parses in an engine of its day`, async () => {
      const source = built.files.get(name).toString()
      const lowered = await transform(source, { target: 'es2017' })
      const same = await transform(source, { target: 'esnext' })
      assert.equal(lowered.code, same.code)
      new vm.Script(`(function (module, exports, require) {${source}\n})`)
      assert.doesNotMatch(source, /^\s*(import|export)\s/m)
    })

    test(`${name} reaches for nothing global`, async () => {
      const { code } = await transform(built.files.get(name).toString(), {
        minifyWhitespace: true,
        legalComments: 'none',
      })
      const forbidden =
        /\b(globalThis|window|global|self|eval|Function\(|import\(|TextEncoder|TextDecoder|BigInt|queueMicrotask|WeakRef|FinalizationRegistry|Proxy|structuredClone|atob|btoa|URLSearchParams|AbortController|fetch|XMLHttpRequest|localStorage|crypto|process|instanceof ArrayBuffer)\b/
      assert.equal(forbidden.exec(code)?.[0], undefined)
      assert.doesNotMatch(code, /new URL\b|Math\.random/)
    })
  }
})

test('each module is WebAssembly 1.0: no import, functions and a memory out, and no word of this machine', () => {
  for (const [name, content] of built.files) {
    if (!name.endsWith('.wasm')) continue
    const module = new WebAssembly.Module(content)
    assert.deepEqual(WebAssembly.Module.imports(module), [])
    const kinds = new Set(WebAssembly.Module.exports(module).map(({ kind }) => kind))
    assert.deepEqual([...kinds].sort(), ['function', 'memory'])
    assert.deepEqual(WebAssembly.Module.customSections(module, 'target_features'), [])
    assert.doesNotMatch(content.toString('latin1'), /\/home\/|\/root\/|\.cargo|registry\/src/)
  }
})

test('from the copy it loads in a realm that has nothing but the language', () => {
  const lingpai = load(bareRealm({}), built.files)
  assert.deepEqual(Object.keys(lingpai).sort(), [
    'LingpaiError',
    'alipay',
    'baidu',
    'createMini',
    'douyin',
    'kuaishou',
    'qq',
    'wechat',
  ])
})

test('a package without the field `miniprogram` would have lost its modules, and this one has it', () => {
  assert.equal(manifest.miniprogram, 'dist/miniprogram')
  assert.ok(existsSync(join(built.source, manifest.main)))
  assert.ok(existsSync(join(built.source, manifest.types)))
  assert.ok(join(built.source, manifest.main).startsWith(join(built.source, manifest.miniprogram)))
})

describe('types', () => {
  for (const [platform, typings] of [
    ['wechat', 'miniprogram-api-typings'],
    ['alipay', '@mini-types/alipay'],
    ['douyin', '@douyin-microapp/typings'],
    ['kuaishou', 'ks-miniprogram-types/global'],
  ]) {
    test(`the host of ${platform} takes what ${typings} declares`, async () => {
      const flags = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--target',
        'es2020',
        '--module',
        'esnext',
      ]
      const more = ['--moduleResolution', 'bundler', '--lib', 'es2020', '--types', typings]
      await run(process.execPath, [
        at('node_modules/typescript/bin/tsc'),
        ...flags,
        ...more,
        at(`tests/mini/types/${platform}.ts`),
      ])
    })
  }

  test('and refuses what is no such object', async () => {
    const flags = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2020',
      '--module',
      'esnext',
    ]
    const more = [
      '--moduleResolution',
      'bundler',
      '--lib',
      'es2020',
      '--types',
      'miniprogram-api-typings',
    ]
    const file = at('tests/mini/types/wrong.ts')
    await assert.rejects(
      run(process.execPath, [at('node_modules/typescript/bin/tsc'), ...flags, ...more, file]),
      /wrong\.ts\(4,\d+\): error TS2739/,
    )
  })
})

describe('Taro and uni-app', () => {
  // Both bundle JavaScript and copy what they are told to.
  test('bundled by esbuild or webpack, with the modules copied, it runs from where they were copied to', async () => {
    const { build } = await import('esbuild')
    const { outputFiles } = await build({
      stdin: { contents: "module.exports = require('@lingpai/mini')", resolveDir: at('tests') },
      bundle: true,
      format: 'cjs',
      target: 'es2017',
      write: false,
    })
    const files = new Map([['index.js', Buffer.from(outputFiles[0].text)]])
    const lingpai = load(bareRealm({ setTimeout: () => {}, clearTimeout: () => {} }), files)
    const asked = []
    const instantiate = async (path) => {
      asked.push(path)
      return new WebAssembly.Instance(
        new WebAssembly.Module(built.files.get(path.replace('/assets/', 'wasm/'))),
        {},
      )
    }
    const wx = {
      request() {},
      getStorage: ({ fail }) => fail({ errMsg: 'getStorage:fail data not found' }),
      setStorage: ({ success }) => success(),
      removeStorage() {},
      login() {},
    }
    const host = lingpai.wechat(wx, { instantiate })
    const options = {
      host,
      gateway: 'https://gate.example',
      clientId: 'app',
      audience: 'https://api.example',
    }
    const status = await lingpai.createMini({ ...options, wasmDirectory: '/assets' }).status()
    assert.equal(status.engine, 'wasm')
    assert.deepEqual(asked, ['/assets/lingpai_mini.wasm'])
    // The symmetric part is in the bundle itself.
    const plain = await lingpai.createMini({ ...options, host: lingpai.wechat(wx) }).status()
    assert.equal(plain.engine, 'javascript')
  })
})
