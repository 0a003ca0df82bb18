// Alipay (支付宝): `my`. Bad statuses fail, storage takes objects and returns its errors, there is no random source in the
// logic layer, and WebAssembly is documented for Workers only.
import { LingpaiError, platformText } from '../errors'
import type { Host, HostRequest, HostResponse } from '../host'
import { called, lowered, noCode, textOf, wait } from './callbacks'
import { showsOf, wasmOf, type Lifecycle, type WasmLike } from './wx-like'

interface Answer {
  data?: unknown
  status?: number
  statusCode?: number
  headers?: object
  header?: object
}

interface Failure extends Answer {
  error?: number
}

interface MyRequest {
  url: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  data?: any
  dataType: 'text'
  timeout: number
  success(answer: any): void
  fail(failure: any): void
}

/** The part of `my` that is used. */
export interface My extends Lifecycle {
  request(options: MyRequest): unknown
  getStorageSync(options: { key: string }): {
    data?: any
    success?: boolean
    error?: number
    errorMessage?: string
  }
  setStorageSync(options: { key: string; data: string }): unknown
  removeStorageSync(options: { key: string }): unknown
  getAuthCode(options: {
    scopes: 'auth_base'
    success(result: { authCode: string }): void
    fail(failure: any): void
  }): unknown
}

/** What a mini-program may bring along that the logic layer has not. */
export interface AlipayExtras {
  /** `MYWebAssembly`, or whatever instantiates a module by its path where this runs. */
  webAssembly?: Partial<WasmLike>
  /** A cryptographic source, such as `crypto.getRandomValues` of a Worker behind its messages. */
  randomBytes?(length: number): Promise<ArrayBuffer>
}

/** Error of `my.request`: the server answered with a status that is none of success. */
const httpStatusError = 19

/** The host for `my`. */
export function alipay(my: My, { webAssembly, randomBytes }: AlipayExtras = {}): Host {
  const host: Host = {
    id: 'alipay',
    hidesErrors: true,
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    now: () => Date.now(),
    wait,
    request: (request) => send(my, request),
    storage: {
      get: async (key) => {
        const { data } = checked(() => my.getStorageSync({ key }))
        return typeof data === 'string' && data !== '' ? data : undefined
      },
      set: async (key, data) => void checked(() => my.setStorageSync({ key, data })),
      remove: async (key) => void checked(() => my.removeStorageSync({ key })),
    },
    login: async () => {
      const { authCode } = await called<{ authCode: string }, { scopes: 'auth_base' }>(
        'network_unavailable',
        { scopes: 'auth_base' },
        (all) => my.getAuthCode(all),
      )
      if (!authCode) throw new LingpaiError('invalid_code', noCode)
      return { code: authCode, kind: 'alipay' }
    },
  }
  if (randomBytes !== undefined) host.randomBytes = randomBytes
  return Object.assign(host, showsOf(my), wasmOf(webAssembly))
}

function send(
  my: My,
  { url, method, headers, body, timeoutMs }: HostRequest,
): Promise<HostResponse> {
  return new Promise((resolve, reject) => {
    const answer = (it: Answer) =>
      resolve({
        status: it.status === undefined ? it.statusCode : it.status,
        headers: lowered(it.headers || it.header),
        body: textOf(it.data),
      })
    const fail = (failure: Failure | undefined) => {
      if (failure && failure.error === httpStatusError) answer(failure)
      else reject(new LingpaiError('network_unavailable', { cause: platformText(failure) }))
    }
    try {
      const options: MyRequest = {
        url,
        method: method as 'GET',
        headers: headers as Record<string, string>,
        dataType: 'text',
        timeout: timeoutMs,
        success: answer,
        fail,
      }
      if (body !== undefined) options.data = body
      my.request(options)
    } catch (thrown) {
      fail(thrown as Failure)
    }
  })
}

/** Calls that return their errors: `{ success: false, error, errorMessage }`, or just the latter two. */
function checked(call: () => unknown): { data?: unknown } {
  let result: unknown
  try {
    result = call()
  } catch (thrown) {
    result = { error: -1, errorMessage: platformText(thrown) }
  }
  const it = (result || {}) as { data?: unknown; success?: boolean; error?: unknown }
  if (it.error !== undefined || it.success === false) {
    throw new LingpaiError('storage_unavailable', { cause: platformText(it) })
  }
  return it
}
