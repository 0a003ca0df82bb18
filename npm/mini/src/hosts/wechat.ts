// WeChat (微信): `wx`, with `WXWebAssembly`. Base library 2.15.0 for proofs of possession, 2.13.0 for WebAssembly.
import { LingpaiError } from '../errors'
import type { Host } from '../host'
import { called, noCode } from './callbacks'
import {
  randomOf,
  read,
  showsOf,
  wasmOf,
  wxLike,
  type Lifecycle,
  type RandomValues,
  type WasmLike,
  type WxLike,
} from './wx-like'

/** The part of `wx` that is used. */
export interface Wx extends WxLike, Lifecycle, Partial<RandomValues> {
  login(options: {
    timeout: number
    success(result: { code: string }): void
    fail(failure: unknown): void
  }): unknown
  getAppBaseInfo?(): { SDKVersion?: string }
  getSystemInfoSync?(): { SDKVersion?: string }
}

/** The host for `wx` and `WXWebAssembly`, which are given so that bundlers see them. */
export function wechat(wx: Wx, webAssembly?: Partial<WasmLike>): Host {
  const plain = wxLike('wechat', wx)
  return Object.assign(plain, randomOf(wx), showsOf(wx), wasmOf(webAssembly), {
    storage: isAtLeast(wx, [2, 21, 3]) ? encrypted(wx, plain.storage) : plain.storage,
    login: async () => {
      const { code } = await called<{ code: string }, { timeout: number }>(
        'network_unavailable',
        { timeout: 10_000 },
        (all) => wx.login(all),
      )
      if (!code) throw new LingpaiError('invalid_code', noCode)
      return { code, kind: 'wechat' }
    },
  })
}

/** The platform encrypts what it keeps with a key per user; what was written has to be read the same way. */
function encrypted(wx: Wx, plain: Host['storage']): Host['storage'] {
  const encrypt = true
  return {
    get: async (key) => {
      try {
        return await read(
          called('storage_unavailable', { key, encrypt }, (all) => wx.getStorage(all)),
        )
      } catch (error) {
        // Written by an older base library, before this one could encrypt.
        const value = await plain.get(key)
        if (value === undefined) throw error
        return value
      }
    },
    set: (key, data) =>
      called('storage_unavailable', { key, data, encrypt }, (all) => wx.setStorage(all)),
    remove: plain.remove,
  }
}

function isAtLeast(wx: Wx, wanted: readonly number[]): boolean {
  const ask = wx.getAppBaseInfo || wx.getSystemInfoSync
  const info = ask === undefined ? undefined : ask.call(wx)
  const version = String((info && info.SDKVersion) || '0').split('.')
  for (let at = 0; at < wanted.length; at++) {
    const [own, least] = [Number(version[at]) || 0, wanted[at] as number]
    if (own !== least) return own > least
  }
  return true
}
