// What WeChat began and others took over: `request` that succeeds with any status, `setStorage`, `onAppShow`.
import type { Host, HostRequest, HostResponse } from '../host'
import { called, lowered, textOf, wait } from './callbacks'

/** What an answer looks like there. */
export interface WxLikeAnswer {
  data: unknown
  statusCode: number
  header: object
}

/** The part of such a platform's object that is used. */
export interface WxLike {
  request(options: {
    url: string
    method: 'GET' | 'POST'
    header: Record<string, string>
    data?: string
    timeout: number
    success(answer: WxLikeAnswer): void
    fail(failure: unknown): void
  }): unknown
  getStorage(options: { key: string; success(found: { data: any }): void; fail(failure: unknown): void }): unknown
  setStorage(options: {
    key: string
    data: string
    success(): void
    fail(failure: unknown): void
  }): unknown
  removeStorage(options: { key: string; success(): void; fail(failure: unknown): void }): unknown
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const

/** The host but for its login. `dataType` is what keeps the platform from parsing the body. */
export function wxLike(
  id: string,
  api: WxLike,
  dataType: string,
): Omit<Host, 'login'> {
  return {
    id,
    hidesErrors: false,
    methods,
    now: () => Date.now(),
    wait,
    request: (request) => send(api, request, dataType),
    storage: {
      get: (key) => read(called('storage_unavailable', (back) => api.getStorage({ key, ...back }))),
      set: (key, data) =>
        called<void>('storage_unavailable', (back) => api.setStorage({ key, data, ...back })),
      remove: (key) => called<void>('storage_unavailable', (back) => api.removeStorage({ key, ...back })),
    },
  }
}

async function send(api: WxLike, request: HostRequest, dataType: string): Promise<HostResponse> {
  const { url, method, headers, body, timeoutMs } = request
  const answer = await called<WxLikeAnswer>('network_unavailable', (back) => {
    const options = { url, method: method as 'GET', header: headers as Record<string, string> }
    const rest = { dataType, responseType: 'text', timeout: timeoutMs, ...back }
    return api.request(body === undefined ? { ...options, ...rest } : { ...options, data: body, ...rest })
  })
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
      const asking = called<{ randomValues: ArrayBuffer }>('entropy_missing', (back) =>
        source.getRandomValues({ length, ...back }),
      )
      return (await asking).randomValues
    },
  }
}

/** Lifecycle, where there is one: mini-games and old versions have none. */
export function showsOf(api: { onAppShow?(listener: () => void): unknown }): Pick<Host, 'onShow'> {
  if (typeof api.onAppShow !== 'function') return {}
  return { onShow: (listener) => void (api.onAppShow as (it: () => void) => unknown)(() => listener()) }
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
