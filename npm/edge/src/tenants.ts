// Issuers that are looked up by name when a token comes that names them. Which names are asked for is up to whoever sends
// tokens, so everything here is bounded, and only an issuer that has signed a token pushes out one that has.
import { isLingpaiError, LingpaiError } from './error.js'
import type { Issuer } from './issuers.js'
import type { IssuerSettings, TenantSettings } from './options.js'

/** The issuers that were looked up. Times are Unix milliseconds. */
export interface Tenants {
  /** The issuer of a name. Refuses with `issuer_mismatch` where there is none. */
  find(name: string, now: () => number): Promise<Issuer>
  /** The same, if nobody has to be asked. */
  findSync(name: string, nowMs: number): Issuer | undefined
  /** Whether what is known of an issuer is new enough to go by. */
  isCurrent(issuer: Issuer, nowMs: number): boolean
  /** Notes that an issuer has signed a token. */
  proved(issuer: Issuer): void
  all(): Issuer[]
}

interface Entry {
  issuer: Issuer
  /** What it was made of. */
  made: string
  askAgainAt: number
  /** Till then it serves although nobody can say whether it still should. */
  goodUntil: number
}

const longestName = 2048
const mostUnproven = 200
const mostUnknown = 1000
/** How long a name stays unknown, and how long one request alone asks again. */
const pauseMs = 5000
/** How long options serve while they cannot be looked up again. */
const outageMs = 600_000
/** Each new issuer may fetch a key set: so many at once, and so many a second in the long run. */
const newIssuers = { burst: 200, perSecond: 20 }

/** Looks issuers up. `make` makes one of its options. */
export function tenantsOf(
  settings: TenantSettings,
  make: (options: IssuerSettings) => Issuer,
): Tenants {
  const proven = new Map<string, Entry>()
  const unproven = new Map<string, Entry>()
  const unknown = new Map<string, number>()
  const mayMake = budget()
  const entryOf = (name: string) => proven.get(name) ?? unproven.get(name)

  function keep(entries: Map<string, Entry>, name: string, entry: Entry, most: number): void {
    // A Map keeps the order of insertion: what is used goes to the end.
    entries.delete(name)
    entries.set(name, entry)
    if (entries.size <= most) return
    const [oldest, left] = entries.entries().next().value as [string, Entry]
    entries.delete(oldest)
    left.issuer.tokens.close()
  }

  function used(name: string, entry: Entry): Issuer {
    if (proven.has(name)) keep(proven, name, entry, settings.most)
    else keep(unproven, name, entry, mostUnproven)
    return entry.issuer
  }

  function findSync(name: string, nowMs: number): Issuer | undefined {
    const entry = entryOf(name)
    return entry && nowMs < entry.askAgainAt ? used(name, entry) : undefined
  }

  function drop(name: string): void {
    entryOf(name)?.issuer.tokens.close()
    proven.delete(name)
    unproven.delete(name)
  }

  function accept(name: string, options: IssuerSettings, nowMs: number): Issuer {
    const made = JSON.stringify([options.policy, options.tenant, options.keys])
    const times = { askAgainAt: nowMs + settings.lifeMs, goodUntil: nowMs + outageMs }
    const entry = entryOf(name)
    if (entry?.made === made) return used(name, Object.assign(entry, times))
    if (!mayMake(nowMs)) {
      const message = 'temporarily_unavailable (too many new issuers)'
      throw new LingpaiError('temporarily_unavailable', { message })
    }
    const issuer = make(options)
    // Whoever has signed tokens does not lose its place by a change of its options.
    const [entries, most] = proven.has(name) ? [proven, settings.most] : [unproven, mostUnproven]
    entry?.issuer.tokens.close()
    keep(entries, name, { issuer, made, ...times }, most)
    return issuer
  }

  return {
    async find(name, now) {
      const known = findSync(name, now())
      if (known) return known
      if (name.length > longestName || now() < (unknown.get(name) ?? 0)) {
        throw new LingpaiError('issuer_mismatch')
      }
      const entry = entryOf(name)
      // The others go by what is there while this one asks.
      if (entry) entry.askAgainAt = now() + pauseMs
      let options: IssuerSettings | undefined
      try {
        options = await settings.lookUp(name)
      } catch (error) {
        const left = entryOf(name)
        if (left && now() < left.goodUntil) return used(name, left)
        if (isLingpaiError(error)) throw error
        throw new LingpaiError('storage_unavailable', { cause: error })
      }
      if (options === undefined) {
        drop(name)
        unknown.delete(name)
        unknown.set(name, now() + pauseMs)
        if (unknown.size > mostUnknown) unknown.delete(unknown.keys().next().value as string)
        throw new LingpaiError('issuer_mismatch')
      }
      if (options.policy.issuer !== name) {
        const cause = new TypeError('issuerFor: gave the options of another issuer')
        throw new LingpaiError('internal', { cause })
      }
      return accept(name, options, now())
    },
    findSync,
    isCurrent(issuer, nowMs) {
      const entry = entryOf(issuer.issuer)
      return entry?.issuer === issuer && nowMs < entry.askAgainAt
    },
    proved(issuer) {
      const entry = unproven.get(issuer.issuer)
      if (entry?.issuer !== issuer) return
      unproven.delete(issuer.issuer)
      keep(proven, issuer.issuer, entry, settings.most)
    },
    all: () => [...proven.values(), ...unproven.values()].map(({ issuer }) => issuer),
  }
}

/** Says `true` so often at once, and so often a second after that. */
function budget(): (nowMs: number) => boolean {
  let left = newIssuers.burst
  let since = -Infinity
  return (nowMs) => {
    const earned = (Math.max(nowMs - since, 0) / 1000) * newIssuers.perSecond
    left = Math.min(left + earned, newIssuers.burst)
    since = nowMs
    if (left < 1) return false
    left--
    return true
  }
}
