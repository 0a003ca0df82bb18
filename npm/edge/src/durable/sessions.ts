// The store of an exchange behind a binding: one object for each user of an app, each link, each app.
import type { AppToken, PlatformStore, SessionTimes } from '../exchange/store.js'
import type { PlatformCall } from '../exchange/call.js'

/** What is used of a Durable Object namespace that is bound to `PlatformSessions`. */
export interface SessionsNamespace {
  idFromName(name: string): unknown
  get(id: never): {
    keep(sealed: string, times: SessionTimes): Promise<void>
    sessions(nowSeconds: number): Promise<string[]>
    link(value: string): Promise<string>
    forget(): Promise<void>
    accessToken(call: PlatformCall, stale?: string): Promise<AppToken>
  }
}

/** The store behind a binding to `PlatformSessions`: `durableSessions(env.PLATFORM_SESSIONS)`. */
export function durableSessions(namespace: SessionsNamespace): PlatformStore {
  const named = (name: string) => namespace.get(namespace.idFromName(name) as never)
  return {
    keepSession: (owner, sealed, times) => named(`session/${owner}`).keep(sealed, times),
    sessionsOf: (owner, nowSeconds) => named(`session/${owner}`).sessions(nowSeconds),
    link: (id, value) => named(`link/${id}`).link(value),
    async forget(id) {
      await Promise.all([named(`session/${id}`).forget(), named(`link/${id}`).forget()])
    },
    accessToken: (app, call, stale) => named(`app/${app}`).accessToken(call, stale),
  }
}
