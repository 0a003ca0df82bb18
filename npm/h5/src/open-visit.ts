// Opens a visit: from a launch, or from what a reload left behind.
import { loadEngine } from './engine.js'
import { enter } from './enter.js'
import { toLingpaiError } from './errors.js'
import { isOurs, isRefreshable, partyOf, resume, type Holding } from './holding.js'
import { readOptions, type OpenVisitOptions } from './options.js'
import { preparePage, type Page } from './page.js'
import { askForLaunch, canAskForLaunch, isFramed, launchFromAddress } from './redeem.js'
import { refresh } from './refresh.js'
import { createVisit, type Visit } from './visit.js'
import { inTurn } from './waiting.js'

/**
 * Opens a visit for this page.
 *
 * In this order: a launch in the address; the visit from before a reload; the app, if it can be asked.
 *
 * Rejects with a `TypeError` for wrong usage, with the signal's reason when it is aborted, else with a
 * {@link LingpaiError}: `launch_missing`, `launch_not_bound`, `launch_conflict`, what the authority refused
 * (`replayed`, `token_expired`, …), `network_unavailable` when it could not be reached, or a code of what did not hold.
 *
 * @example
 * ```ts
 * const visit = await openVisit({ gateway: 'https://gateway.example', issuer: 'https://gateway.example' })
 * const response = await visit.fetch('https://gateway.example/api/me')
 * ```
 */
export async function openVisit(options: OpenVisitOptions): Promise<Visit> {
  const settings = readOptions(options)
  const signal = settings.signal ?? new AbortController().signal
  signal.throwIfAborted()
  const engine = await loadEngine()
  // Two calls at once would redeem one launch twice.
  return inTurn(`${settings.issuer} ${settings.gateway}`, async () => {
    try {
      const page = await preparePage(engine, settings)
      signal.throwIfAborted()
      return createVisit(page, await start(page, signal))
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof TypeError ? error : toLingpaiError(error)
    }
  })
}

async function start(page: Page, signal: AbortSignal): Promise<Holding> {
  const former = await takeFormer(page, signal)
  const launch = launchFromAddress(page)
  if (launch) return enter(page, launch, former && partyOf(former.record), signal)
  const goOn = former !== undefined && mayGoOn()
  if (goOn && former.holding) {
    page.emit({ type: 'resumed', expiresAtMs: former.holding.expiresAtSeconds * 1000 })
    return former.holding
  }
  if (goOn) {
    const outcome = await refresh(page, former.record, signal)
    if ('holding' in outcome) return outcome.holding
    const mayAsk = outcome.ended || !outcome.failure.retryable
    if (!mayAsk || !canAskForLaunch(page)) throw outcome.failure
  }
  return enter(page, await askForLaunch(page, signal), undefined, signal)
}

// In a frame only a reload goes on without asking the app: what frames the page may have another user by now.
function mayGoOn(): boolean {
  if (!isFramed()) return true
  const [navigation] = performance.getEntriesByType('navigation')
  const type = (navigation as PerformanceNavigationTiming | undefined)?.type
  return type === 'reload' || type === 'back_forward'
}

type Former = { record: NonNullable<Page['former']>; holding: Holding | undefined }

// The visit from before a reload, unless there is nothing left of it.
async function takeFormer(page: Page, signal: AbortSignal): Promise<Former | undefined> {
  const record = page.former
  if (!record) return undefined
  const holding = isOurs(page, record) ? await resume(page, record, signal) : undefined
  if (holding || (isOurs(page, record) && isRefreshable(page, record))) return { record, holding }
  page.records.wipe()
  return undefined
}
