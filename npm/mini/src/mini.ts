// createMini: login, tokens and requests of one mini-program.
import { openDevice, seed, type Device } from './device'
import { LingpaiError } from './errors'
import { createGateway, type Gateway } from './gateway'
import { createKeeper, type Keeper, type Token } from './keeper'
import { renewLogin } from './login'
import { kit, type Holder } from './kit'
import type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationHandle,
} from './operation/types'
import { readOptions, type MiniOptions, type Settings } from './options'
import type { KeptToken } from './record'
import { sendRequest, type MiniRequest, type MiniResponse } from './request'
import { trust } from './trust'
import type { Tokenizer, TokenizerOptions } from './tokenizer/types'
import { redeem, renewVisit, type VisitOptions } from './visit'

/** What a user can do besides, by a login or by a visit. Its code is loaded when it is first needed. */
export interface Further {
  /**
   * Tokens of the vault for values, also while the vault is away, as far as the issuer's signed policy allows. Needs to know the
   * issuer, and a platform with WebAssembly and a random source. Loads a module of its own.
   */
  tokenizer(options?: TokenizerOptions): Promise<Tokenizer>
  /**
   * Begins a sensitive operation: gets an alias for `options.account`, which is deleted when the operation was executed, when
   * it is given up, when the mini-program is hidden, or when time runs out. `details` are what is shown and what is executed.
   */
  beginOperation(
    type: string,
    details: OperationDetails | undefined,
    options: BeginOperationOptions,
  ): Promise<OperationHandle>
  /** Takes over an operation that another terminal of the same user has begun, by its `pairingCode`. */
  claimOperation(pairingCode: string, options?: ClaimOperationOptions): Promise<OperationHandle>
}

/** A visit that was opened with an access token of the app's back-end. */
export interface MiniVisit extends Further {
  /** A good token of the visit. Rejects with `visit_ended` once it cannot be renewed any more. */
  token(): Promise<Token>
  /** A request with it; see {@link Mini.request}. */
  request(request: MiniRequest): Promise<MiniResponse>
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
export interface Mini extends Further {
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
  login: Keeper
  visit?: Keeper
  visitOptions?: VisitOptions
}

/** Makes one. Nothing is loaded or sent before the first call. Make one per mini-program, and keep it. */
export function createMini(options: MiniOptions): Mini {
  const settings = readOptions(options)
  const { host, emit } = settings
  let current: Promise<Ready> | undefined
  let listening = false
  let leaving: Promise<unknown> = Promise.resolve()

  function ready(): Promise<Ready> {
    if (current !== undefined) return current
    const own = leaving.then(() => makeReady(settings))
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
    return Object.assign(
      {
        token: () => visit.token(),
        request: (request: MiniRequest) => sendRequest(holder(it, visit), request),
      },
      further(async () => holder(it, visit)),
    )
  }

  const holder = ({ device, gateway }: Ready, keeper: Keeper): Holder => ({
    kit,
    settings,
    device,
    gateway,
    keeper,
  })

  const byLogin = async () => {
    const it = await ready()
    return holder(it, it.login)
  }

  const own: Omit<Mini, keyof Further> = {
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
      return sendRequest(await byLogin(), request)
    },
    async openVisit(accessToken) {
      if (settings.issuer === undefined)
        throw new TypeError('issuer: whom to believe')
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
    logout() {
      const left = ready().then(async ({ device: { store } }) => {
        const kept = store.commit((record) => {
          record.login = {}
          record.visit = {}
          delete record.pending
          delete record.key
        })
        // What is under way comes too late.
        store.close()
        await kept
        if (!store.durable) throw new LingpaiError('storage_unavailable')
      })
      // The next call starts anew, with another key.
      current = undefined
      leaving = left.catch(() => {})
      return left
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
  return Object.assign(own, further(byLogin))
}

async function makeReady(settings: Settings): Promise<Ready> {
  const { host, emit } = settings
  const device = await openDevice(settings)
  const { engine, store, jkt } = device
  const offsetMs = () => store.record.clockOffsetMs
  const nowSeconds = () => Math.floor((host.now() + offsetMs()) / 1000)
  const set = (gatewayMs: number) => void (store.record.clockOffsetMs = gatewayMs - host.now())
  const gateway = createGateway(host, engine, settings.gateway, { nowSeconds, set })
  const { issuer, keys } = settings
  const verifies = issuer !== undefined && engine.ability === 'visits'
  const trusted = verifies ? trust(host, issuer, keys) : undefined
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
  const options = Object.assign({}, settings, device, { gateway, trusted })
  // A token that is bound to a key is of no use to who has none.
  const usable = (token: KeptToken | undefined) =>
    token !== undefined && (token.type === 'DPoP') === (jkt !== undefined) ? token : undefined
  const login = keeper(
    () => usable(store.record.login.token),
    () => renewLogin(options),
  )
  const ready: Ready = { device, gateway, login }
  if (trusted !== undefined && jkt !== undefined) {
    const visitOptions = Object.assign(options, { trusted })
    ready.visitOptions = visitOptions
    ready.visit = keeper(
      () => store.record.visit.token,
      () => renewVisit(visitOptions),
    )
  }
  return ready
}

/** Said literally, as build tools want it. */
const further = (holder: () => Promise<Holder>): Further => ({
  tokenizer: async (...all) =>
    (require('./tokenizer.js') as typeof import('./tokenizer/open')).openTokenizer(
      await holder(),
      ...all,
    ),
  beginOperation: async (...all) => operation().beginOperation(await holder(), ...all),
  claimOperation: async (...all) => operation().claimOperation(await holder(), ...all),
})
const operation = () => require('./operation.js') as typeof import('./operation/begin')

declare function require(path: string): unknown
