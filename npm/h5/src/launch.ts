// Takes the access token of a fragment launch out of the address bar, as soon as this module is imported. Import
// `@lingpai/h5/launch` first of all, before any script that might read or report the address.

/** A launch that waits to be redeemed. */
export interface CapturedLaunch {
  accessToken: string
  /** When it came, Unix milliseconds. */
  atMs: number
  /** Thumbprint of the key under which it has been sent, if it has. */
  sentUnder?: string | undefined
}

const storageKey = 'lingpai:launch'
// An access token lives two minutes at most and is answered again for one more.
const longestWaitMs = 180_000

// Shared by all copies of this module: the first one to run finds the token.
const shared = ((globalThis as Record<symbol, unknown>)[Symbol.for('lingpai.launch')] ??= {}) as {
  waiting?: CapturedLaunch | undefined
  listening?: boolean
}

capture()
// An app may navigate a page that is open already to another launch; the document then stays.
if (!shared.listening && typeof addEventListener === 'function') {
  shared.listening = true
  addEventListener('hashchange', capture)
}

/** The launch that waits, also one from before a reload. */
export function waitingLaunch(): CapturedLaunch | undefined {
  if (shared.waiting) return shared.waiting
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') as CapturedLaunch | null
    const age = kept ? Date.now() - kept.atMs : 0
    if (kept && age >= 0 && age < longestWaitMs) return kept
  } catch {
    // Nobody but this module writes there; what is something else is no launch.
  }
  forgetLaunch()
  return undefined
}

/** Notes under which key the launch is about to be sent: with any other key it would look stolen. */
export function markSent(thumbprint: string): void {
  const waiting = waitingLaunch()
  if (waiting) keep({ ...waiting, sentUnder: thumbprint })
}

/** Forgets the launch; with `forReload` only what a reload would find. */
export function forgetLaunch({ forReload = false } = {}): void {
  if (!forReload) shared.waiting = undefined
  try {
    sessionStorage.removeItem(storageKey)
  } catch {
    // Then it was never in there.
  }
}

function capture(): void {
  const { location, history } = globalThis
  if (typeof location !== 'object' || !location?.hash) return
  const parts = location.hash.slice(1).split('&')
  const accessToken = parts.find((part) => part.startsWith('at='))?.slice(3)
  if (accessToken === undefined) return
  const rest = parts.filter((part) => !part.startsWith('at=')).join('&')
  try {
    const address = location.href.slice(0, -location.hash.length)
    history.replaceState(history.state, '', rest ? `${address}#${rest}` : address)
  } catch {
    location.hash = rest
  }
  if (accessToken) keep({ accessToken, atMs: Date.now() })
}

function keep(launch: CapturedLaunch): void {
  shared.waiting = launch
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(launch))
  } catch {
    // A page without storage cannot survive a reload anyway.
  }
}
