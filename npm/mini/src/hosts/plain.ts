// Baidu (百度), QQ and Kuaishou (快手): no documented WebAssembly and no random source, so tokens are short-lived there and
// bound to no key. Where a version has either, it is used.
import { LingpaiError } from '../errors'
import type { Host } from '../host'
import { called, noCode } from './callbacks'
import {
  randomOf,
  showsOf,
  wasmOf,
  wxLike,
  type Lifecycle,
  type RandomValues,
  type WasmLike,
  type WxLike,
} from './wx-like'

type Login = (options: {
  success(result: { code: string }): void
  fail(failure: any): void
}) => unknown

type Plain = WxLike & Lifecycle & Partial<RandomValues>

/** The part of `swan` that is used; `getLoginCode` took the place of `login`. */
export interface Swan extends Plain {
  getLoginCode?: Login
  login?: Login
}

/** The part of `qq` that is used. */
export interface Qq extends Plain {
  login: Login
}

/** The part of `ks` that is used. */
export interface Ks extends Plain {
  login: Login
}

/** The host for Baidu's `swan`. */
export function baidu(swan: Swan, webAssembly?: Partial<WasmLike>): Host {
  return host('baidu', swan, swan.getLoginCode || swan.login, webAssembly)
}

/** The host for QQ's `qq`. */
export function qq(qq: Qq, webAssembly?: Partial<WasmLike>): Host {
  return host('qq', qq, qq.login, webAssembly)
}

/** The host for Kuaishou's `ks`. */
export function kuaishou(ks: Ks, webAssembly?: Partial<WasmLike>): Host {
  return host('kuaishou', ks, ks.login, webAssembly)
}

function host(
  kind: string,
  api: Plain,
  login: Login | undefined,
  webAssembly?: Partial<WasmLike>,
): Host {
  return Object.assign(wxLike(kind, api), randomOf(api), showsOf(api), wasmOf(webAssembly), {
    login: async () => {
      if (login === undefined) throw new LingpaiError('invalid_code', noCode)
      const { code } = await called<{ code: string }>('network_unavailable', {}, (all) =>
        login.call(api, all),
      )
      if (!code) throw new LingpaiError('invalid_code', noCode)
      return { code, kind }
    },
  })
}
