// One at a time: whoever asks while something is under way waits for its outcome. Set before anything is awaited, so it does
// not matter in which order a platform runs what waits for promises.

/** A thing that is not done twice at once. */
export function singleFlight<Result>(start: () => Promise<Result>): () => Promise<Result> {
  let flight: Promise<Result> | undefined
  return () => {
    if (flight !== undefined) return flight
    const own = start()
    flight = own
    const landed = () => {
      if (flight === own) flight = undefined
    }
    own.then(landed, landed)
    return own
  }
}
