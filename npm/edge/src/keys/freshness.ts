// How long an answer may be used, from what its headers say (RFC 9111), and when to come back after a refusal.

/** For how long a set may be used. */
export interface Life {
  seconds: number
  /** Whether others may get it from us, by way of a shared cache. */
  shareable: boolean
}

/** A set is used this long at least and at most, whatever its server says. */
export const lifeSeconds = { least: 30, usual: 600, most: 3600 } as const

/**
 * What the headers allow; `undefined` where they say nothing. Of `max-age` and `s-maxage` the smaller one counts: the latter
 * is written for caches that the issuer can purge, and this one it cannot.
 */
export function lifeOf(headers: Headers, now: number): Life | undefined {
  const directives = directivesOf(headers.get('cache-control') ?? '')
  const shareable = !directives.has('no-store') && !directives.has('private')
  if (!shareable || directives.has('no-cache')) return { seconds: lifeSeconds.least, shareable }
  const ages = ['max-age', 's-maxage'].flatMap((name) => directives.get(name) ?? [])
  const total = ages.length > 0 ? Math.min(...ages) : untilExpires(headers, now)
  if (total === undefined) return undefined
  const seconds = total - ageOf(headers)
  return { seconds: Math.min(Math.max(seconds, lifeSeconds.least), lifeSeconds.most), shareable }
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
function directivesOf(text: string): Map<string, number[]> {
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

/** How long the answer lay in caches on its way. */
function ageOf(headers: Headers): number {
  const text = headers.get('age') ?? ''
  return /^\d+/.test(text) ? Number.parseInt(text, 10) : 0
}
