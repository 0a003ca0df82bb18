// What can be taken away from this page: the network, for all its tabs; the database, held by this tab; the notes, behind
// the store's back. None of it is played: requests fail, the database hangs, the rows are gone.

const away = 'demo network away'
const database = 'lingpai'

/** The network, one switch for all tabs of this origin. */
export const network = {
  get isAway() {
    return localStorage.getItem(away) !== null
  },
  turn(on: boolean) {
    if (on) localStorage.removeItem(away)
    else localStorage.setItem(away, '')
  },
  /** Another tab turned it. */
  onTurn(listener: () => void) {
    addEventListener('storage', ({ key }) => key === away && listener())
  },
  /** `fetch` as it is without a network. */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    if (network.isAway) throw new TypeError('Failed to fetch')
    return fetch(input, init)
  },
}

/**
 * Keeps the database from opening: one connection that does not let go, and a request for a newer version that waits for it.
 * Whoever asks after that hears nothing. Gives the way to let go.
 */
export async function holdDatabase(): Promise<() => void> {
  const holder = await settle(indexedDB.open(database))
  const upgrade = indexedDB.open(database, holder.version + 1)
  upgrade.onsuccess = () => upgrade.result.close()
  await new Promise((resolve) => (upgrade.onblocked = resolve))
  return () => holder.close()
}

/** What eviction does to the rows of one store: they are gone, and nobody says so. */
export async function evict(store: string): Promise<void> {
  const opened = await settle(indexedDB.open(database))
  const transaction = opened.transaction('keys', 'readwrite')
  const rows = transaction.objectStore('keys')
  for (const name of await settle(rows.getAllKeys())) {
    if (String(name).startsWith(`row ${store} `) || name === `canary ${store}`) rows.delete(name)
  }
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  opened.close()
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
