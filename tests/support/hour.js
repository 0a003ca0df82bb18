// Limits that count within an hour of the clock: what is counted must not begin in one and end in the next.

/** Resolves at once, or in the next hour if this one has fewer than `seconds` left. */
export async function clearOfTheHour(seconds = 30) {
  const left = 3600 - ((Date.now() / 1000) % 3600)
  if (left < seconds) await new Promise((resolve) => setTimeout(resolve, (left + 1) * 1000))
}
