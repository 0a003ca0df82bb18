// What a store answered lately. No request awaits the promise of another one: each asks for itself.

/** How long an answer counts. */
export interface RecentlyOptions {
  /** How old an answer of the store may be. Default: 10; at most 30. */
  stalenessSeconds?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

const most = 2000

/** Asks, unless the same was asked within `stalenessSeconds`. Throws a `TypeError` that names the option. */
export function recently<T>(
  ask: (name: string) => Promise<T>,
  options: RecentlyOptions,
): (name: string) => Promise<T> {
  const { stalenessSeconds = 10, now = Date.now } = options
  const within = stalenessSeconds >= 0 && stalenessSeconds <= 30
  if (typeof stalenessSeconds !== 'number' || !within) {
    throw new TypeError('stalenessSeconds: has to be from 0 to 30')
  }
  const answers = new Map<string, { asked: number; answer: T }>()
  return async (name) => {
    const known = answers.get(name)
    const ageMs = known ? now() - known.asked : -1
    if (known && ageMs >= 0 && ageMs < stalenessSeconds * 1000) return known.answer
    // As old as the question, not as the answer.
    const asked = now()
    const answer = await ask(name)
    const later = answers.get(name)
    if (later && later.asked > asked) return answer
    answers.delete(name)
    if (answers.size >= most) answers.delete(answers.keys().next().value as string)
    answers.set(name, { asked, answer })
    return answer
  }
}
