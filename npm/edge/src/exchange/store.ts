// What an exchange keeps about people and apps: sealed sessions, links between accounts, access tokens of apps.
import type { PlatformAnswer, PlatformCall } from './call.js'

/** What is kept about people and apps. All methods reject when the store does not know; the request is then refused. */
export interface PlatformStore {
  /** Keeps the sealed session of a login. The one before serves a little longer, for data made just before. */
  keepSession(owner: string, sealed: string, times: SessionTimes): Promise<void>
  /** The sealed sessions of an owner, the latest first. */
  sessionsOf(owner: string, nowSeconds: number): Promise<readonly string[]>
  /** Writes `value` under `id` if nothing is there, and gives what is there. Kept until {@link PlatformStore.forget}. */
  link(id: string, value: string): Promise<string>
  /** Deletes all that is kept under an owner or an id, for a person who is to be forgotten. */
  forget(id: string): Promise<void>
  /** The access token of an app for its platform's server APIs, asked for once, however many need it; not `stale`. */
  accessToken(app: string, call: PlatformCall, stale?: string): Promise<AppToken>
}

/** Unix seconds. */
export interface SessionTimes {
  nowSeconds: number
  untilSeconds: number
  /** Until when the session before serves. */
  previousUntilSeconds: number
}

/** The access token of an app, or what the platform has answered instead. */
export type AppToken = { token: string } | PlatformAnswer
