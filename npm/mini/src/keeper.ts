// A token and its life: served while it is good, renewed ahead of its end, by one renewal at a time.
import { toNumber, type Engine } from './engine/engine'
import { operations } from './engine/operations'
import { LingpaiError, toLingpaiError } from './errors'
import { singleFlight } from './flight'
import type { KeptToken } from './record'

/** A token to be used now. */
export interface Token {
  /** As it goes into an `Authorization` header. */
  text: string
  /** The scheme in that header. A `DPoP` token is worth nothing without a proof. */
  type: 'DPoP' | 'Bearer'
  scope: string
  /** Opaque id of the user. */
  subject: string
  /** By the device's clock, in milliseconds. */
  expiresAtMs: number
}

/** What a keeper stands on. */
export interface KeeperOptions {
  engine: Engine
  /** The token at hand, if any. */
  kept(): KeptToken | undefined
  /** Gets another one, and keeps it. */
  renew(): Promise<KeptToken>
  nowSeconds(): number
  /** The device's clock. */
  nowMs(): number
  offsetMs(): number
  /** Whether it is over: logged out. */
  closed(): boolean
  failed(error: LingpaiError): void
}

/** Keeps a token. */
export interface Keeper {
  /** A good token. `renewed`: another one than the one refused just now. */
  token(refused?: string): Promise<Token>
  /** Whose token is at hand, good or not. */
  subject(): string | undefined
  /** Renews what is due, and says nothing if it cannot. */
  check(): Promise<void>
  /** Waits until no renewal is under way. */
  idle(): Promise<void>
}

/** A token with less than that to live may be dead on arrival. */
const marginSeconds = 5
const pauseMs = 5_000

/** Makes a keeper. */
export function createKeeper(options: KeeperOptions): Keeper {
  const { engine, kept, nowSeconds, nowMs } = options
  let pausedUntilMs = 0
  let reason: LingpaiError | undefined
  const checkOpen = () => {
    if (options.closed()) throw new LingpaiError('closed')
  }
  const { join: renew, idle } = singleFlight(async () => {
    try {
      const token = await options.renew()
      // What came too late was not kept, and serves nobody.
      checkOpen()
      pausedUntilMs = 0
      return token
    } catch (thrown) {
      reason = toLingpaiError(thrown)
      // A storm after a failure is answered with it, and platform and server are left alone. Who logged out has nothing to wait for.
      if (!options.closed()) pausedUntilMs = nowMs() + Math.max(reason.retryAfterMs || 0, pauseMs)
      options.failed(reason)
      throw reason
    }
  })
  const isGood = (token: KeptToken) => nowSeconds() + marginSeconds < token.expiresAtSeconds
  const isDue = (token: KeptToken) => {
    const at = engine.call(operations.refreshAt, token.issuedAtSeconds, token.expiresAtSeconds)
    return nowSeconds() >= (toNumber(at) || 0)
  }
  // A clock that went back by more than the longest pause must not make it longer.
  const isPaused = () => nowMs() < pausedUntilMs && pausedUntilMs - nowMs() < 3_700_000
  const out = (token: KeptToken): Token => ({
    text: token.text,
    type: token.type,
    scope: token.scope,
    subject: token.subject,
    expiresAtMs: token.expiresAtSeconds * 1000 - options.offsetMs(),
  })

  async function token(refused?: string): Promise<Token> {
    checkOpen()
    const own = kept()
    const usable = own !== undefined && own.text !== refused && isGood(own)
    if (usable && !isDue(own)) return out(own)
    if (isPaused() && reason !== undefined) {
      if (usable && reason.retryable) return out(own)
      throw reason
    }
    try {
      return out(await renew())
    } catch (error) {
      if (usable && isGood(own) && (error as LingpaiError).retryable) return out(own)
      throw error
    }
  }

  async function check(): Promise<void> {
    const own = kept()
    if (own === undefined || (isGood(own) && !isDue(own)) || isPaused()) return
    await renew().catch(() => {})
  }

  const subject = () => {
    const own = kept()
    return own && own.subject
  }

  return { token, subject, check, idle }
}
