// createMini: login, tokens and requests of one mini-program.
import { seed } from './device'
import { LingpaiError } from './errors'
import { further, visits, type Further } from './further'
import type { Keeper, Token } from './keeper'
import { kit, type Holder } from './kit'
import { readOptions, type MiniOptions } from './options'
import { makeReady, type Ready } from './ready'
import { sendRequest, type MiniRequest, type MiniResponse } from './request'
import { forget } from './store'

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

/** Makes one. Nothing is loaded or sent before the first call. Make one per mini-program, and keep it. */
export function createMini(options: MiniOptions): Mini {
  const settings = readOptions(options)
  const { host, emit } = settings
  let current: Promise<Ready> | undefined
  let listening = false
  let leaving: Promise<unknown> = Promise.resolve()

  function ready(): Promise<Ready> {
    const own = current || start()
    return own.then((it) => {
      if (!it.device.engine.trapped()) return it
      // Another instance goes on with the same record.
      if (current === own) current = undefined
      return ready()
    })
  }

  function start(): Promise<Ready> {
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
      const { device, login, visit } = await ready()
      // A storage that could not be read is looked at once more.
      if (!device.store.known) current = undefined
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
      // A renewal that is under way may be by what is dropped here.
      await it.login.idle()
      const { store } = it.device
      const { token } = store.record.login
      await store.commit((record) => {
        delete record.login.refreshToken
        delete record.pending
      })
      return it.login.token(token === undefined ? undefined : token.text)
    },
    async token() {
      return (await ready()).login.token()
    },
    async request(request) {
      return sendRequest(await byLogin(), request)
    },
    async openVisit(accessToken) {
      if (settings.issuer === undefined) throw new TypeError('issuer: whom to believe')
      const it = await ready()
      if (it.visitOptions === undefined)
        throw new LingpaiError('proof_required', { message: 'no key can be made here' })
      await visits().redeem(it.visitOptions, accessToken)
      return visitOf(it)
    },
    async resumeVisit() {
      const it = await ready()
      const { token, refreshToken } = it.device.store.record.visit
      return token === undefined && refreshToken === undefined ? undefined : visitOf(it)
    },
    logout() {
      const cleared = ready().then(async ({ device: { store } }) => {
        const kept = store.commit((record) => {
          record.login = {}
          record.visit = {}
          delete record.pending
          delete record.key
        })
        // What is under way comes too late.
        store.close()
        await kept
        return store.durable
      })
      // What was not kept, or did not even start, still has to go.
      const left = cleared
        .catch(() => false)
        .then((kept) => (kept ? undefined : forget(host, settings.storageKey)))
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
