// `wx` with the semantics that WeChat documents (and those that its community found): every status succeeds, ten requests at
// a time, requests of a mini-program in the background are interrupted, storage of 1 MB a key and 10 MB in all, encrypted
// values that only an encrypted read finds.
import { transfer } from '../support/phone.js'
import { instantiating } from './instantiate.js'
import { getRandomValues } from './random.js'

const MB = 1024 * 1024

export function wx(process, options = {}) {
  const { sdkVersion = '3.6.0', random = 'good', wasm = 'pair', name = 'wx', failStorage } = options
  const { phone } = process
  const disk = phone.disk
  let active = 0
  const waiting = []

  function next() {
    while (active < 10 && waiting.length > 0) {
      active += 1
      waiting.shift()()
    }
  }

  function request({
    url,
    method = 'GET',
    header = {},
    data,
    dataType = 'json',
    timeout,
    success,
    fail,
  }) {
    if (!/^https?:\/\/[^/]+/.test(url)) throw new Error('request:fail invalid url')
    if (['PATCH'].includes(method)) throw new Error('request:fail invalid method')
    waiting.push(async () => {
      const sent = typeof data === 'object' ? JSON.stringify(data) : data
      try {
        const answer = await transfer(process, {
          url,
          method,
          headers: header,
          body: sent,
          timeout,
        })
        if (process.frozen && options.interrupts !== false) throw new Error('interrupted')
        process.deliver(() =>
          success({
            data: dataType === 'json' ? parsed(answer.body) : answer.body,
            statusCode: answer.status,
            header: capitalised(answer.headers),
            cookies: [],
            errMsg: 'request:ok',
          }),
        )
      } catch (error) {
        if (error.lost !== true)
          process.deliver(() => fail({ errMsg: `request:fail ${error.message}`, errno: 600001 }))
      }
      active -= 1
      next()
    })
    next()
  }

  const slot = (key, encrypt) => `${encrypt ? 'encrypted' : 'plain'} ${key}`
  const storage = (verb, key) => failStorage && failStorage(verb, key)

  const api = {
    request,
    login: ({ success, fail }) => {
      const given = phone.login()
      process.deliver(() =>
        given.code
          ? success({ code: given.code, errMsg: 'login:ok' })
          : fail({ errMsg: `login:fail ${given.failure}` }),
      )
    },
    getStorage: ({ key, encrypt = false, success, fail }) =>
      process.deliver(() => {
        const fault = storage('get', key)
        if (fault === 'silent') return
        if (fault) return fail({ errMsg: 'getStorage:fail io error' })
        if (disk.has(slot(key, encrypt)))
          return success({ data: disk.get(slot(key, encrypt)), errMsg: 'getStorage:ok' })
        const other = disk.has(slot(key, !encrypt))
        fail({ errMsg: other ? 'getStorage:fail decrypt fail' : 'getStorage:fail data not found' })
      }),
    setStorage: ({ key, data, encrypt = false, success, fail }) => {
      const most = encrypt ? 0.7 * MB : MB
      const total = [...disk.values()].reduce((sum, value) => sum + String(value).length, 0)
      const fits = String(data).length <= most && total + String(data).length <= 10 * MB
      const fault = storage('set', key)
      const refused = !fits || fault
      // What was accepted is kept, whether or not the process lives to hear of it.
      if (!refused) {
        disk.delete(slot(key, !encrypt))
        disk.set(slot(key, encrypt), data)
      }
      if (fault === 'silent') return
      process.deliver(() =>
        refused
          ? fail({ errMsg: 'setStorage:fail exceed max size' })
          : success({ errMsg: 'setStorage:ok' }),
      )
    },
    removeStorage: ({ key, success, fail }) => {
      const refused = storage('remove', key)
      if (!refused) {
        disk.delete(slot(key, false))
        disk.delete(slot(key, true))
      }
      process.deliver(() =>
        refused
          ? fail({ errMsg: 'removeStorage:fail io error' })
          : success({ errMsg: 'removeStorage:ok' }),
      )
    },
    onAppShow: (listener) => void process.showListeners.push(listener),
    onAppHide: (listener) => void process.hideListeners.push(listener),
    getAppBaseInfo: () => ({ SDKVersion: sdkVersion }),
  }
  if (random !== 'absent')
    api.getRandomValues = getRandomValues(process, random, { errMsg: 'getRandomValues:fail' })
  const traps = { next: false }
  const webAssembly = {
    absent: undefined,
    // In some debugging sessions the object is there, and its members are undefined.
    hollow: { instantiate: undefined, Memory: undefined, Table: undefined },
    broken: {
      instantiate: async () => Promise.reject(new Error('CompileError: invalid wasm file')),
    },
    trapping: { instantiate: (...all) => trappable(all, traps) },
    silent: { instantiate: () => new Promise(() => {}) },
    pair: { instantiate: instantiating({ gives: 'pair' }) },
    instance: { instantiate: instantiating({ gives: 'instance' }) },
  }[wasm]
  const trap = () => void (traps.next = true)
  return { [name]: api, webAssembly, trap, host: (lingpai) => lingpai.wechat(api, webAssembly) }
}

/** An instance whose next call traps once `traps.next` is set: its input lies outside of the memory then. */
async function trappable(all, traps) {
  const given = await instantiating()(...all)
  const lp_call = (operation) => {
    const { next } = traps
    traps.next = false
    if (next) given.exports.lp_input(0xffff_fff0)
    return given.exports.lp_call(operation)
  }
  return { exports: { ...given.exports, lp_call } }
}

function parsed(body) {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** Header fields as servers wrote them. */
export function capitalised(headers) {
  const upper = (name) => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [upper(name), value]))
}
