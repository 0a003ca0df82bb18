// Takes the access token of a fragment launch out of the address bar, as soon as this module is imported. Import
// `@lingpai/h5/launch` first of all, before any script that might read or report the address.

/** A launch that waits to be redeemed. */
export interface CapturedLaunch {
  accessToken: string
  /** Thumbprint of the key under which it has been sent, if it has. */
  sentUnder?: string | undefined
}

const storageKey = 'lingpai:launch'

// Shared by all copies of this module: the first one to run finds the token.
const shared = ((globalThis as Record<symbol, unknown>)[Symbol.for('lingpai.launch')] ??= {}) as {
  waiting?: CapturedLaunch | undefined
  listening?: boolean
  /** Nothing may be written. */
  inMemory?: boolean
}

capture()
// An app may navigate a page that is open already to another launch; the document then stays.
if (!shared.listening && typeof addEventListener === 'function') {
  shared.listening = true
  addEventListener('hashchange', capture)
}

/**
 * The launch that waits, also one from before a reload. However long it has waited: the page's clock may be wrong, and the
 * authority knows.
 */
export function waitingLaunch(): CapturedLaunch | undefined {
  return shared.waiting ?? kept()
}

/** From now on no launch is written anywhere; one that was is taken into memory. */
export function keepLaunchInMemory(): void {
  shared.inMemory = true
  shared.waiting ??= kept()
  unwrite()
}

/** Notes under which key a launch is about to be sent: with any other key it would look stolen. */
export function markSent(accessToken: string, thumbprint: string): void {
  if (waitingLaunch()?.accessToken === accessToken) keep({ accessToken, sentUnder: thumbprint })
}

/**
 * Forgets a launch, and not one that has come in its place meanwhile; with `forReload` only what a reload would find.
 */
export function forgetLaunch(accessToken: string, { forReload = false } = {}): void {
  if (!forReload && shared.waiting?.accessToken === accessToken) shared.waiting = undefined
  if (kept()?.accessToken === accessToken) unwrite()
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
  if (accessToken) keep({ accessToken })
}

function keep(launch: CapturedLaunch): void {
  shared.waiting = launch
  if (shared.inMemory) return
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(launch))
  } catch {
    // A page without storage cannot survive a reload anyway.
  }
}

function kept(): CapturedLaunch | undefined {
  try {
    const launch = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') as CapturedLaunch | null
    if (typeof launch?.accessToken === 'string') return launch
  } catch {
    // Nobody but this module writes there; what is something else is no launch.
  }
  return undefined
}

function unwrite(): void {
  try {
    sessionStorage.removeItem(storageKey)
  } catch {
    // Then it was never in there.
  }
}
