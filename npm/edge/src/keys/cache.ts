// Caches that instances of a service share, for key sets: what is needed of one, and two that Cloudflare has.

/**
 * A store of texts by address. It may forget at any time and may answer late or not at all; what it gives is checked, but
 * whoever can write to it decides which tokens are accepted.
 */
export interface KeySetCache {
  /** The text that was last put under this address, if it is still there. */
  get(address: string): Promise<string | undefined>
  /** Keeps a text for so many seconds, or less. */
  put(address: string, entry: string, seconds: number): Promise<void>
}

/** What is needed of the Cache API. */
export interface CacheLike {
  match(request: string): Promise<Response | undefined>
  put(request: string, response: Response): Promise<void>
}

/**
 * Key sets in the Cache API: `cacheApiKeySets(() => caches.open('key-sets'))`, or `caches.default`. Shared by the instances
 * in one place; does nothing on `workers.dev`. A cache of its own is the better choice: only this code writes to it.
 */
export function cacheApiKeySets(
  cache: CacheLike | (() => CacheLike | Promise<CacheLike>),
): KeySetCache {
  // Opened for each use: Workers never settle what another request has begun to open.
  const open = async () => (typeof cache === 'function' ? cache() : cache)
  return {
    async get(address) {
      const response = await (await open()).match(entryUrl(address))
      return response?.text()
    },
    async put(address, entry, seconds) {
      const headers = {
        'Content-Type': 'application/json',
        'Cache-Control': `max-age=${seconds}`,
      }
      await (await open()).put(entryUrl(address), new Response(entry, { headers }))
    },
  }
}

/** On a host that does not exist: no request from outside can fill this place. */
function entryUrl(address: string): string {
  return `https://key-sets.invalid/${encodeURIComponent(address)}`
}

/** What is needed of a Workers KV namespace. */
export interface KvNamespaceLike {
  get(key: string, options: { type: 'text' }): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl: number }): Promise<void>
}

/**
 * Key sets in Workers KV, shared by all instances everywhere. KV itself keeps what it has read for up to a minute, which
 * prolongs nothing: each entry carries its times.
 */
export function kvKeySets(namespace: KvNamespaceLike): KeySetCache {
  return {
    async get(address) {
      return (await namespace.get(`key-set:${address}`, { type: 'text' })) ?? undefined
    },
    async put(address, entry, seconds) {
      // KV refuses less than a minute.
      await namespace.put(`key-set:${address}`, entry, { expirationTtl: Math.max(seconds, 60) })
    },
  }
}
