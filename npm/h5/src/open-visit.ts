// Opens a visit: from a launch, or from what a reload left behind.
import { loadEngine } from './engine.js'
import { enter } from './enter.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { isOurs, partyOf, resume, type Holding } from './holding.js'
import { keepLaunchInMemory } from './launch.js'
import { readOptions, type OpenVisitOptions, type Settings } from './options.js'
import { discardPage, loadSharing, preparePage, slotOf, type Page } from './page.js'
import type { VisitRecord } from './record.js'
import { askForLaunch, canAskForLaunch, isFramed, launchFromAddress } from './redeem.js'
import { refresh, type RefreshOutcome } from './refresh.js'
import { createVisit, type Visit } from './visit.js'
import { inTurn, unlessAborted } from './waiting.js'

/**
 * Opens a visit for this page.
 *
 * In this order: a launch in the address, unless it is the one that opened the visit at hand; the visit from before a
 * reload; the app, if it can be asked.
 *
 * Rejects with a `TypeError` for wrong usage, with the signal's reason when it is aborted, else with a
 * {@link LingpaiError}: `launch_missing`, `launch_not_bound`, `launch_conflict`, what the authority refused
 * (`replayed`, `token_expired`, …), `network_unavailable` when it could not be reached, or a code of what did not hold.
 * After an error that is `retryable` nothing is lost: the same call may be made again.
 *
 * @example
 * ```ts
 * const visit = await openVisit({ gateway: 'https://gateway.example', issuer: 'https://gateway.example' })
 * const response = await visit.fetch('https://gateway.example/api/me')
 * ```
 */
export async function openVisit(options: OpenVisitOptions): Promise<Visit> {
  const settings = readOptions(options)
  if (settings.storage === 'memory') keepLaunchInMemory()
  const signal = settings.signal ?? new AbortController().signal
  signal.throwIfAborted()
  // Two calls at once would redeem one launch twice.
  const opening = inTurn(slotOf(settings), () => open(settings, signal))
  return unlessAborted(opening, signal)
}

async function open(settings: Settings, signal: AbortSignal): Promise<Visit> {
  let page: Page | undefined
  try {
    signal.throwIfAborted()
    const [engine, sharing] = await Promise.all([loadEngine(), loadSharing(settings)])
    page = await preparePage(engine, sharing, settings)
    signal.throwIfAborted()
    const holding = await start(page, signal)
    // What was granted is in the record, where the next start finds it.
    signal.throwIfAborted()
    return createVisit(page, holding)
  } catch (error) {
    if (page) discardPage(page)
    signal.throwIfAborted()
    throw error instanceof TypeError ? error : toLingpaiError(error)
  }
}

async function start(page: Page, signal: AbortSignal): Promise<Holding> {
  const former = await takeFormer(page, signal)
  const launched = launchFromAddress(page, page.former?.launch)
  if (launched) {
    const entered = await enter(page, launched, former && partyOf(former.record), signal)
    if (entered) return entered
  }
  if (former && (launched || mayGoOn())) {
    const outcome = await goOn(page, former, signal)
    if ('holding' in outcome) return outcome.holding
    const mayAsk = outcome.ended || !outcome.failure.retryable
    if (!mayAsk || !canAskForLaunch(page)) throw outcome.failure
  }
  const asked = await askForLaunch(page, signal)
  // The app hands out the token that opened the visit at hand.
  if (former?.holding?.launch === asked.fingerprint) return former.holding
  const entered = await enter(page, asked, undefined, signal)
  if (!entered) throw new LingpaiError('token_expired')
  return entered
}

// With the token at hand where it is good, else by a refresh. By a clock that was turned back since nobody can tell whether it is.
async function goOn(page: Page, former: Former, signal: AbortSignal): Promise<RefreshOutcome> {
  const { record, holding } = former
  if (holding && page.clockRunsOn) {
    page.emit({ type: 'resumed', expiresAtMs: holding.expiresAtSeconds * 1000 })
    return { holding }
  }
  return refresh(page, record, signal)
}

// In a frame only a reload goes on without asking the app: what frames the page may have another user by now.
function mayGoOn(): boolean {
  if (!isFramed()) return true
  const [navigation] = performance.getEntriesByType('navigation')
  const type = (navigation as PerformanceNavigationTiming | undefined)?.type
  return type === 'reload' || type === 'back_forward'
}

interface Former {
  record: VisitRecord
  holding: Holding | undefined
}

// The visit from before a reload, unless there is nothing left of it. That its time seems to be over proves nothing, since
// the page's clock may be wrong: the authority is asked, and only what it or the keys refuse is wiped.
async function takeFormer(page: Page, signal: AbortSignal): Promise<Former | undefined> {
  const record = page.former
  if (!record) return undefined
  if (isOurs(page, record)) {
    const holding = await resume(page, record, signal)
    return holding || record.refreshToken ? { record, holding } : undefined
  }
  // A key that could not be read for once says nothing about a visit that other tabs have.
  if (!page.shared) page.records.wipe()
  return undefined
}
