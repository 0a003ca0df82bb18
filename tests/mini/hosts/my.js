// `my` as Alipay documents it: a bad status fails with error 19 and takes the body with it, synchronous storage takes objects
// and returns its errors, 200 KB a key, no random source in the logic layer.
import { transfer } from '../support/phone.js'
import { instantiating } from './instantiate.js'
import { sources } from './random.js'
import { capitalised } from './wx.js'

export function my(process, options = {}) {
  const { wasm = 'absent', random = 'absent', failureTellsStatus = false, failStorage } = options
  const { phone } = process
  const disk = phone.disk

  function request({
    url,
    method = 'GET',
    headers = {},
    data,
    dataType = 'json',
    timeout,
    success,
    fail,
  }) {
    if (!['GET', 'POST', 'PUT', 'DELETE'].includes(method)) throw new Error('invalid method')
    if (!process.alive) return
    const sent = typeof data === 'object' ? JSON.stringify(data) : data
    transfer(process, { url, method, headers, body: sent, timeout }).then(
      ({ status, headers, body }) => {
        const told = {
          status,
          headers: capitalised(headers),
          statusCode: status,
          header: capitalised(headers),
        }
        if (status >= 400) {
          const failure = { error: 19, errorMessage: 'http status error' }
          process.deliver(() =>
            fail(failureTellsStatus ? { ...failure, ...told, data: body } : failure),
          )
          return
        }
        if (dataType === 'json') {
          try {
            const parsed = JSON.parse(body)
            process.deliver(() => success({ data: parsed, ...told }))
          } catch {
            process.deliver(() => fail({ error: 14, errorMessage: 'parse error' }))
          }
          return
        }
        process.deliver(() => success({ data: body, ...told }))
      },
      (error) => {
        if (error.lost !== true)
          process.deliver(() => fail({ error: 12, errorMessage: error.message }))
      },
    )
  }

  // What is dead goes on for a moment here, since the calls do not wait; it must not reach the disk.
  const failed = (verb) =>
    !process.alive || (failStorage && failStorage(verb))
      ? { success: false, error: 4, errorMessage: 'io error' }
      : undefined
  const objects = (given) => {
    if (typeof given !== 'object' || given === null) throw new TypeError('an object, please')
    return given
  }
  const api = {
    request,
    getAuthCode: ({ scopes, success, fail }) => {
      if (scopes !== 'auth_base') throw new Error('invalid scopes')
      const { code, failure } = phone.login()
      process.deliver(() =>
        code
          ? success({ authCode: code, authSuccessScopes: ['auth_base'] })
          : fail({ error: 2001, errorMessage: failure }),
      )
    },
    getStorageSync: (given) =>
      failed('get') || {
        data: disk.has(objects(given).key) ? disk.get(given.key) : null,
        success: true,
      },
    setStorageSync: (given) => {
      const { key, data } = objects(given)
      const failure = failed('set')
      if (failure) return failure
      if (String(data).length > 200 * 1024)
        return { success: false, error: 3, errorMessage: 'exceed max size' }
      disk.set(key, data)
      return { success: true }
    },
    removeStorageSync: (given) => {
      const failure = failed('remove')
      if (failure) return failure
      disk.delete(objects(given).key)
      return { success: true }
    },
    onAppShow: (listener) => void process.showListeners.push(listener),
    onAppHide: (listener) => void process.hideListeners.push(listener),
  }
  const extras = {}
  if (wasm !== 'absent')
    extras.webAssembly = { instantiate: instantiating({ gives: wasm, absolute: true }) }
  if (random !== 'absent') extras.randomBytes = async (length) => sources[random](length).buffer
  return { my: api, host: (lingpai) => lingpai.alipay(api, extras) }
}
