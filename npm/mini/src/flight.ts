// One at a time: whoever asks while something is under way waits for its outcome. Set before anything is awaited, so it does
// not matter in which order a platform runs what waits for promises.

/** A thing that is not done twice at once. */
export interface Flight<Result> {
  /** Begins it, or joins. */
  join(): Promise<Result>
  /** Waits until it is not under way. */
  idle(): Promise<void>
}

/** Makes one. */
export function singleFlight<Result>(start: () => Promise<Result>): Flight<Result> {
  let flight: Promise<Result> | undefined
  const landed = () => void (flight = undefined)
  return {
    join() {
      if (flight === undefined) {
        flight = start()
        flight.then(landed, landed)
      }
      return flight
    },
    async idle() {
      while (flight !== undefined) await flight.catch(() => {})
    },
  }
}
