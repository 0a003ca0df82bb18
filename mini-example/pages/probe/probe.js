// What this device has, as one JSON object without anything personal in it: engine, language, random source, storage,
// WebAssembly, and how long the module takes for its work.
const { createMini, wechat } = require('@lingpai/mini')
const { border, hex } = require('./border.js')

const directory = '/miniprogram_npm/@lingpai/mini/wasm'
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

/** Every part says what it found, or what it was refused with; none keeps the others from saying theirs. */
async function probe(wx, webAssembly) {
  const report = {
    report: 1,
    at: new Date().toISOString(),
    device: device(wx),
    language: language(),
  }
  report.random = await attempt(() => random(wx))
  report.storage = await attempt(() => storage(wx))
  for (const name of ['lingpai_mini', 'lingpai_mini_visit']) {
    report[name] = await attempt(() => wasm(webAssembly, name, report.random.draws))
  }
  delete report.random.draws
  report.package = await attempt(() => whole(wx, webAssembly))
  return report
}

async function attempt(part) {
  try {
    return await part()
  } catch (error) {
    return { refused: (error && (error.errMsg || error.code || error.message)) || String(error) }
  }
}

function device(wx) {
  const of = (name) => {
    try {
      return wx[name]() || {}
    } catch (_) {
      return {}
    }
  }
  const { SDKVersion, version, host } = of('getAppBaseInfo')
  const { brand, model, system, platform } = of('getDeviceInfo')
  return {
    baseLibrary: SDKVersion,
    app: version,
    host: host && host.env,
    brand,
    model,
    system,
    platform,
  }
}

/** Names are asked for as they are written: no engine of a mini-program lets them be looked up. */
function language() {
  return {
    globalThis: typeof globalThis,
    TextEncoder: typeof TextEncoder,
    TextDecoder: typeof TextDecoder,
    crypto: typeof crypto,
    BigInt: typeof BigInt,
    queueMicrotask: typeof queueMicrotask,
    WebAssembly: typeof WebAssembly,
    WXWebAssembly: typeof WXWebAssembly,
    URL: typeof URL,
    promiseIsNative: /native code/.test(Function.prototype.toString.call(Promise)),
  }
}

function promised(call, options) {
  return new Promise((success, fail) => call(Object.assign({ success, fail }, options)))
}

async function random(wx) {
  if (typeof wx.getRandomValues !== 'function') return { refused: 'no getRandomValues' }
  const draws = []
  const began = Date.now()
  for (let nth = 0; nth < 4; nth++) {
    const { randomValues } = await promised((all) => wx.getRandomValues(all), { length: 32 })
    draws.push(new Uint8Array(randomValues))
  }
  const texts = draws.map(hex)
  return {
    type: Object.prototype.toString.call(draws[0].buffer),
    different: texts.every((text, at) => texts.indexOf(text) === at),
    msForFour: Date.now() - began,
    draws,
  }
}

async function storage(wx) {
  const key = 'lingpai-probe'
  const data = new Array(8193).join('记')
  const out = {}
  for (const encrypt of [false, true]) {
    out[encrypt ? 'encrypted' : 'plain'] = await attempt(async () => {
      const began = Date.now()
      await promised((all) => wx.setStorage(all), { key, data, encrypt })
      const found = await promised((all) => wx.getStorage(all), { key, encrypt })
      return { whole: found.data === data, ms: Date.now() - began }
    })
  }
  await promised((all) => wx.removeStorage(all), { key })
  return out
}

async function wasm(webAssembly, name, draws) {
  if (!webAssembly || typeof webAssembly.instantiate !== 'function')
    return { refused: 'no WebAssembly' }
  const began = Date.now()
  const given = await webAssembly.instantiate(`${directory}/${name}.wasm`, {})
  const out = { gives: given.instance ? 'pair' : 'instance', instantiateMs: Date.now() - began }
  const { exports } = given.instance || given
  out.memory = typeof exports.memory
  const call = border(exports)
  out.sha256 = hex(call(1, 'abc')) === abc
  out.hashesPerMs = rate(() => call(1, 'abc'))
  if (draws) {
    call(8, draws[0], draws[1], 'probe')
    call(21, call(20))
    const url = 'https://api.example.com/'
    out.msPerProof =
      1 / rate(() => call(22, 'GET', url, 1700000000, undefined, undefined, undefined))
  }
  return out
}

/** Calls per millisecond, over a fifth of a second. */
function rate(call) {
  const began = Date.now()
  let calls = 0
  while (Date.now() - began < 200) {
    call()
    calls += 1
  }
  return calls / (Date.now() - began)
}

async function whole(wx, webAssembly) {
  const began = Date.now()
  const example = 'https://gate.example.com'
  const mini = createMini({
    host: wechat(wx, webAssembly),
    gateway: example,
    clientId: 'probe',
    audience: example,
    storageKey: 'lingpai-probe',
  })
  const { engine, proof, durable } = await mini.status()
  const ms = Date.now() - began
  await promised((all) => wx.removeStorage(all), { key: 'lingpai-probe' })
  return { engine, proof, durable, ms }
}

module.exports = { probe }
