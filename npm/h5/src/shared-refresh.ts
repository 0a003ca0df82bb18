// One refresh for all tabs that share a visit: look whether another one has done it, take a turn, look again, and only then ask.
import { LingpaiError } from './errors.js'
import { isOurs, isSameParty, partyOf, resume } from './holding.js'
import { lead } from './lead.js'
import type { Page } from './page.js'
import type { VisitRecord } from './record.js'
import { spend, type RefreshOutcome } from './refresh.js'
import type { SharedRecords } from './shared-records.js'

// A turn is for one refresh, with a few repetitions where the network is bad; then another tab may try.
const holdMs = 20_000
// A lease that cannot be understood does not stop anybody for good.
const patienceMs = 45_000
const lookAgainMs = 250

/** Refreshes a visit that tabs share, or takes over what another tab got. */
export async function refreshTogether(
  page: Page,
  shared: SharedRecords,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const before = await look(page, shared, record, signal)
    if (before.outcome) return before.outcome
    const takeOver = performance.now() >= untilMs
    const led = await lead(
      shared.store,
      shared.name,
      async (turn) => {
        const now = await look(page, shared, record, signal)
        if (now.outcome) return now.outcome
        shared.during(turn)
        const ending = new AbortController()
        const giveUp = () => ending.abort(new LingpaiError('network_unavailable'))
        const leave = () => ending.abort(signal.reason)
        turn.signal.addEventListener('abort', giveUp)
        signal.addEventListener('abort', leave)
        try {
          return await spend(page, now.newest, ending.signal)
        } finally {
          shared.during(undefined)
          turn.signal.removeEventListener('abort', giveUp)
          signal.removeEventListener('abort', leave)
        }
      },
      { holdMs, takeOver },
    )
    if (led.led) return led.value
    await shared.change(Math.min(led.waitMs, lookAgainMs), signal)
  }
}

/** How another tab can end a visit. */
export type EndedElsewhere = 'visit_ended' | 'launch_conflict'

/** How the visit of a record was ended by another tab, if it was. */
export async function endedElsewhere(
  shared: SharedRecords,
  record: VisitRecord,
): Promise<EndedElsewhere | undefined> {
  if ((await shared.closedLaunch()) === record.launch) return 'visit_ended'
  const kept = await shared.read()
  return kept && !isSameParty(partyOf(record), partyOf(kept)) ? 'launch_conflict' : undefined
}

interface Look {
  outcome?: RefreshOutcome
  newest: VisitRecord
}

async function look(
  page: Page,
  shared: SharedRecords,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<Look> {
  const ended = await endedElsewhere(shared, record)
  signal.throwIfAborted()
  if (ended) {
    return { outcome: { failure: new LingpaiError(ended), ended: true }, newest: record }
  }
  const kept = await shared.read()
  signal.throwIfAborted()
  if (!kept || kept.token === record.token || !isOurs(page, kept)) return { newest: record }
  const holding = await resume(page, kept, signal)
  if (!holding) return { newest: kept }
  page.emit({ type: 'adopted', expiresAtMs: holding.expiresAtSeconds * 1000 })
  return { outcome: { holding }, newest: kept }
}
