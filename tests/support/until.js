// Waiting for something that has no event, with an end.

/** Asks until the answer is truthy and returns it; fails with `what` after `timeoutMs`. */
export async function until(what, ask, { timeoutMs = 20_000, everyMs = 50 } = {}) {
  const end = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
