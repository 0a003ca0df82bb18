// `tt` as Douyin documents it: like `wx`, with its own numbers of errors, logins of users without an account, absolute paths
// for modules, and storage without encryption.
import { instantiating } from './instantiate.js'
import { getRandomValues } from './random.js'
import { wx } from './wx.js'

export function tt(process, options = {}) {
  const { random = 'good', wasm = 'pair', anonymous = false } = options
  const { wx: like } = wx(process, { ...options, random: 'absent' })
  const { phone } = process
  const { getAppBaseInfo: _, ...api } = like
  const plain = (call) => (given) => {
    if ('encrypt' in given) throw new Error('setStorage:fail unknown parameter encrypt')
    return call(given)
  }
  Object.assign(api, {
    // Text is none of the types that it documents for `data`.
    request: (given) => {
      const { data } = given
      if (data === undefined) return like.request(given)
      if (typeof data !== 'object')
        throw new Error('request:fail data must be object or ArrayBuffer')
      like.request({ ...given, data: Buffer.from(data).toString() })
    },
    getStorage: plain(like.getStorage),
    setStorage: plain(like.setStorage),
    login: ({ success, fail }) => {
      const { code, failure } = phone.login()
      process.deliver(() => {
        if (!code) return fail({ errMsg: `login:fail ${failure}`, message: failure, errNo: 117100 })
        if (anonymous) return success({ anonymousCode: code, isLogin: false, errMsg: 'login:ok' })
        success({ code, anonymousCode: `anonymous-${code}`, isLogin: true, errMsg: 'login:ok' })
      })
    },
  })
  if (random !== 'absent') {
    api.getRandomValues = getRandomValues(process, random, {
      errMsg: 'getRandomValues:fail',
      errNo: 21401,
    })
  }
  const webAssembly =
    wasm === 'absent' ? undefined : { instantiate: instantiating({ gives: wasm, absolute: true }) }
  return { tt: api, webAssembly, host: (lingpai) => lingpai.douyin(api, webAssembly) }
}
