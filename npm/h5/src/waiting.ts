// Waiting that can be given up, and work that takes turns.

/** Waits, or rejects with the signal's reason. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
  })
}

/** What `work` gives, unless the signal is aborted before. The work itself goes on for others who wait for it. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return work
  let abort: () => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * What `work` gives, or a rejection with what `late` makes if nothing has come after a time, and nothing after `slackMs` more: a page that
 * stood still hears its timers before it hears what happened meanwhile.
 */
export function inTime<T>(
  work: Promise<T>,
  milliseconds: number,
  slackMs: number,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout>
    const end = () => clearTimeout(timer)
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(late()), slackMs)
    }, milliseconds)
    work.then(resolve, reject).finally(end)
  })
}

const turns = new Map<string, Promise<unknown>>()

/** Runs work of the same name one after the other. */
export function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(name) ?? Promise.resolve()).then(work, work)
  turns.set(name, turn)
  return turn
}
