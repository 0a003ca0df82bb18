// What happens in a visit, in words that an app can log: no event ever holds a token, a key or R.
import type { ErrorCode } from './codes.js'
import type { StoreEvent } from './store-events.js'

/** Which request an event is about: the one that redeems the access token, or a refresh. */
export type ExchangeKind = 'visit' | 'refresh'

/** Where the access token came from. */
export type LaunchVia = 'fragment' | 'message' | 'bridge'

/** Something that happened, to the visit or to the store that it is kept in. `atMs` is the page's own clock (Unix milliseconds). */
export type VisitEvent = StoreEvent | OwnEvent

type OwnEvent = { atMs: number } & (
  | {
      /** The proof key is there. `kept`: it survives a reload. */
      type: 'proof_key'
      thumbprint: string
      algorithm: string
      proofKey: 'non-extractable' | 'memory'
      kept: boolean
    }
  | {
      /** A launch brought an access token, and its signature holds. */
      type: 'launched'
      via: LaunchVia
      bound: boolean
      clientId: string
      scope: string
      appKeyId: string
      expiresAtSeconds: number
      tokenBytes: number
    }
  | {
      /** A request was sealed under a fresh R. `requestHash` is what its answer has to name. */
      type: 'sealed'
      kind: ExchangeKind
      appKeyId: string
      requestBytes: number
      requestHash: string
    }
  | {
      /** The request goes out; the same bytes each time, with a fresh proof. */
      type: 'sent'
      kind: ExchangeKind
      url: string
      attempt: number
      requestHash: string
    }
  | {
      /** Something came back. `sealed`: it can only be opened with R. */
      type: 'answered'
      kind: ExchangeKind
      status: number
      sealed: boolean
      answerBytes: number
      elapsedMs: number
    }
  | {
      /** Nothing usable came back; the same request goes out again after a while. */
      type: 'resending'
      kind: ExchangeKind
      code: ErrorCode
      attempt: number
      waitMs: number
    }
  | {
      /** The answer opened and everything in it holds: there is a visit token. */
      type: 'granted'
      kind: ExchangeKind
      scope: string
      tokenBytes: number
      expiresAtMs: number
      refreshable: boolean
      nextAppKeyId: string
      clockOffsetMs: number
    }
  | {
      /** The answer opened, and it is a refusal. */
      type: 'refused'
      kind: ExchangeKind
      code: ErrorCode
    }
  | {
      /** A visit from before a reload goes on, checked again. */
      type: 'resumed'
      expiresAtMs: number
    }
  | {
      /** A refresh failed; the old token serves until it expires. */
      type: 'refresh_failed'
      code: ErrorCode
      expiresAtMs: number
    }
  | {
      /** The network or the gateway is away: the token that was kept serves on, checked again, until it expires. */
      type: 'served_from_cache'
      code: ErrorCode
      expiresAtMs: number
    }
  | {
      /** Another tab refreshed the visit, and this one goes on with what it got. */
      type: 'adopted'
      expiresAtMs: number
    }
  | {
      /**
       * The page's clock went off by so much since it was last looked at: forward (it was set, or the device slept), or back.
       * Tokens are judged by the authority's time, which a clock that is turned back does not turn back.
       */
      type: 'clock_jumped'
      byMs: number
    }
  | {
      /** `visit.fetch` has an answer. `repeated` says why it was sent twice. */
      type: 'fetched'
      method: string
      url: string
      status: number
      elapsedMs: number
      repeated?: 'nonce' | 'refreshed' | 'clock'
    }
  | {
      /** Something could not be kept over a reload; the visit goes on in memory. */
      type: 'storage_unavailable'
      what: 'proof_key' | 'visit'
    }
  | {
      /** A launch for somebody else than the visit at hand. */
      type: 'launch_conflict'
      approved: boolean
    }
  | {
      /** The WebAssembly module had failed. The visit goes on with another instance of it. */
      type: 'revived'
    }
  | {
      /** The authority ended the visit; its state is wiped. */
      type: 'ended'
      code: ErrorCode
    }
  | {
      /** The page closed the visit; its state is wiped. */
      type: 'closed'
    }
)

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never

/** Reports an event to the app. */
export type Emit = (event: WithoutTime<OwnEvent>) => void

/** An app's handler may throw; the visit goes on. */
export function createEmit(
  handler: ((event: VisitEvent) => void) | undefined,
  now: () => number,
): Emit {
  return (event) => {
    try {
      handler?.({ atMs: now(), ...event } as VisitEvent)
    } catch (error) {
      globalThis.reportError?.(error)
    }
  }
}
