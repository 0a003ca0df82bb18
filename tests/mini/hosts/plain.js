// `swan`, `qq` and `ks`: like `wx` without its random source and without WebAssembly.
import { wx } from './wx.js'

function plain(name, process, options) {
  const { wx: like } = wx(process, { ...options, random: options.random ?? 'absent' })
  const { getAppBaseInfo: _, ...api } = like
  return api
}

export function swan(process, options = {}) {
  const { login, ...rest } = plain('swan', process, options)
  const api = { ...rest, getLoginCode: login }
  // A key that is not there is an empty value on this platform, and no failure.
  api.getStorage = ({ key, success, fail }) =>
    rest.getStorage({
      key,
      success,
      fail: (failure) => (/not found/.test(failure.errMsg) ? success({ data: '' }) : fail(failure)),
    })
  return { swan: api, host: (lingpai) => lingpai.baidu(api) }
}

export function qq(process, options = {}) {
  const api = plain('qq', process, options)
  return { qq: api, host: (lingpai) => lingpai.qq(api) }
}

export function ks(process, options = {}) {
  const api = plain('ks', process, options)
  return { ks: api, host: (lingpai) => lingpai.kuaishou(api) }
}
