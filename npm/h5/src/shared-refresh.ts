// One refresh for all tabs that share a visit: look whether another one has done it, take a turn, look again, and only then ask.
import { LingpaiError } from './errors.js'
import { isOurs, isSameParty, partyOf, resume } from './holding.js'
import { lead } from './lead.js'
import type { Page } from './page.js'
import type { VisitRecord } from './record.js'
import { spend, type RefreshOutcome } from './refresh.js'
import type { Shared, SharedRecords } from './shared-records.js'

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
        const ending = new AbortController()
        const giveUp = () => ending.abort(new LingpaiError('network_unavailable'))
        const leave = () => ending.abort(signal.reason)
        turn.signal.addEventListener('abort', giveUp)
        signal.addEventListener('abort', leave)
        try {
          const spent = await shared.during(turn, now.seen, () =>
            spend(page, now.newest, ending.signal),
          )
          if (!('holding' in spent) || spent.holding.durability !== 'memory') return spent
          // Not kept, perhaps because another tab has closed the visit meanwhile, or has gone on with it.
          return (await look(page, shared, now.newest, signal)).outcome ?? spent
        } finally {
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
  return howEnded(await shared.look(), record)
}

function howEnded({ closed, kept }: Shared, record: VisitRecord): EndedElsewhere | undefined {
  if (closed) return 'visit_ended'
  return kept && !isSameParty(partyOf(record), partyOf(kept)) ? 'launch_conflict' : undefined
}

interface Look {
  seen: Shared
  outcome?: RefreshOutcome
  newest: VisitRecord
}

async function look(
  page: Page,
  shared: SharedRecords,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<Look> {
  const seen = await shared.look()
  signal.throwIfAborted()
  const ended = howEnded(seen, record)
  if (ended) {
    return { seen, outcome: { failure: new LingpaiError(ended), ended: true }, newest: record }
  }
  const { kept } = seen
  if (!kept || kept.token === record.token || !isOurs(page, kept)) return { seen, newest: record }
  const holding = await resume(page, kept, signal)
  if (!holding) return { seen, newest: kept }
  page.emit({ type: 'adopted', expiresAtMs: holding.expiresAtSeconds * 1000 })
  return { seen, outcome: { holding }, newest: kept }
}
