// A JWK Set behind a URL, kept in memory: fetched seldom, survives outages of its server, and cannot be made to fetch by
// tokens. No request ever awaits the promise of another one, which Workers would never settle.
import { limitedText } from './body.js'
import { LingpaiError } from './error.js'

/** Where the set lies and how it is treated. */
export interface RemoteOptions<T> {
  url: URL
  /** Makes what is kept of a set's text; throws where the text is none. */
  accept(text: string): T
  /** Called with what is replaced. */
  release?: (old: T) => void
  fetch: typeof fetch
  timeoutMs: number
  /** How long an outdated set serves while its server fails. */
  staleSeconds: number
  onEvent?: ((event: KeysEvent) => void) | undefined
}

/** What happened to a remote key set. */
export interface KeysEvent {
  type: 'keys'
  /** `loaded`: a set came. `failed`: none came; where an older one is still good enough, it serves. */
  outcome: 'loaded' | 'failed'
}

/** A set that may have to be fetched. Times are Unix milliseconds. */
export interface Remote<T> {
  /** The set, if it may still be used without asking. */
  current(now: number): T | undefined
  /** The set, fetched where that is due. */
  get(now: number): Promise<T>
  /** The set after a key was looked for in vain: a newer one, unless the last look was just now. */
  renew(now: number): Promise<T | undefined>
}

const maxBytes = 64 * 1024
/** A set is used this long at least and at most, whatever `Cache-Control` says. */
const lifeSeconds = { least: 30, usual: 600, most: 3600 }
/** Pauses between attempts: an unknown `kid` costs an attacker nothing, and a failing server needs rest. */
const pauseMs = { unknownKey: 30_000, failure: 5_000 }
const waitStepMs = 20

/** Keeps the set at a URL. */
export function remote<T>(options: RemoteOptions<T>): Remote<T> {
  let kept: { value: T; freshUntil: number; staleUntil: number } | undefined
  let lastAttempt = -Infinity
  let lastFailed: LingpaiError | undefined
  // A request that Workers cancel never ends what it began: a load counts as under way for a bounded time only.
  let loadingSince = -Infinity
  const loading = (now: number) => now - loadingSince < options.timeoutMs + 1000

  const usable = (now: number) => (kept && now < kept.staleUntil ? kept.value : undefined)

  async function load(now: number): Promise<T> {
    loadingSince = now
    lastAttempt = now
    try {
      const { text, life } = await download(options)
      // A newer load has begun meanwhile: what it brings counts.
      if (lastAttempt !== now) return usable(now) ?? accepted(options, text)
      const value = accepted(options, text)
      const freshUntil = now + life * 1000
      const old = kept?.value
      kept = { value, freshUntil, staleUntil: freshUntil + options.staleSeconds * 1000 }
      lastFailed = undefined
      if (old !== undefined) options.release?.(old)
      options.onEvent?.({ type: 'keys', outcome: 'loaded' })
      return value
    } catch (error) {
      lastFailed = error instanceof LingpaiError ? error : unavailable('fetch', error)
      options.onEvent?.({ type: 'keys', outcome: 'failed' })
      const stale = usable(now)
      if (stale !== undefined) return stale
      throw lastFailed
    } finally {
      if (loadingSince === now) loadingSince = -Infinity
    }
  }

  async function get(now: number): Promise<T> {
    if (kept && now < kept.freshUntil) return kept.value
    const stale = usable(now)
    if (stale !== undefined && (loading(now) || now - lastAttempt < pauseMs.failure)) return stale
    if (loading(now)) await settled(() => loadingSince === -Infinity, options.timeoutMs)
    // What the wait was for has come, or the next attempt is ours.
    if (kept && now < kept.freshUntil) return kept.value
    if (lastFailed && now - lastAttempt < pauseMs.failure) throw lastFailed
    return load(now)
  }

  return {
    current: usable,
    get,
    async renew(now) {
      if (loading(now) || now - lastAttempt < pauseMs.unknownKey) return undefined
      return load(now)
    },
  }
}

/** Waits on timers of our own until `done`, at most `limitMs`. */
async function settled(done: () => boolean, limitMs: number): Promise<void> {
  for (let waited = 0; waited < limitMs && !done(); waited += waitStepMs) {
    await new Promise((resolve) => setTimeout(resolve, waitStepMs))
  }
}

function accepted<T>(options: RemoteOptions<T>, text: string): T {
  try {
    return options.accept(text)
  } catch (error) {
    throw unavailable('not a key set', error)
  }
}

async function download<T>(options: RemoteOptions<T>): Promise<{ text: string; life: number }> {
  const { fetch, url, timeoutMs } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const headers = { Accept: 'application/jwk-set+json, application/json' }
  let response: Response
  try {
    // A redirect would let another host speak for the issuer.
    response = await fetch(url.href, { headers, redirect: 'manual', signal })
  } catch (error) {
    throw new LingpaiError('network_unavailable', { message: 'key set: no answer', cause: error })
  }
  if (response.status !== 200) {
    await response.body?.cancel()
    throw unavailable(`status ${response.status}`)
  }
  const text = await limitedText(response, maxBytes).catch((error: unknown) => {
    throw unavailable('body', error)
  })
  return { text, life: lifeOf(response.headers.get('cache-control')) }
}

function lifeOf(cacheControl: string | null): number {
  const directives = cacheControl?.toLowerCase() ?? ''
  if (/\bno-(store|cache)\b/.test(directives)) return lifeSeconds.least
  const maxAge = /\bmax-age=(\d{1,9})\b/.exec(directives)?.[1]
  const seconds = maxAge === undefined ? lifeSeconds.usual : Number(maxAge)
  return Math.min(Math.max(seconds, lifeSeconds.least), lifeSeconds.most)
}

function unavailable(what: string, cause?: unknown): LingpaiError {
  return new LingpaiError('temporarily_unavailable', { message: `key set: ${what}`, cause })
}
