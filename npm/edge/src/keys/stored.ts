// A key set with its times, and the text in which caches keep it. What comes back from a cache is believed no further than
// its shape, its place and its times.
import { lifeSeconds } from './freshness.js'

/** A set as it was fetched. Times are Unix milliseconds. */
export interface StoredSet {
  /** The set, letter by letter. */
  text: string
  /** When its server was asked for it. */
  fetchedAt: number
  /** Until then it is used without asking. */
  freshUntil: number
  /** Until then it serves while its server fails. */
  staleUntil: number
  /** The server's name for this version of it. */
  etag?: string
}

/** How far clocks of machines, and of requests that come together, may lie apart. */
export const skewMs = 60_000

const version = 1
const maxTextLength = 256 * 1024

/** The entry for a cache. */
export function writeStored(url: URL, set: StoredSet): string {
  return JSON.stringify({ version, url: url.href, ...set })
}

/** An entry of a cache; `undefined` where it is damaged, of another set, over, or from the future. */
export function readStored(
  entry: string,
  { url, now, staleMs }: { url: URL; now: number; staleMs: number },
): StoredSet | undefined {
  const read = entry.length <= maxTextLength ? parsed(entry) : undefined
  if (read === undefined || read['version'] !== version || read['url'] !== url.href)
    return undefined
  const { text, fetchedAt, freshUntil, staleUntil, etag } = read
  if (typeof text !== 'string' || !isPublicSet(text)) return undefined
  if (!isTime(fetchedAt) || !isTime(freshUntil) || !isTime(staleUntil)) return undefined
  if (fetchedAt > now + skewMs || freshUntil < fetchedAt || staleUntil < freshUntil)
    return undefined
  // By our clock it was not fetched later than now.
  const ahead = Math.max(0, fetchedAt - now)
  const fresh = Math.min(freshUntil, fetchedAt + lifeSeconds.most * 1000) - ahead
  const set: StoredSet = {
    text,
    fetchedAt: fetchedAt - ahead,
    freshUntil: fresh,
    staleUntil: Math.min(staleUntil - ahead, fresh + staleMs),
    ...(isEtag(etag) ? { etag } : {}),
  }
  return now < set.staleUntil ? set : undefined
}

/** Whether a text has the form of a set and no private or shared key in it: no such key is ever stored. */
export function isPublicSet(text: string): boolean {
  const keys = parsed(text)?.['keys']
  return Array.isArray(keys) && keys.every(isPublicKey)
}

/** Whether it can be sent back as it is. */
export function isEtag(value: unknown): value is string {
  return typeof value === 'string' && /^(W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(value)
}

function isPublicKey(key: unknown): boolean {
  return typeof key === 'object' && key !== null && !['d', 'k', 'priv'].some((name) => name in key)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
