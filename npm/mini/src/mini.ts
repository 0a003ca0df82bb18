// createMini: login, tokens and requests of one mini-program.
import { openDevice, seed, type Device } from './device'
import { LingpaiError } from './errors'
import { singleFlight } from './flight'
import { createGateway, type Gateway } from './gateway'
import { createKeeper, type Keeper, type Token } from './keeper'
import { renewLogin, type LoginOptions } from './login'
import { kit, type Holder } from './kit'
import { readOptions, type MiniOptions, type Settings } from './options'
import type { KeptToken } from './record'
import { sendRequest, type MiniRequest, type MiniResponse } from './request'
import { trust, type Trusted } from './trust'
import type { Tokenizer, TokenizerOptions } from './tokenizer/types'
import { redeem, renewVisit, type VisitOptions } from './visit'

/** A visit that was opened with an access token of the app's back-end. */
export interface MiniVisit {
  /** A good token of the visit. Rejects with `visit_ended` once it cannot be renewed any more. */
  token(): Promise<Token>
  /** A request with it; see {@link Mini.request}. */
  request(request: MiniRequest): Promise<MiniResponse>
  /** Tokens for values of the visit's user; see {@link Mini.tokenizer}. */
  tokenizer(options?: TokenizerOptions): Promise<Tokenizer>
}

/** How things stand. */
export interface MiniStatus {
  /** How the module runs. */
  engine: 'wasm' | 'javascript'
  /** `key`: requests prove possession of a key. `none`: the platform has no random source, or no WebAssembly. */
  proof: 'key' | 'none'
  /** Whether what there is survives the end of the process. */
  durable: boolean
  /** Whether a token is at hand, good or not. */
  loggedIn: boolean
  /** The gateway's clock less the device's, in milliseconds. */
  clockOffsetMs: number
}

/** One mini-program. */
export interface Mini {
  /** Logs in unless there is a good token. `fresh`: with a new code of the platform, whatever there is. */
  login(options?: { fresh?: boolean }): Promise<Token>
  /** A good token: the one at hand, a refreshed one, or one by a new login. */
  token(): Promise<Token>
  /** Sends a request with a token and, where there is a key, a proof. Resolves for every status. */
  request(request: MiniRequest): Promise<MiniResponse>
  /** Redeems an access token (AT). Needs the option `issuer` and a platform with WebAssembly and a random source. */
  openVisit(accessToken: string): Promise<MiniVisit>
  /** The visit of an earlier start that can still go on, if there is one. */
  resumeVisit(): Promise<MiniVisit | undefined>
  /**
   * Tokens of the vault for values, also while the vault is away, as far as the issuer's signed policy allows. Needs to know the
   * issuer, and a platform with WebAssembly and a random source. Loads a module of its own.
   */
  tokenizer(options?: TokenizerOptions): Promise<Tokenizer>
  /**
   * Forgets tokens, refresh tokens and the proof key, here and in the platform's storage. Rejects with `storage_unavailable` where
   * they are still there. What waits in a tokenizer can never be sent after that: flush it before.
   */
  logout(): Promise<void>
  /** How things stand. */
  status(): Promise<MiniStatus>
}

interface Ready {
  device: Device
  gateway: Gateway
  trusted: Trusted | undefined
  login: Keeper
  loginOptions: LoginOptions
  visit: Keeper | undefined
  visitOptions: VisitOptions | undefined
}

/** Makes one. Nothing is loaded or sent before the first call. Make one per mini-program, and keep it. */
export function createMini(options: MiniOptions): Mini {
  const settings = readOptions(options)
  const { host, emit } = settings
  let current: Promise<Ready> | undefined
  let listening = false
  let leaving: Promise<unknown> = Promise.resolve()
  const open = singleFlight(() => leaving.then(() => makeReady(settings)))

  function ready(): Promise<Ready> {
    if (current !== undefined) return current
    const own = open()
    current = own
    // What failed is tried again by the next call.
    own.catch(() => {
      if (current === own) current = undefined
    })
    if (!listening && host.onShow !== undefined) {
      listening = true
      host.onShow(() => void shown())
    }
    return own
  }

  /** The process may have been frozen for long: timers say nothing, so what is due is looked at now. */
  async function shown(): Promise<void> {
    if (current === undefined) return
    try {
      const { device, login, visit } = await current
      await Promise.all([seed(host, device.engine), login.check(), visit && visit.check()])
    } catch (thrown) {
      emit({ type: 'renewal-failed', error: thrown as LingpaiError })
    }
  }

  async function visitOf(it: Ready): Promise<MiniVisit> {
    const { visit } = it
    if (visit === undefined) throw new LingpaiError('visit_ended')
    return {
      token: () => visit.token(),
      request: (request) => sendRequest(parts(it, visit), request),
      tokenizer: (options) => tokenizerFile().openTokenizer(holder(it, visit), options),
    }
  }

  const holder = ({ device, gateway }: Ready, keeper: Keeper): Holder => ({
    kit,
    settings,
    device,
    gateway,
    keeper,
  })

  const parts = ({ device, gateway }: Ready, keeper: Keeper) => ({
    host,
    engine: device.engine,
    gateway,
    keeper,
    origins: settings.origins,
  })

  return {
    async login({ fresh = false } = {}) {
      const it = await ready()
      if (!fresh) return it.login.token()
      const { token } = it.device.store.record.login
      await it.device.store.commit((record) => void delete record.login.refreshToken)
      return it.login.token(token === undefined ? undefined : token.text)
    },
    async token() {
      return (await ready()).login.token()
    },
    async request(request) {
      const it = await ready()
      return sendRequest(parts(it, it.login), request)
    },
    async openVisit(accessToken) {
      if (settings.issuer === undefined)
        throw new TypeError('issuer: a visit needs to know whom to believe')
      const it = await ready()
      if (it.visitOptions === undefined)
        throw new LingpaiError('proof_required', { message: 'no key can be made here' })
      await redeem(it.visitOptions, accessToken)
      return visitOf(it)
    },
    async resumeVisit() {
      const it = await ready()
      const { token, refreshToken } = it.device.store.record.visit
      return token === undefined && refreshToken === undefined ? undefined : visitOf(it)
    },
    async tokenizer(options) {
      const it = await ready()
      return tokenizerFile().openTokenizer(holder(it, it.login), options)
    },
    async logout() {
      const { store } = (await ready()).device
      leaving = store.commit((record) => {
        record.login = {}
        record.visit = {}
        delete record.pending
        delete record.key
      })
      // What is under way comes too late, and the next call starts anew, with another key.
      store.close()
      current = undefined
      await leaving
      if (!store.durable) throw new LingpaiError('storage_unavailable')
    },
    async status() {
      const { device } = await ready()
      const { record } = device.store
      return {
        engine: device.engine.kind,
        proof: device.jkt === undefined ? 'none' : 'key',
        durable: device.store.durable,
        loggedIn: record.login.token !== undefined,
        clockOffsetMs: record.clockOffsetMs,
      }
    },
  }
}

async function makeReady(settings: Settings): Promise<Ready> {
  const { host, emit } = settings
  const device = await openDevice(settings)
  const { engine, store, jkt } = device
  const offsetMs = () => store.record.clockOffsetMs
  const nowSeconds = () => Math.floor((host.now() + offsetMs()) / 1000)
  const set = (gatewayMs: number) => void (store.record.clockOffsetMs = gatewayMs - host.now())
  const gateway = createGateway(host, engine, settings.gateway, { nowSeconds, set })
  const trusted =
    settings.issuer === undefined ? undefined : trust(host, settings.issuer, settings.keys)
  const keeper = (kept: () => KeptToken | undefined, renew: () => Promise<KeptToken>) =>
    createKeeper({
      engine,
      kept,
      renew,
      nowSeconds,
      offsetMs,
      nowMs: () => host.now(),
      closed: () => store.closed,
      failed: (error) => emit({ type: 'renewal-failed', error }),
    })
  const verifying = engine.ability === 'visits' ? trusted : undefined
  const { clientId, audience, scope } = settings
  const loginOptions = {
    host,
    engine,
    gateway,
    store,
    clientId,
    audience,
    scope,
    jkt,
    trusted: verifying,
    emit,
  }
  // A token that is bound to a key is of no use to who has none.
  const usable = (token: KeptToken | undefined) =>
    token !== undefined && (token.type === 'DPoP') === (jkt !== undefined) ? token : undefined
  const login = keeper(
    () => usable(store.record.login.token),
    () => renewLogin(loginOptions),
  )
  if (verifying === undefined || jkt === undefined) {
    return {
      device,
      gateway,
      trusted,
      login,
      loginOptions,
      visit: undefined,
      visitOptions: undefined,
    }
  }
  const visitOptions = { host, engine, gateway, store, trusted: verifying, emit }
  const visit = keeper(
    () => store.record.visit.token,
    () => renewVisit(visitOptions),
  )
  return { device, gateway, trusted, login, loginOptions, visit, visitOptions }
}

/** What a tokenizer is made of, not loaded before there is one. Said literally, as build tools want it. */
const tokenizerFile = () => require('./tokenizer.js') as typeof import('./tokenizer/open')

declare function require(path: string): unknown
