// From a launch to a visit: gets the access token, checks it, and redeems it once.
import { LingpaiError, toLingpaiError } from './errors.js'
import { perform, type Granted } from './exchange.js'
import type { LaunchVia } from './events.js'
import { forgetLaunch, markSent, waitingLaunch } from './launch.js'
import { requestFromApp } from './message-launch.js'
import type { LaunchConflict } from './options.js'
import type { Page } from './page.js'
import { unlessAborted } from './waiting.js'

/** An access token that a launch brought. */
export interface Launch {
  accessToken: string
  via: LaunchVia
}

/** Who a visit is for. */
export type Party = LaunchConflict['current']

interface AccessTokenFacts {
  clientId: string
  subject: string
  scope: string
  appKeyId: string
  issuedAtSeconds: number
  expiresAtSeconds: number
  jkt?: string
}

/** The launch that came in the address, if this page accepts such a launch. */
export function launchFromAddress(page: Page): Launch | undefined {
  const { launch } = page.settings
  const waiting = waitingLaunch()
  if (!waiting) return undefined
  const unusable =
    (launch !== 'auto' && launch !== 'fragment') ||
    // It was sent by a page whose key died with it. Sent again it would look stolen, and end the visit it opened.
    (waiting.sentUnder !== undefined && waiting.sentUnder !== page.keys.thumbprint)
  if (unusable) forgetLaunch()
  return unusable ? undefined : { accessToken: waiting.accessToken, via: 'fragment' }
}

/** Whether the app can be asked for a launch at any time. */
export function canAskForLaunch({ settings }: Page): boolean {
  return settings.requestAccessToken !== undefined || typeof settings.launch === 'object'
}

/** Asks the app for a launch that is bound to this page's key. */
export async function askForLaunch(page: Page, signal: AbortSignal): Promise<Launch> {
  const { launch, requestAccessToken } = page.settings
  const proofKeyThumbprint = page.keys.thumbprint
  if (typeof launch === 'object') {
    return { accessToken: await requestFromApp(proofKeyThumbprint, launch, signal), via: 'message' }
  }
  if (!requestAccessToken) throw new LingpaiError('launch_missing')
  const asked = (async () => requestAccessToken({ proofKeyThumbprint, signal }))()
  const accessToken = await unlessAborted(asked, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    if (cause instanceof LingpaiError) throw cause
    throw new LingpaiError('launch_missing', { message: 'the app gave no access token', cause })
  })
  if (typeof accessToken !== 'string')
    throw new TypeError('requestAccessToken: has to give a string')
  return { accessToken, via: 'bridge' }
}

/**
 * Redeems a launch. `current` is who the visit at hand is for, if there is one: a launch for somebody else needs the
 * app's approval, unless it is bound to our key and so came from the app itself.
 */
export async function redeem(
  page: Page,
  launch: Launch,
  current: Party | undefined,
  signal: AbortSignal,
): Promise<Granted> {
  const { engine, emit, keys, clock } = page
  const { accessToken, via } = launch
  const visitsUrl = `${page.settings.gateway}/v1/visits`
  const checking = page.issuerKeys.check(
    (issuer) => engine.AccessToken.verify(accessToken, issuer, visitsUrl),
    signal,
  )
  const token = await checking.catch((thrown: unknown) => {
    signal.throwIfAborted()
    const error = toLingpaiError(thrown)
    // Whatever stood in the address, it must not stand in the way of the next start.
    if (!error.retryable) forgetLaunch()
    throw error
  })
  try {
    const facts = JSON.parse(token.facts()) as AccessTokenFacts
    const { clientId, subject, scope, appKeyId, expiresAtSeconds } = facts
    const bound = facts.jkt !== undefined
    const tokenBytes = accessToken.length
    emit({ type: 'launched', via, bound, clientId, scope, appKeyId, expiresAtSeconds, tokenBytes })
    const needsBinding = via !== 'fragment' || isFramed()
    if (bound ? facts.jkt !== keys.thumbprint : needsBinding) {
      forgetLaunch()
      const message = bound ? 'the launch is bound to another key' : 'the launch is bound to no key'
      throw new LingpaiError('launch_not_bound', { message })
    }
    // A link can carry a token bound to our key too, made by whoever has learnt its thumbprint.
    if (current && (!bound || via === 'fragment'))
      await approve(page, { current, launched: { clientId, subject } })

    clock.hint(facts.issuedAtSeconds, expiresAtSeconds)
    const exchange = engine.Exchange.sealVisit(token, keys.thumbprint)
    if (via === 'fragment') markSent(keys.thumbprint)
    const decision = await perform(page, 'visit', exchange, signal)
    if ('granted' in decision) return decision.granted
    if (via === 'fragment') forgetLaunch()
    throw new LingpaiError(decision.refused)
  } finally {
    token.free()
  }
}

async function approve(page: Page, conflict: LaunchConflict): Promise<void> {
  const { current, launched } = conflict
  if (current.clientId === launched.clientId && current.subject === launched.subject) return
  const { onLaunchConflict } = page.settings
  const approved = (await onLaunchConflict?.(conflict)) === true
  page.emit({ type: 'launch_conflict', approved })
  if (!approved) {
    // The next start goes on with the visit at hand; where nobody was asked, this page may still ask.
    forgetLaunch({ forReload: onLaunchConflict === undefined })
    throw new LingpaiError('launch_conflict')
  }
  page.records.wipe()
}

/** Whether the page runs inside another one. */
export function isFramed(): boolean {
  return typeof window !== 'undefined' && window.top !== window
}
