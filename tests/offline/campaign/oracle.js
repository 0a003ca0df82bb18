// What must be true after a schedule, judged outside of the browser from what the pages said in time.

const DURABLE = ['strict', 'relaxed']

/** What takes rows away from a place, and lets it be said to be lost: a browser that is killed writes down nothing more, and databases are written at each commit. */
const TAKES = {
  indexeddb: ['clear databases', 'clear all'],
  localstorage: ['clear localStorage', 'clear all', 'kill'],
}

/**
 * Judges one schedule. `history`: in order, { issued: op, tab }, { answered: { id, status, durability?, error? } },
 * { fault, tab, failed? }, once before and once after it, { ended: fault | 'everything' }, { told: event, tab }. `found`: key -> value of all rows in the end; `log`: ids in the row that both tabs append to.
 * Gives violations, each a sentence; and misses: rows that were acknowledged as `best_effort` and are gone though nothing befell them
 * that would explain it. The browser keeps such rows when and as it likes, and two tabs that write there at once have no
 * transactions: a miss breaks no promise. Many of them would not be an effort.
 */
export function judge({ history, found, log, valueOf }) {
  const violations = []
  const misses = []
  const missed = (durability, text) =>
    (durability === 'best_effort' ? misses : violations).push(text)
  const faultsAfter = (at) => history.slice(at).flatMap(({ fault }) => fault ?? [])
  const toldAfter = (at) => history.slice(at).flatMap(({ told }) => told ?? [])
  const issuedAt = (id) => history.findIndex(({ issued }) => issued?.id === id)

  /** Whether a tab stood still while it was at work on what it answered then. */
  const stoodStill = (id, tab, at) =>
    history.some((event, from) => {
      if (event.fault !== 'freeze' || event.tab !== tab || from > at) return false
      const to = history.findIndex(({ ended }, nth) => ended === 'freeze' && nth > from)
      return to < 0 || issuedAt(id) < to
    })

  /** Whether a row may be gone that was acknowledged then: what was asked for before a fault may have been committed before it. */
  const mayBeGone = (id, at, durability) => {
    const faults = faultsAfter(issuedAt(id))
    // Where everything is cleared nothing is left that could tell: at once, or in two steps, or in one and by a kill, since browsers
    // write localStorage down seconds later.
    const cleared = faults.indexOf('clear databases')
    const both =
      cleared >= 0 && (faults.includes('clear localStorage') || faults.includes('kill', cleared))
    if (both || faults.includes('clear all')) return true
    const lost = toldAfter(at).some(({ type }) => type === 'storage_lost')
    if (faults.includes('clear databases') && lost) return true
    if (DURABLE.includes(durability)) return false
    const superseded = toldAfter(at).some(({ type }) => type === 'superseded')
    return (
      durability === 'volatile' ||
      superseded ||
      faults.some((fault) => ['kill', 'clear localStorage', 'clear databases'].includes(fault))
    )
  }

  const issued = new Map()
  const deleted = new Map()
  history.forEach(({ issued: op, tab }) => op && issued.set(op.id, { op, tab }))
  const answers = history.flatMap(({ answered }, at) => (answered ? [{ ...answered, at }] : []))

  for (const { id, status, error, message, at } of answers) {
    const { tab } = issued.get(id)
    if (status === 'hung' && !stoodStill(id, tab, at)) {
      violations.push(`operation ${id} was never answered`)
    }
    const known = ['storage_unavailable', 'closed']
    if (status === 'reported' && !known.includes(error)) {
      violations.push(`operation ${id} failed with ${error}: ${message}`)
    }
  }
  for (const { op } of issued.values()) if (op.kind === 'delete') deleted.set(op.key, op.id)

  for (const { id, status, durability, at } of answers) {
    if (status !== 'kept') continue
    const { op } = issued.get(id)
    if (op.kind === 'append' && !log.includes(id) && !mayBeGone(id, at, durability)) {
      missed(durability, `${durability} append ${id} is not in the log`)
    }
    if (op.kind === 'delete' && DURABLE.includes(durability) && found.has(op.key)) {
      const put = answers.find((answer) => issued.get(answer.id).op.keys?.includes(op.key))
      // What was on its way when the row was deleted may have come after it.
      if (put && put.at < issuedAt(id) && DURABLE.includes(put.durability)) {
        violations.push(`${op.key} was deleted (${durability}) and is there`)
      }
    }
    if (op.kind !== 'put') continue
    for (const key of op.keys) {
      if (found.has(key) || deleted.has(key) || mayBeGone(id, at, durability)) continue
      missed(durability, `${key} was acknowledged as ${durability} and is gone`)
    }
  }

  history.forEach(({ told }, at) => {
    if (told?.type !== 'storage_lost') return
    const before = history.slice(0, at).flatMap(({ fault }) => fault ?? [])
    if (before.some((fault) => TAKES[told.tier].includes(fault))) return
    violations.push(`${told.tier} was said to be lost, and nothing had befallen it`)
  })

  /** Whether a tab was neither loaded anew nor ended since then: it knows what it was told, whatever else is cleared. */
  const remembers = (tab, since) =>
    !history.slice(since).some(({ fault, tab: of }) => {
      return fault === 'kill' || (['reload', 'leave'].includes(fault) && of === tab)
    })

  /**
   * Whether a tab has the database in the end, and so can know what is gone. Chromium gives none to the pages of before when
   * everything was cleared while the database hung: whatever they ask is never answered, until they are loaded anew.
   */
  const hasDatabase = (tab) => {
    const end = history.findIndex(({ ended }) => ended === 'everything')
    const tiers = history
      .slice(0, end)
      .flatMap(({ told, tab: of }) =>
        of === tab && told?.type === 'tier_changed' ? [told.to] : [],
      )
    return tiers.at(-1) === 'indexeddb'
  }

  history.forEach(({ fault, failed }, at) => {
    // Twice in the history; the second time it has come about.
    const began = history.slice(0, at).findLastIndex((event) => event.fault === fault)
    if (failed !== false || !TAKES.indexeddb.includes(fault)) return
    const witness = answers.some(({ id, status, durability, at: answeredAt }) => {
      if (status !== 'kept' || !DURABLE.includes(durability) || answeredAt > began) return false
      const { tab } = issued.get(id)
      return remembers(tab, answeredAt) && hasDatabase(tab)
    })
    const told = toldAfter(began).some(
      ({ type, tier }) => type === 'storage_lost' && tier === 'indexeddb',
    )
    if (witness && !told)
      violations.push(`${fault}: a tab that knew its rows did not say that they are gone`)
  })

  for (const [key, value] of found) {
    const op = [...issued.values()].find(({ op }) => op.keys?.includes(key))?.op
    if (!op) violations.push(`${key} was never written`)
    else if (value !== valueOf(key, op.size)) violations.push(`${key} holds what nobody wrote`)
  }
  if (new Set(log).size < log.length) violations.push(`appended twice: ${log}`)
  for (const id of log) if (!issued.has(id)) violations.push(`${id} was never appended`)
  return { violations, misses }
}
