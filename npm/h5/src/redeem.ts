// From a launch to a visit: gets the access token, checks it, and redeems it once.
import { agree } from './browser-crypto.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { perform, type Granted } from './exchange.js'
import type { LaunchVia } from './events.js'
import { isSameParty } from './holding.js'
import { forgetLaunch, markSent, waitingLaunch } from './launch.js'
import { requestFromApp } from './message-launch.js'
import type { LaunchConflict } from './options.js'
import type { Page } from './page.js'
import { unlessAborted } from './waiting.js'

/** An access token that a launch brought. */
export interface Launch {
  accessToken: string
  via: LaunchVia
  /** By which it is recognised when it comes again. */
  fingerprint: string
}

/** Who a visit is for. */
export type Party = LaunchConflict['current']

interface AccessTokenFacts {
  clientId: string
  subject: string
  scope: string
  appKey: { kid: string }
  issuedAtSeconds: number
  expiresAtSeconds: number
  jkt?: string
}

// Fingerprints of what was redeemed in this document, for visits that leave no record.
const redeemed = new Set<string>()

/**
 * The launch that came in the address, if this page accepts such a launch. `opened`: fingerprint of the launch that opened
 * the visit at hand. The same link may be followed again, but its token is spent: sent again it would look stolen, and end
 * the visit.
 */
export function launchFromAddress(page: Page, opened: string | undefined): Launch | undefined {
  const { launch } = page.settings
  const waiting = waitingLaunch()
  if (!waiting) return undefined
  const { accessToken, sentUnder } = waiting
  const { thumbprint, kept } = page.proofKey
  const fingerprint = page.engine.fingerprint(accessToken)
  const accepted = launch === 'auto' || launch === 'fragment'
  const spent = fingerprint === opened || redeemed.has(fingerprint)
  // Sent under another key it would look stolen as well. That key is gone if this one is kept in its place.
  const foreign = sentUnder !== undefined && sentUnder !== thumbprint
  if (!accepted || spent || (foreign && kept)) forgetLaunch(accessToken)
  if (!accepted || spent || foreign) return undefined
  return { accessToken, via: 'fragment', fingerprint }
}

/** Whether the app can be asked for a launch at any time. */
export function canAskForLaunch({ settings }: Page): boolean {
  return settings.requestAccessToken !== undefined || typeof settings.launch === 'object'
}

/** Asks the app for a launch that is bound to this page's key. */
export async function askForLaunch(page: Page, signal: AbortSignal): Promise<Launch> {
  const { launch, requestAccessToken } = page.settings
  const proofKeyThumbprint = page.proofKey.thumbprint
  const from = (via: LaunchVia, accessToken: string) => {
    return { accessToken, via, fingerprint: page.engine.fingerprint(accessToken) }
  }
  if (typeof launch === 'object') {
    return from('message', await requestFromApp(proofKeyThumbprint, launch, signal))
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
  return from('bridge', accessToken)
}

/**
 * Redeems a launch. `current` is who the visit at hand is for, if there is one: a launch for somebody else needs the
 * app's approval, unless it is bound to our key and so came from the app itself. Gives nothing for a launch that comes too
 * late but is for the same user: the visit at hand is as good.
 */
export async function redeem(
  page: Page,
  launch: Launch,
  current: Party | undefined,
  signal: AbortSignal,
): Promise<Granted | undefined> {
  const { engine, emit, clock } = page
  const { thumbprint } = page.proofKey
  const { accessToken, via, fingerprint } = launch
  // An app that hands out the same token twice. Sent again it would look stolen, and end the visit that it opened.
  if (redeemed.has(fingerprint)) throw new LingpaiError('replayed')
  const visitsUrl = `${page.settings.gateway}/v1/visits`
  const checking = page.issuerKeys.check(
    (issuer, vouched) => engine.AccessToken.verify(accessToken, issuer, visitsUrl, vouched),
    () => accessToken,
    signal,
  )
  const token = await checking.catch((thrown: unknown) => {
    signal.throwIfAborted()
    const error = toLingpaiError(thrown)
    // Whatever stood in the address, it must not stand in the way of the next start.
    if (!error.retryable) forgetLaunch(accessToken)
    throw error
  })
  try {
    const facts = JSON.parse(token.facts()) as AccessTokenFacts
    const { clientId, subject, scope, appKey, expiresAtSeconds } = facts
    const appKeyId = appKey.kid
    const bound = facts.jkt !== undefined
    const tokenBytes = accessToken.length
    emit({ type: 'launched', via, bound, clientId, scope, appKeyId, expiresAtSeconds, tokenBytes })
    const needsBinding = via !== 'fragment' || isFramed()
    if (bound ? facts.jkt !== thumbprint : needsBinding) {
      forgetLaunch(accessToken)
      const message = bound ? 'the launch is bound to another key' : 'the launch is bound to no key'
      throw new LingpaiError('launch_not_bound', { message })
    }
    // A link can carry a token bound to our key too, made by whoever has learnt its thumbprint.
    const launched = { clientId, subject }
    if (current && (!bound || via === 'fragment') && !isSameParty(current, launched))
      await approve(page, accessToken, { current, launched }, signal)

    clock.hint(facts.issuedAtSeconds, expiresAtSeconds)
    const agreed = await agree(engine, JSON.stringify(appKey))
    signal.throwIfAborted()
    const exchange = engine.Exchange.sealVisit(token, thumbprint, ...agreed)
    if (via === 'fragment') markSent(accessToken, thumbprint)
    const decision = await perform(page, 'visit', exchange, appKeyId, signal)
    if ('granted' in decision) {
      redeemed.add(fingerprint)
      return decision.granted
    }
    forgetLaunch(accessToken)
    if (decision.refused === 'token_expired' && current && isSameParty(current, launched))
      return undefined
    throw new LingpaiError(decision.refused)
  } finally {
    token.free()
  }
}

async function approve(
  page: Page,
  accessToken: string,
  conflict: LaunchConflict,
  signal: AbortSignal,
): Promise<void> {
  const { onLaunchConflict } = page.settings
  const asked = (async () => onLaunchConflict?.(conflict))()
  const approved = (await unlessAborted(asked, signal)) === true
  page.emit({ type: 'launch_conflict', approved })
  if (!approved) {
    // The next start goes on with the visit at hand; where nobody was asked, this page may still ask.
    forgetLaunch(accessToken, { forReload: onLaunchConflict === undefined })
    throw new LingpaiError('launch_conflict')
  }
  page.records.wipe(page.former)
}

/** Whether the page runs inside another one. */
export function isFramed(): boolean {
  return typeof window !== 'undefined' && window.top !== window
}
