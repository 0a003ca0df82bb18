// The example for WeChat: whole, parsable by old engines, and at work on a phone, its probe included.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import vm from 'node:vm'

import { transform } from 'esbuild'

import { at } from '../support/paths.js'
import { platforms } from './hosts/index.js'
import { createGateway } from './support/gateway.js'
import { copied } from './support/package.js'
import { bareRealm, createPhone } from './support/phone.js'

const home = at('mini-example')
const files = readdirSync(home, { recursive: true })
  .filter((path) => !/node_modules|miniprogram_npm/.test(path))
  .filter((path) => statSync(join(home, path)).isFile())
const read = (path) => readFileSync(join(home, path), 'utf8')

describe('its files', () => {
  test('every page has its four, and every JSON is one', () => {
    for (const page of JSON.parse(read('app.json')).pages) {
      for (const suffix of ['js', 'json', 'wxml', 'wxss'])
        assert.ok(files.includes(`${page}.${suffix}`), page)
    }
    for (const path of files.filter((it) => it.endsWith('.json'))) JSON.parse(read(path))
  })

  test('scripts are ES2017', async () => {
    for (const path of files.filter((it) => it.endsWith('.js'))) {
      const lowered = await transform(read(path), { target: 'es2017' })
      assert.equal(lowered.code, (await transform(read(path), { target: 'esnext' })).code, path)
    }
  })

  test('handlers that pages name exist', () => {
    for (const path of files.filter((it) => it.endsWith('.wxml'))) {
      const script = read(path.replace('.wxml', '.js'))
      for (const [, handler] of read(path).matchAll(/bind\w+="(\w+)"/g))
        assert.match(script, new RegExp(`\\b${handler}\\(\\)`))
    }
  })
})

/** Opens the mini-program on a phone: its App and its pages, as WeChat would. */
function open({ random, wasm } = {}) {
  const gateway = createGateway()
  const phone = createPhone({ network: gateway.network })
  gateway.phone = phone
  phone.login = gateway.login
  const process = phone.start(platforms.wechat, { random, wasm })
  const { wx, webAssembly } = process.api
  let app
  let page
  const clipboard = []
  const context = bareRealm({
    wx: Object.assign(wx, {
      getDeviceInfo: () => ({ brand: 'nobody', model: 'phone', system: 'none', platform: 'test' }),
      setClipboardData: ({ data }) => clipboard.push(data),
    }),
    WXWebAssembly: webAssembly,
    console: { info() {} },
    setTimeout: (callback, ms) => process.after(ms, callback),
    clearTimeout: (timer) => process.cancel(timer),
    App: (it) => (app = it),
    Page: (it) => (page = it),
    getApp: () => app,
  })
  // Time passes while something computes, too: the probe measures.
  vm.runInContext('Date', context).now = () => (phone.nowMs += 0.05)
  const modules = new Map()
  function require(from, name) {
    const inPackage = name === '@lingpai/mini' || from.startsWith('package:')
    const path =
      name === '@lingpai/mini'
        ? 'package:index.js'
        : inPackage
          ? `package:${name.slice(2)}`
          : relative(home, join(home, dirname(from), name))
    if (!modules.has(path)) {
      const module = { exports: {} }
      modules.set(path, module)
      let source = path.startsWith('package:') ? copied().get(path.slice(8)).toString() : read(path)
      if (path === 'config.js')
        source = source
          .replace(/gate\.example\.com\/api/g, 'api.example')
          .replace(/gate\.example\.com/g, 'gate.example')
          .replace('mini-wechat', 'app')
      const run = vm.runInContext(`(function (module, exports, require) {${source}\n})`, context, {
        filename: path,
      })
      run(module, module.exports, (next) => require(path, next))
    }
    return modules.get(path).exports
  }
  require('', './app.js')
  app.onLaunch()
  const show = (path) => {
    require('', `./${path}.js`)
    page.setData = (data) => Object.assign(page.data, data)
    return page
  }
  return { gateway, phone, show, clipboard }
}

test('the page of orders logs in, calls the API, and says what stands behind it', async () => {
  const { phone, show } = open()
  const page = show('pages/orders/index')
  await phone.run(page.call())
  assert.match(page.data.answer, /^200 .*"bound":true/)
  assert.equal(page.data.status.proof, 'key')
  assert.equal(page.data.refused, '')
})

test('a refusal becomes advice, and the page goes on', async () => {
  const { gateway, phone, show } = open()
  const page = show('pages/orders/index')
  gateway.fault = () => ({
    status: 400,
    json: { error: 'access_denied', error_description: 'risk_blocked' },
  })
  await phone.run(page.call())
  assert.match(page.data.refused, /当前账号无法登录 \(risk_blocked\)/)
  gateway.fault = () => undefined
  await phone.pass(6_000)
  await phone.run(page.call())
  assert.match(page.data.answer, /^200/)
})

test('the page of transfers begins one, confirms it, and gives up what it leaves', async () => {
  const { gateway, phone, show } = open()
  const page = show('pages/transfer/index')
  const ok = (json) => ({ status: 200, json })
  const answers = {
    '/accounts': ok([{ id: 'XM-7' }]),
    '/v1/aliases': ok({ alias: 'XM-1', handle: 'a.b', close: 'c', exp: 2e9 }),
    '/v1/operations': ok({ state: 'done', result: {} }),
    '/v1/aliases/close': ok({}),
  }
  gateway.fault = ({ path }) => answers[path]
  await phone.run(page.begin())
  assert.equal(page.data.state, 'open XM-1')
  await phone.run(page.submit())
  assert.equal(page.data.state, 'done')
  await phone.run(page.begin())
  page.onUnload()
  await phone.pass(10)
  assert.equal(gateway.count('/v1/aliases/close'), 1)
  await phone.run(page.submit())
  assert.equal(page.data.refused, 'closed')
})

test('the page of transfers says why there is no token', async () => {
  const { gateway, phone, show } = open()
  const page = show('pages/transfer/index')
  gateway.fault = ({ path }) =>
    /^\/v1\/(tokens|policies|pools)/.test(path) && {
      status: 403,
      json: { error: 'insufficient_scope', error_description: 'insufficient_scope' },
    }
  await phone.run(page.tokenize())
  assert.equal(page.data.refused, 'insufficient_scope')
})

describe('the probe', () => {
  const probed = async (options) => {
    const { phone, show, clipboard } = open(options)
    const page = show('pages/probe/index')
    await phone.run(page.probe())
    page.copy()
    assert.equal(clipboard[0], page.data.report)
    return JSON.parse(page.data.report)
  }

  test('finds a whole device', async () => {
    const report = await probed()
    assert.equal(report.random.different, true)
    assert.deepEqual(report.lingpai_mini.sha256, true)
    assert.equal(report.lingpai_mini_visit.sha256, true)
    assert.equal(report.lingpai_mini.gives, 'pair')
    assert.equal(report.storage.encrypted.whole, true)
    assert.deepEqual([report.package.engine, report.package.proof], ['wasm', 'key'])
    assert.equal(report.language.TextDecoder, 'undefined')
  })

  test('finds what is missing, and says it part by part', async () => {
    const report = await probed({ random: 'absent', wasm: 'absent' })
    assert.equal(report.random.refused, 'no getRandomValues')
    assert.equal(report.lingpai_mini.refused, 'no WebAssembly')
    assert.deepEqual([report.package.engine, report.package.proof], ['javascript', 'none'])
  })

  test('finds a source that repeats itself', async () => {
    const report = await probed({ random: 'zeros' })
    assert.equal(report.random.different, false)
    assert.equal(report.package.refused, 'entropy_weak')
  })

  test('holds nothing secret', async () => {
    const report = await probed()
    assert.equal(report.random.draws, undefined)
    assert.ok(JSON.stringify(report).length < 4000)
  })
})

test('what it tells to install is there', () => {
  const { dependencies } = JSON.parse(read('package.json'))
  const { name, version } = JSON.parse(readFileSync(at('npm/mini/package.json'), 'utf8'))
  assert.deepEqual(dependencies, { [name]: version })
  assert.ok(existsSync(at('docs/mini-programs-edge.md')))
})
