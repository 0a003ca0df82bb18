// Douyin (抖音): `tt`, with `TTWebAssembly`. Logs in users who have no account, too. Base library 2.87.0 for proofs.
import { LingpaiError } from '../errors'
import type { Host } from '../host'
import { utf8 } from '../text'
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

interface Login {
  code?: string
  anonymousCode?: string
}

/** The part of `tt` that is used. */
export interface Tt extends WxLike, Lifecycle, Partial<RandomValues> {
  login(options: {
    force: boolean
    success(result: any): void
    fail(failure: unknown): void
  }): unknown
}

/** The host for `tt` and `TTWebAssembly`. */
export function douyin(tt: Tt, webAssembly?: Partial<WasmLike>): Host {
  // Objects and buffers are what it documents, and an object it would write anew.
  const plain = wxLike('douyin', tt, (body) => utf8(body).buffer as ArrayBuffer)
  return Object.assign(plain, randomOf(tt), showsOf(tt), wasmOf(webAssembly), {
    login: async () => {
      // Without force: who is not logged in is not asked, and comes anonymously.
      const { code, anonymousCode } = await called<Login, { force: boolean }>(
        'network_unavailable',
        { force: false },
        (all) => tt.login(all),
      )
      if (code) return { code, kind: 'douyin' }
      if (anonymousCode) return { code: anonymousCode, kind: 'douyin-anonymous' }
      throw new LingpaiError('invalid_code', noCode)
    },
  })
}
