// A load under way, and waiting for one that another request began. Its promise is never awaited there: on Workers it may
// never settle. The loader's own timer shows that it is alive; a request that was cancelled has no timers any more.

/** What shows that a load is alive. */
export interface Pulse {
  /** How often its timer went off. */
  beats: number
  ended: boolean
}

/** A load of a key set. */
export interface Flight extends Pulse {
  readonly number: number
  /** Its request's time. */
  readonly since: number
  /** Whether it is past the caches. */
  asksServer: boolean
}

/** Between two beats, in milliseconds. */
export const beatMs = 50
const lookMs = 10
/** So long without a beat, and nobody is there. */
const silenceMs = 500

/** Does `work` as a load that others can watch. */
export async function fly(flight: Pulse, work: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setInterval> | undefined
  try {
    timer = setInterval(() => flight.beats++, beatMs)
    await work()
  } finally {
    clearInterval(timer)
    flight.ended = true
  }
}

/** Waits until `done`, the flight's end, or `limitMs`; says how long that took, and whether the flight was lost. */
export async function watch(
  flight: Pulse,
  limitMs: number,
  done: () => boolean = () => false,
): Promise<{ waitedMs: number; lost: boolean }> {
  let waitedMs = 0
  let silentMs = 0
  while (!flight.ended && !done() && waitedMs < limitMs) {
    const { beats } = flight
    await pause(lookMs)
    waitedMs += lookMs
    silentMs = beats === flight.beats ? silentMs + lookMs : 0
    if (silentMs >= silenceMs) return { waitedMs, lost: !flight.ended }
  }
  return { waitedMs, lost: false }
}

/** What `promise` gives, or `undefined` after `limitMs`. */
export async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
