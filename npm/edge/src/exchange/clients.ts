// Mini-programs as they are registered: which platform and app become which audience, scopes and lifetimes.
import { engine } from '../engine/full.js'
import { text, usable } from '../option-values.js'
import { rsaKeysOf } from './platforms/alipay-rsa.js'

/** What a code of a platform may mean. */
export type CodeMeaning =
  | 'code_used'
  | 'invalid_code'
  | 'rate_limited'
  | 'risk_blocked'
  | 'server_error'
  | 'temporarily_unavailable'

interface Registered {
  /** The public name of the client. */
  clientId: string
  /** What the platform calls the app; at Baidu the App Key. */
  appId: string
  /** The services that visit tokens may be for. */
  audiences: readonly string[]
  /** The scopes that the client may ask for; it gets all of them if it asks for none. */
  scopes: readonly string[]
  /**
   * Those of them that are given without a proof key, for hosts that have no source of randomness. Default: such a request is
   * refused.
   */
  bearerScopes?: readonly string[] | undefined
  /** Apps with the same name here, whose platform names the same union id, have the same `sub`. Default: none. */
  linkGroup?: string | undefined
  /** What codes of the platform mean, where this package does not know them or knows better: `{ "10010105": "invalid_code" }`. */
  codes?: Readonly<Record<string, CodeMeaning>> | undefined
  /** Life of a visit token bound to a proof key. Default: 900, which is the most. */
  visitLifetimeSeconds?: number | undefined
  /** Life of a visit token without one. Default: 300, which is the most. */
  bearerLifetimeSeconds?: number | undefined
  /** How long a login may be refreshed; 0 for never. Default: 28800. */
  refreshLifetimeSeconds?: number | undefined
  /** `false` ends logins and refreshes at once. Default: true. */
  enabled?: boolean | undefined
  /** The platform's servers, if they are elsewhere: a sandbox, a proxy. An origin. Default: the platform's own. */
  endpoint?: string | undefined
}

/** An app that shares a secret with its platform. */
export interface SecretMiniProgram extends Registered {
  platform: 'baidu' | 'kuaishou' | 'qq' | 'wechat'
  appSecret: string
}

/** An app on Douyin. */
export interface DouyinMiniProgram extends Registered {
  platform: 'douyin'
  appSecret: string
  /** Whether codes that stand for a device are accepted too. Their `sub` is another one than the user's. Default: false. */
  anonymous?: boolean | undefined
}

/** An app on Alipay. */
export interface AlipayMiniProgram extends Registered {
  platform: 'alipay'
  /** The app's private RSA key, PKCS #8 in base64 or PEM. */
  privateKey: string
  /** Alipay's public RSA key for this app, SPKI in base64 or PEM. */
  alipayPublicKey: string
  /** The app's AES key in base64, for phone numbers. */
  aesKey?: string | undefined
  /** Serial numbers, where the app works with certificates. */
  appCertSn?: string | undefined
  alipayRootCertSn?: string | undefined
}

/** A mini-program as it is registered. */
export type MiniProgram = SecretMiniProgram | DouyinMiniProgram | AlipayMiniProgram

/** The registered mini-programs, for those who keep them in a store. */
export interface MiniProgramRegistry {
  find(clientId: string): MiniProgram | undefined | Promise<MiniProgram | undefined>
}

const shared = [
  'clientId',
  'platform',
  'appId',
  'audiences',
  'scopes',
  'bearerScopes',
  'linkGroup',
  'codes',
  'visitLifetimeSeconds',
  'bearerLifetimeSeconds',
  'refreshLifetimeSeconds',
  'enabled',
  'anonymous',
] as const

/** What the core reads of a registration: no secret is among it. */
export function registrationText(client: MiniProgram): string {
  const members = client as unknown as Record<string, unknown>
  return JSON.stringify(Object.fromEntries(shared.map((name) => [name, members[name]])))
}

/** Reads the registrations. Throws a `TypeError` that names the client and the member. */
export function readClients(
  clients: readonly MiniProgram[] | MiniProgramRegistry,
): MiniProgramRegistry {
  if (!Array.isArray(clients)) {
    const registry = clients as MiniProgramRegistry
    if (typeof registry?.find === 'function') {
      return {
        async find(clientId) {
          const client = await registry.find(clientId)
          if (client) checkEndpoint(`clients: ${clientId}`, client)
          return client
        },
      }
    }
    throw new TypeError('clients: has to be an array of mini-programs or a MiniProgramRegistry')
  }
  const byId = new Map<string, MiniProgram>()
  for (const client of clients as readonly MiniProgram[]) {
    const id = text('clients: clientId', client?.clientId)
    if (byId.has(id)) throw new TypeError('clients: a clientId occurs twice')
    const registration = registrationText(client)
    usable(`clients: ${id}`, () => engine.call((glue) => glue.registrationCheck(registration)))
    readSecrets(`clients: ${id}`, client)
    byId.set(id, client)
  }
  return { find: (clientId) => byId.get(clientId) }
}

/** Secrets go there. */
function checkEndpoint(name: string, { endpoint }: MiniProgram): void {
  if (endpoint !== undefined && !isServer(endpoint)) {
    throw new TypeError(`${name}: endpoint: has to be an https origin`)
  }
}

function readSecrets(name: string, client: MiniProgram): void {
  checkEndpoint(name, client)
  if (client.platform !== 'alipay') {
    text(`${name}: appSecret`, client.appSecret)
    return
  }
  for (const key of ['privateKey', 'alipayPublicKey'] as const) {
    text(`${name}: ${key}`, client[key])
    rsaKeysOf.check(`${name}: ${key}`, client[key])
  }
}

/** An origin that secrets may be sent to: https, or this machine. */
function isServer(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false
  const { protocol, hostname, origin } = new URL(endpoint)
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  return origin === endpoint && (protocol === 'https:' || (protocol === 'http:' && loopback))
}
