// From a launch to what a visit holds.
import { hold, type Holding } from './holding.js'
import { forgetLaunch } from './launch.js'
import type { Page } from './page.js'
import { redeem, type Launch, type Party } from './redeem.js'

/** Redeems a launch and takes over what was granted; nothing if the visit at hand is to go on instead. */
export async function enter(
  page: Page,
  launch: Launch,
  current: Party | undefined,
  signal: AbortSignal,
): Promise<Holding | undefined> {
  const granted = await redeem(page, launch, current, signal)
  if (!granted) return undefined
  const holding = await hold(page, granted, launch.fingerprint)
  // Only now: a page that dies before this finds the launch again, and the authority answers it alike.
  forgetLaunch(launch.accessToken)
  page.emit({
    type: 'granted',
    kind: 'visit',
    scope: holding.claims.scope,
    tokenBytes: holding.token.length,
    expiresAtMs: holding.expiresAtSeconds * 1000,
    refreshable: holding.refreshToken !== undefined,
    nextAppKeyId: granted.appKeyId,
    clockOffsetMs: holding.clockOffsetMs,
  })
  return holding
}
