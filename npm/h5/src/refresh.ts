// One refresh: spends the refresh token under a new R, and keeps the successor before anything uses it.
import { agree } from './browser-crypto.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { perform } from './exchange.js'
import { hold, isOurs, isSameParty, partyOf, resume, type Holding } from './holding.js'
import type { Page } from './page.js'
import type { VisitRecord } from './record.js'

/** A refresh that worked, or did not; `ended` if the authority said that the visit is over. */
export type RefreshOutcome = { holding: Holding } | { failure: LingpaiError; ended: boolean }

/** Refreshes the visit of a record. */
export async function refresh(
  page: Page,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  try {
    if (page.shared) return await page.shared.refresh(page, record, signal)
    const newest = await keptElsewhere(page, record)
    signal.throwIfAborted()
    const newer = newest && (await resume(page, newest, signal))
    if (newer) return { holding: newer }
    const message = 'another tab has this visit'
    const last = newest ?? record
    if (last.refreshToken !== undefined && !(await page.lock.holds(last.launch, signal))) {
      return { failure: new LingpaiError('visit_ended', { message }), ended: false }
    }
    return await spend(page, last, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { failure: toLingpaiError(error), ended: false }
  }
}

/** Spends the refresh token of a record, whoever else might. */
export async function spend(
  page: Page,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const { refreshToken, appKey, terms, launch } = record
  if (refreshToken === undefined) {
    return { failure: new LingpaiError('visit_ended'), ended: false }
  }
  const agreed = await agree(page.engine, appKey)
  signal.throwIfAborted()
  const exchange = page.engine.Exchange.sealRefresh(refreshToken, appKey, terms, ...agreed)
  const { kid } = JSON.parse(appKey) as { kid: string }
  const decision = await perform(page, 'refresh', exchange, kid, signal)
  signal.throwIfAborted()
  if ('refused' in decision) {
    const failure = new LingpaiError(decision.refused)
    if (decision.final) page.records.wipe(record)
    return { failure, ended: decision.final }
  }
  const { granted } = decision
  const holding = await hold(page, granted, launch)
  page.emit({
    type: 'granted',
    kind: 'refresh',
    scope: holding.claims.scope,
    tokenBytes: holding.token.length,
    expiresAtMs: holding.expiresAtSeconds * 1000,
    refreshable: holding.refreshToken !== undefined,
    nextAppKeyId: granted.appKeyId,
    clockOffsetMs: holding.clockOffsetMs,
  })
  return { holding }
}

// Another visit object of this tab may have refreshed already. Its successor is the one to go on with, also when its token
// has expired: to spend our own older refresh token would look like theft.
async function keptElsewhere(page: Page, record: VisitRecord): Promise<VisitRecord | undefined> {
  const kept = await page.records.read()
  if (!kept || kept.token === record.token || !isOurs(page, kept)) return undefined
  return isSameParty(partyOf(record), partyOf(kept)) ? kept : undefined
}
