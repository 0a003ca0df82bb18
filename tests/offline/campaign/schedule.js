// A schedule: what two tabs of one origin write, and what befalls them, drawn from a seed. The same seed gives the same
// schedule; what the browser makes of it is its own.

const MOMENTS = ['issued', 'request', 'complete', 'ack', 'any']
const FAULTS = [
  'reload',
  'freeze',
  'quota',
  'hang',
  'clear databases',
  'clear all',
  'clear localStorage',
  'leave',
]

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomFrom(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * The schedule of a seed: { seed, steps }. Steps: { write: tab, ops, wait }, { fault, tab }, { end: fault, tab },
 * { kill: moment, tab, ops }, { check: tab }. `everyKill`: one schedule of so many has a kill in it.
 */
export function scheduleOf(seed, { everyKill = 6 } = {}) {
  const random = randomFrom(seed * 2_654_435_761)
  const below = (limit) => Math.floor(random() * limit)
  const pick = (list) => list[below(list.length)]
  const kills = seed % everyKill === 0
  const steps = []
  const lasting = new Map()
  let ids = 0
  const written = []

  const op = () => {
    const id = ids++
    const durability = random() < 0.6 ? 'strict' : 'relaxed'
    const dice = random()
    if (dice < 0.15) return { id, kind: 'append', durability }
    if (dice < 0.3 && written.length > 0) {
      const key = written.splice(below(written.length), 1)[0]
      return { id, kind: 'delete', key, durability }
    }
    const rows = dice > 0.85 ? 1 + below(5) : 1
    const size = pick([10, 100, 1_500, 6_000])
    const keys = Array.from({ length: rows }, (_, nth) => `row-${id}-${nth}`)
    written.push(...keys)
    return { id, kind: 'put', keys, size, durability }
  }
  const ops = () => Array.from({ length: 1 + below(3) }, op)
  const awake = () => {
    const tabs = [0, 1].filter((tab) => lasting.get('freeze') !== tab)
    return pick(tabs)
  }

  const length = 5 + below(6)
  for (let nth = 0; nth < length; nth++) {
    // What lasts ends within a few steps.
    for (const [fault, tab] of lasting) {
      if (random() < 0.4) {
        lasting.delete(fault)
        steps.push({ end: fault, tab })
      }
    }
    const dice = random()
    if (dice < 0.55) steps.push({ write: awake(), ops: ops(), wait: random() < 0.5 })
    else if (dice < 0.65) steps.push({ check: awake() })
    else {
      const fault = pick(FAULTS)
      const tab = awake()
      // A browser with a frozen tab is not asked to load another.
      if (lasting.has(fault) || (lasting.has('freeze') && fault !== 'quota')) continue
      steps.push({ fault, tab })
      if (['freeze', 'quota', 'hang'].includes(fault)) lasting.set(fault, tab)
    }
    if (kills && nth === length >> 1) {
      for (const [fault, tab] of lasting) steps.push({ end: fault, tab })
      lasting.clear()
      steps.push({
        kill: pick(MOMENTS),
        tab: below(2),
        ops: [...ops(), { ...op(), kind: 'put', keys: [`row-last-${nth}`], size: 500 }],
      })
    }
  }
  for (const [fault, tab] of lasting) steps.push({ end: fault, tab })
  return { seed, steps }
}
