// The options of openVisit, checked once: wrong usage is a TypeError that names the option.
import type { VisitEvent } from './events.js'

/** A JWK Set (RFC 7517) of public keys. */
export interface JsonWebKeySet {
  keys: readonly object[]
}

/** A bound launch over postMessage. */
export interface MessageLaunch {
  kind: 'message'
  /** Origins of the apps that may frame this page, exactly as browsers write them. */
  appOrigins: readonly string[]
  /** How long to wait for the app. Default 10 000. */
  timeoutMs?: number
}

/** Who is who in a conflict: a launch for somebody else than the visit that is going on. */
export interface LaunchConflict {
  current: { clientId: string; subject: string }
  launched: { clientId: string; subject: string }
}

/** Options of {@link openVisit}. */
export interface OpenVisitOptions {
  /** Base address of the gateway, `https` (or `http` on loopback), without a final slash. */
  gateway: string
  /** Base address of the issuer whose tokens this page accepts. */
  issuer: string
  /** The issuer's JWK Set. Fetched from `{issuer}/.well-known/jwks.json` if left out. */
  keys?: JsonWebKeySet
  /**
   * Where the access token comes from. `auto` (default): the address fragment, else `requestAccessToken`. A page in a frame
   * accepts only tokens that are bound to its proof key, so it needs a `message` launch or `requestAccessToken`.
   */
  launch?: 'auto' | 'fragment' | MessageLaunch
  /**
   * A bound launch over the app's own bridge: gives the thumbprint to the app, and gets an access token that the
   * partner's back-end asked for with that `jkt`.
   */
  requestAccessToken?: (request: {
    proofKeyThumbprint: string
    signal: AbortSignal
  }) => string | Promise<string>
  /**
   * `session` (default): the visit survives a reload of its tab, sealed under a key that cannot leave the browser.
   * `memory`: nothing is written anywhere, except that the access token of a fragment launch lies in `sessionStorage` from
   * the import of this module until `openVisit` is called: only then this option is known.
   * `persistent`: the visit outlives its tab and the browser, until its refresh token ends, and the tabs of this origin share
   * it. Not for devices that people share: whoever opens the page next goes on with the visit, unless it was closed.
   */
  storage?: 'session' | 'persistent' | 'memory'
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch
  /** Unix time in milliseconds. Default `Date.now`. */
  now?: () => number
  /** Told about everything that happens. No event holds a secret. */
  onEvent?: (event: VisitEvent) => void
  /** Asked when a launch is for somebody else than the visit at hand. `true` ends the old visit for good. */
  onLaunchConflict?: (conflict: LaunchConflict) => boolean | Promise<boolean>
  /** Gives up: `openVisit` rejects with its reason at once, whatever it waits for, and sends nothing any more. */
  signal?: AbortSignal
}

/** Options that were checked, with the defaults in place. */
export type Settings = OpenVisitOptions &
  Required<Pick<OpenVisitOptions, 'launch' | 'storage' | 'now'>>

const functions = ['requestAccessToken', 'fetch', 'now', 'onEvent', 'onLaunchConflict'] as const

/** Checks the options. */
export function readOptions(options: OpenVisitOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: an object')
  checkServiceUrl('gateway', options.gateway)
  checkServiceUrl('issuer', options.issuer)
  if (options.keys !== undefined) readKeys(options.keys)
  const { launch = 'auto', storage = 'session', now = Date.now } = options
  if (launch !== 'auto' && launch !== 'fragment') checkMessageLaunch(launch)
  if (storage !== 'session' && storage !== 'persistent' && storage !== 'memory') {
    throw new TypeError("storage: 'session', 'persistent' or 'memory'")
  }
  for (const name of functions) {
    const value = options[name]
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${name}: a function`)
  }
  return { ...options, launch, storage, now }
}

/** A base address that a page may send tokens to. */
export function checkServiceUrl(name: string, value: unknown): asserts value is string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || !isSecure(url) || url.search || url.hash || (value as string).endsWith('/')) {
    throw new TypeError(`${name}: an https address (http on loopback) without a final slash`)
  }
}

/** Whether tokens may be sent there: https, or a server on this very machine. */
export function isSecure(url: URL): boolean {
  if (url.username || url.password) return false
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback)
}

/** A JWK Set as JSON. */
export function readKeys(keys: unknown): string {
  if (!Array.isArray((keys as JsonWebKeySet | null)?.keys)) {
    throw new TypeError('keys: a JWK Set, { keys: [...] }')
  }
  return JSON.stringify(keys)
}

function checkMessageLaunch(launch: MessageLaunch): void {
  const proper = (origin: unknown) =>
    typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin
  if (launch?.kind !== 'message')
    throw new TypeError("launch: 'auto', 'fragment' or { kind: 'message' }")
  if (
    !Array.isArray(launch.appOrigins) ||
    !launch.appOrigins.length ||
    !launch.appOrigins.every(proper)
  ) {
    throw new TypeError('launch.appOrigins: origins such as https://app.example')
  }
}
