// How each platform is asked about a login code. What it answers is read by the core.
import type { PlatformCall } from '../call.js'
import type { AlipayMiniProgram, MiniProgram } from '../clients.js'
import { rsaSign } from './alipay-rsa.js'

/** A login code and when it is asked about. */
export interface Login {
  code: string
  anonymous: boolean
  nowMs: number
}

type Call = Omit<PlatformCall, 'timeoutMs'>

const servers = {
  alipay: 'https://openapi.alipay.com',
  baidu: 'https://spapi.baidu.com',
  douyin: 'https://developer.toutiao.com',
  kuaishou: 'https://open.kuaishou.com',
  qq: 'https://api.q.qq.com',
  wechat: 'https://api.weixin.qq.com',
} as const

/** The origin of the servers of a client's platform. */
export function serverOf(client: MiniProgram): string {
  return client.endpoint ?? servers[client.platform]
}

/** The call that exchanges a login code at its platform. */
export function loginCall(client: MiniProgram, login: Login): Call | Promise<Call> {
  const server = serverOf(client)
  const { code } = login
  switch (client.platform) {
    case 'wechat':
    case 'qq': {
      const query = new URLSearchParams({
        appid: client.appId,
        secret: client.appSecret,
        js_code: code,
        grant_type: 'authorization_code',
      })
      return { url: `${server}/sns/jscode2session?${query}`, method: 'GET', headers: {} }
    }
    case 'baidu':
      return form(`${server}/oauth/jscode2sessionkey`, {
        code,
        client_id: client.appId,
        sk: client.appSecret,
      })
    case 'kuaishou':
      return form(`${server}/oauth2/mp/code2session`, {
        app_id: client.appId,
        app_secret: client.appSecret,
        js_code: code,
      })
    case 'douyin':
      return json(`${server}/api/apps/v2/jscode2session`, {
        appid: client.appId,
        secret: client.appSecret,
        ...(login.anonymous ? { anonymous_code: code } : { code }),
      })
    case 'alipay':
      return alipay(`${server}/gateway.do`, client, login)
  }
}

/** A call whose body is JSON. */
export function json(url: string, members: Record<string, unknown>): Call {
  const headers = { 'Content-Type': 'application/json' }
  return { url, method: 'POST', headers, body: JSON.stringify(members) }
}

function form(url: string, parameters: Record<string, string>): Call {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' }
  return { url, method: 'POST', headers, body: new URLSearchParams(parameters).toString() }
}

async function alipay(url: string, client: AlipayMiniProgram, login: Login): Promise<Call> {
  const parameters: Record<string, string> = {
    app_id: client.appId,
    method: 'alipay.system.oauth.token',
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: chinaTime(login.nowMs),
    version: '1.0',
    grant_type: 'authorization_code',
    code: login.code,
    ...(client.appCertSn && { app_cert_sn: client.appCertSn }),
    ...(client.alipayRootCertSn && { alipay_root_cert_sn: client.alipayRootCertSn }),
  }
  const sign = await rsaSign(client.privateKey, alipaySignedText(parameters))
  return form(url, { ...parameters, sign })
}

/** What an app signs: the parameters by name, joined as they are, those without a value left out. */
export function alipaySignedText(parameters: Record<string, string>): string {
  const given = Object.entries(parameters).filter(
    ([name, value]) => value !== '' && name !== 'sign',
  )
  given.sort(([one], [other]) => (one < other ? -1 : 1))
  return given.map(([name, value]) => `${name}=${value}`).join('&')
}

/** `yyyy-MM-dd HH:mm:ss` in China, which is what Alipay compares with. */
function chinaTime(nowMs: number): string {
  return new Date(nowMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}
