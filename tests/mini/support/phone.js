// A phone with one mini-program on it: a clock and timers that move only when nothing else can happen, a disk that outlives
// processes, a network, and a life cycle of the kind that platforms document (shown, hidden, frozen, killed).
import { readFileSync } from 'node:fs'
import vm from 'node:vm'

import { copied } from './package.js'

/** What the language itself brings; everything else is taken away from the realm. */
const language =
  /^(Object|Function|Array|Number|parseFloat|parseInt|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|Error|AggregateError|EvalError|RangeError|ReferenceError|SyntaxError|TypeError|URIError|JSON|Math|Reflect|Proxy|ArrayBuffer|Uint8Array|Int8Array|Uint16Array|Int16Array|Uint32Array|Int32Array|Float32Array|Float64Array|Uint8ClampedArray|DataView|Map|Set|WeakMap|WeakSet|decodeURI|decodeURIComponent|encodeURI|encodeURIComponent|isFinite|isNaN|escape|unescape)$/

/** A realm of its own: the language, and what `globals` adds. Code generation is forbidden, as in mini-programs. */
export function bareRealm(globals = {}) {
  const context = vm.createContext(
    {},
    { codeGeneration: { strings: false, wasm: false }, microtaskMode: undefined },
  )
  const strip = `(keep, globals) => {
    for (const name of Object.getOwnPropertyNames(this))
      if (!keep.test(name)) delete this[name]
    for (const name of Object.keys(globals)) this[name] = globals[name]
  }`
  vm.runInContext(`this.strip = ${strip}`, context)
  const { strip: run } = context
  delete context.strip
  run(language, globals)
  return context
}

/** Loads the files of the package as a mini-program's `require` does: by path, as scripts, once. */
export function load(context, files = copied()) {
  const modules = new Map()
  const require = (path) => {
    const name = path.replace(/^\.\//, '')
    if (!modules.has(name)) {
      const module = { exports: {} }
      modules.set(name, module)
      const source = files.get(name)
      if (source === undefined) throw new Error(`module '${path}' is not defined`)
      const wrapped = `(function (module, exports, require) {${source.toString()}\n})`
      vm.runInContext(wrapped, context, { filename: name })(module, module.exports, require)
    }
    return modules.get(name).exports
  }
  return require('./index.js')
}

/** A phone. `network(request)` answers `{ status, headers, body }`, or throws where no answer comes. */
export function createPhone({ network, startMs = Date.UTC(2026, 10, 25) }) {
  const phone = {
    network,
    nowMs: startMs,
    /** Added to what the mini-program believes the time to be. */
    clockErrorMs: 0,
    disk: new Map(),
    /** A platform fills this: what its login gives next. */
    login: undefined,
    process: undefined,
    busy: 0,
    start,
    run,
    pass,
    /** In how many milliseconds each timer would fire. */
    timers: () => timers.map(({ atMs }) => atMs - phone.nowMs),
  }
  let timers = []

  /** Starts the mini-program anew, ending the process before. */
  function start(platform, options = {}) {
    if (phone.process) phone.process.kill()
    const process = createProcess(phone)
    phone.process = process
    const context = bareRealm({
      setTimeout: (callback, ms) => process.after(ms, callback),
      clearTimeout: (timer) => process.cancel(timer),
    })
    vm.runInContext('Date', context).now = () => phone.nowMs + phone.clockErrorMs
    process.api = platform(process, options)
    process.lingpai = load(context)
    return process
  }

  function createProcess() {
    const process = {
      phone,
      alive: true,
      frozen: false,
      hiddenAtMs: undefined,
      showListeners: [],
      hideListeners: [],
      held: [],
      kill() {
        process.alive = false
        timers = timers.filter((timer) => timer.process !== process)
      },
      /** Calls back into the mini-program: not at once, not while it is frozen, and never once it is gone. */
      deliver(callback) {
        phone.busy += 1
        setImmediate(() => {
          phone.busy -= 1
          if (!process.alive) return
          if (process.frozen) process.held.push(callback)
          else callback()
        })
      },
      after(ms, callback) {
        const timer = { atMs: phone.nowMs + Math.max(ms, 0), callback, process }
        timers.push(timer)
        timers.sort((a, b) => a.atMs - b.atMs)
        return timer
      },
      cancel(timer) {
        timers = timers.filter((other) => other !== timer)
      },
      /** To the background. Platforms stop the JavaScript five seconds later. */
      hide() {
        process.hiddenAtMs = phone.nowMs
        for (const listener of process.hideListeners) listener()
        process.frozen = true
      },
      show() {
        process.hiddenAtMs = undefined
        process.frozen = false
        for (const callback of process.held.splice(0)) process.deliver(callback)
        for (const listener of process.showListeners)
          process.deliver(() => listener({ scene: 1001 }))
      },
    }
    return process
  }

  /** Lets time pass, with the timers that fall into it. */
  async function pass(ms) {
    const end = phone.nowMs + ms
    await settle()
    while (timers.length > 0 && timers[0].atMs <= end) {
      fire()
      await settle()
    }
    phone.nowMs = Math.max(phone.nowMs, end)
    await settle()
  }

  function fire() {
    const timer = timers.shift()
    phone.nowMs = Math.max(phone.nowMs, timer.atMs)
    timer.process.deliver(timer.callback)
  }

  /** Until nothing is under way any more but timers. */
  async function settle() {
    for (let quiet = 0; quiet < 4;) {
      await new Promise((resolve) => setImmediate(resolve))
      quiet = phone.busy > 0 ? 0 : quiet + 1
    }
  }

  /** Runs the phone until the promise settles. */
  async function run(promise) {
    let done = false
    const watched = Promise.resolve(promise)
    watched.then(
      () => (done = true),
      () => (done = true),
    )
    for (;;) {
      await settle()
      if (done) return watched
      if (timers.length === 0) throw new Error('nothing is left that could settle the promise')
      fire()
    }
  }

  return phone
}

/** Sends a request over the phone's network on behalf of a process; resolves with the answer or rejects. */
export async function transfer(process, request) {
  const { phone } = process
  phone.busy += 1
  try {
    return await phone.network(request)
  } finally {
    phone.busy -= 1
  }
}

/** The bytes of a file in the code package. */
export function packageFile(path) {
  const prefix = '/miniprogram_npm/@lingpai/mini/'
  const content = path.startsWith(prefix) ? copied().get(path.slice(prefix.length)) : undefined
  if (content === undefined) throw new Error(`no such file in the package: ${path}`)
  return content
}

export const readText = (path) => readFileSync(path, 'utf8')
