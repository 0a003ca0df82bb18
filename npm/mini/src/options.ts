// The options of createMini, read once. Wrong ones are a TypeError that names the option.
import type { MiniEvent } from './events'
import { originOf } from './gateway'
import type { Host } from './host'

/** Options of `createMini`. */
export interface MiniOptions {
  /** The platform: `wechat(wx, WXWebAssembly)` and so on. */
  host: Host
  /** Address of the gateway, without a slash at its end. It has to be in the platform's list of allowed domains. */
  gateway: string
  /** The public id under which this mini-program is registered at the gateway. */
  clientId: string
  /** Whom the tokens are for. */
  audience: string
  /** What to ask for, names separated by spaces. @default what the registration allows */
  scope?: string
  /** Origins, such as `https://api.example.com`, that may get the token. @default the gateway's, and the audience's if it is an address */
  origins?: readonly string[]
  /** `required` refuses to log in without a key to prove. @default 'if-possible' */
  proof?: 'if-possible' | 'required'
  /** The issuer whose tokens are verified; needed for visits. Loads the larger module. */
  issuer?: string
  /** The issuer's JWK Set. @default fetched from `{issuer}/.well-known/jwks.json` */
  keys?: object
  /** Directory of the `.wasm` files in the code package. @default '/miniprogram_npm/@lingpai/mini/wasm' */
  wasmDirectory?: string
  /** Key of the record in the platform's storage. @default 'lingpai' */
  storageKey?: string
  /** Is told what an app may want to log. */
  onEvent?: (event: MiniEvent) => void
}

/** The same with its defaults. */
export interface Settings {
  host: Host
  gateway: string
  clientId: string
  audience: string
  scope: string | undefined
  origins: readonly string[]
  proofRequired: boolean
  issuer: string | undefined
  keys: object | undefined
  wasmDirectory: string
  storageKey: string
  emit(event: MiniEvent): void
}

/** Reads the options. */
export function readOptions(options: MiniOptions): Settings {
  const { host, gateway, clientId, audience, scope, issuer, keys, onEvent } = options
  if (!host || typeof host.request !== 'function' || !host.storage)
    throw new TypeError('host: such as wechat(wx, WXWebAssembly)')
  address('gateway', gateway)
  if (issuer !== undefined) address('issuer', issuer)
  text('clientId', clientId)
  text('audience', audience)
  if (scope !== undefined) text('scope', scope)
  if (keys !== undefined && issuer === undefined) throw new TypeError('keys: need an issuer')
  const {
    proof = 'if-possible',
    wasmDirectory = '/miniprogram_npm/@lingpai/mini/wasm',
    storageKey = 'lingpai',
  } = options
  if (proof !== 'if-possible' && proof !== 'required')
    throw new TypeError("proof: 'if-possible' or 'required'")
  if (!/^\/[^?#]*[^/]$/.test(wasmDirectory)) throw new TypeError('wasmDirectory: such as /wasm')
  text('storageKey', storageKey)
  const { origins = [gateway, audience].map(originOf).filter((origin) => origin !== '') } = options
  for (const origin of origins) {
    if (originOf(origin) !== origin.toLowerCase())
      throw new TypeError('origins: such as https://api.example.com')
  }
  const emit = (event: MiniEvent) => {
    try {
      if (onEvent !== undefined) onEvent(event)
    } catch (_) {
      // What a listener throws is none of ours.
    }
  }
  const lowered = origins.map((origin) => originOf(origin))
  return {
    host,
    gateway,
    clientId,
    audience,
    scope,
    origins: lowered,
    proofRequired: proof === 'required',
    issuer,
    keys,
    wasmDirectory,
    storageKey,
    emit,
  }
}

function text(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name}: not empty`)
}

function address(name: string, value: unknown): void {
  text(name, value)
  const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(value as string)
  const good = originOf(value as string) !== '' && !/[?#]|\/$/.test(value as string)
  if (!good || !(loopback || /^https:/.test(value as string)))
    throw new TypeError(`${name}: such as https://gate.example.com`)
}
