// What WeChat began and others took over: `request` that succeeds with any status, `setStorage`, `onAppShow`.
import type { Host, HostRequest, HostResponse } from '../host'
import { called, lowered, textOf, wait, type Callbacks } from './callbacks'

/** What an answer looks like there. */
export interface WxLikeAnswer {
  data?: unknown
  statusCode?: number
  header?: object
}

/** What a request looks like there. */
export interface WxLikeRequest {
  url: string
  method: 'GET' | 'POST'
  header: Record<string, string>
  data?: any
  dataType: 'text'
  responseType: 'text'
  timeout: number
}

/** The part of such a platform's object that is used. */
export interface WxLike {
  request(options: WxLikeRequest & Callbacks<WxLikeAnswer>): unknown
  getStorage(options: {
    key: string
    success(found: { data: any }): void
    fail(failure: unknown): void
  }): unknown
  setStorage(options: {
    key: string
    data: string
    success(): void
    fail(failure: unknown): void
  }): unknown
  removeStorage(options: { key: string; success(): void; fail(failure: unknown): void }): unknown
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const

/** The host but for its login. `encode`: a body as the platform takes it. */
export function wxLike(
  id: string,
  api: WxLike,
  encode: (body: string) => string | ArrayBuffer = (body) => body,
): Omit<Host, 'login'> {
  return {
    id,
    hidesErrors: false,
    methods,
    now: () => Date.now(),
    wait,
    request: (request) => send(api, request, encode),
    storage: {
      get: (key) => read(called('storage_unavailable', { key }, (all) => api.getStorage(all))),
      set: (key, data) =>
        called('storage_unavailable', { key, data }, (all) => api.setStorage(all)),
      remove: (key) => called('storage_unavailable', { key }, (all) => api.removeStorage(all)),
    },
  }
}

async function send(
  api: WxLike,
  request: HostRequest,
  encode: (body: string) => string | ArrayBuffer,
): Promise<HostResponse> {
  const { url, method, headers, body, timeoutMs } = request
  const options: WxLikeRequest = {
    url,
    method: method as 'GET',
    header: headers as Record<string, string>,
    // Any type but `json` keeps the platform from parsing the body: numbers beyond 2⁵³ would lose digits.
    dataType: 'text',
    responseType: 'text',
    timeout: timeoutMs,
  }
  if (body !== undefined) options.data = encode(body)
  const answer = await called<WxLikeAnswer, WxLikeRequest>('network_unavailable', options, (all) =>
    api.request(all),
  )
  return { status: answer.statusCode, headers: lowered(answer.header), body: textOf(answer.data) }
}

/** A key that is not there fails on some platforms, and gives an empty text or nothing on others. */
export async function read(found: Promise<{ data?: unknown }>): Promise<string | undefined> {
  try {
    const { data } = await found
    return typeof data === 'string' && data !== '' ? data : undefined
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    if (/not found|not exist|no data|fail:? *data/i.test(String(cause))) return undefined
    throw error
  }
}

/** The random source that WeChat and Douyin share. */
export interface RandomValues {
  getRandomValues(options: {
    length: number
    success(result: { randomValues: ArrayBuffer }): void
    fail(failure: unknown): void
  }): unknown
}

/** The random source, if this version of the platform has it. */
export function randomOf(api: Partial<RandomValues>): Pick<Host, 'randomBytes'> {
  if (typeof api.getRandomValues !== 'function') return {}
  const source = api as RandomValues
  return {
    randomBytes: async (length) => {
      const given = await called<{ randomValues: ArrayBuffer }, { length: number }>(
        'entropy_missing',
        { length },
        (all) => source.getRandomValues(all),
      )
      return given.randomValues
    },
  }
}

/** Lifecycle, where there is one: mini-games and old versions have none. */
export interface Lifecycle {
  onAppShow?(listener: () => void): unknown
  onAppHide?(listener: () => void): unknown
}

/** The same as a host has it. */
export function showsOf(api: Lifecycle): Pick<Host, 'onShow' | 'onHide'> {
  const of = (on: Lifecycle['onAppShow']) =>
    on && ((listener: () => void) => void on.call(api, () => listener()))
  return { onShow: of(api.onAppShow), onHide: of(api.onAppHide) }
}

/** What loads a module from the code package. */
export interface WasmLike {
  instantiate(path: string, imports: any): Promise<unknown>
}

/** WebAssembly, if there is any. In some debugging sessions the object is there and its members are not. */
export function wasmOf(api: Partial<WasmLike> | undefined): Pick<Host, 'instantiate'> {
  if (api === undefined || typeof api.instantiate !== 'function') return {}
  const instantiate = api.instantiate
  return { instantiate: (path, imports) => instantiate.call(api, path, imports) }
}
