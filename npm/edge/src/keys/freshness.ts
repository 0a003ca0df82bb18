// How long an answer may be used, from what its headers say (RFC 9111), and when to come back after a refusal.

/** For how long a set may be used. */
export interface Life {
  seconds: number
  /** Whether others may get it from us, by way of a shared cache. */
  shareable: boolean
}

/** A set is used this long at least and at most, whatever its server says. */
export const lifeSeconds = { least: 30, usual: 600, most: 3600 } as const

/** How long a key set may be used by its headers, within our bounds; `undefined` where they say nothing. */
export function lifeOf(headers: Headers, now: number): Life | undefined {
  const directives = directivesOf(headers)
  const shareable = !directives.has('no-store') && !directives.has('private')
  const seconds = shareable ? secondsLeft(headers, now) : 0
  if (seconds === undefined) return undefined
  return { seconds: Math.min(Math.max(seconds, lifeSeconds.least), lifeSeconds.most), shareable }
}

/**
 * What the headers leave of an answer's time, which may be over; `undefined` where they say nothing. Of `max-age` and
 * `s-maxage` the smaller one counts: the latter is written for caches that the issuer can purge, and this one it cannot.
 */
export function secondsLeft(headers: Headers, now: number): number | undefined {
  const directives = directivesOf(headers)
  if (directives.has('no-store') || directives.has('no-cache')) return 0
  const ages = ['max-age', 's-maxage'].flatMap((name) => directives.get(name) ?? [])
  const total = ages.length > 0 ? Math.min(...ages) : untilExpires(headers, now)
  return total === undefined ? undefined : total - ageOf(headers)
}

/** How long a server that has nothing to give asks to be left alone. */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const seconds = (Date.parse(text) - dateOf(headers, now)) / 1000
  return seconds > 0 ? seconds : undefined
}

/** Each directive with its values as seconds; one that is none counts as 0, which is the safe reading. */
function directivesOf(headers: Headers): Map<string, number[]> {
  const text = headers.get('cache-control') ?? ''
  const found = new Map<string, number[]>()
  for (const [, name = '', value] of text.matchAll(/([a-z-]+)(?:=("[^"]*"|[^\s,]*))?/gi)) {
    const digits = /^"?(\d+)"?$/.exec(value ?? '')?.[1]
    const key = name.toLowerCase()
    found.set(key, [...(found.get(key) ?? []), digits === undefined ? 0 : Number(digits)])
  }
  return found
}

/** A date that is none is over. Both dates are the server's, so that our clock does not matter. */
function untilExpires(headers: Headers, now: number): number | undefined {
  const expires = headers.get('expires')
  if (expires === null) return undefined
  const seconds = (Date.parse(expires) - dateOf(headers, now)) / 1000
  return Number.isNaN(seconds) ? 0 : Math.floor(seconds)
}

function dateOf(headers: Headers, now: number): number {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? now : date
}

/** How long the answer lay in caches on its way; what is too large counts as much as it may (RFC 9111 §1.2.2). */
function ageOf(headers: Headers): number {
  const text = headers.get('age') ?? ''
  return /^\d+/.test(text) ? Math.min(Number.parseInt(text, 10), 2 ** 31) : 0
}
