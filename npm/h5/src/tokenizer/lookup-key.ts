// The key by which values are found again: HMAC, not extractable, shared by the tabs of this origin. It lies beside the keys
// of visits, in IndexedDB. Where it cannot be kept, values are found again in memory alone.
const databaseName = 'lingpai'
const storeName = 'keys'
const watchdogMs = 1_500

/** The key that is kept for a slot; nothing where none can be kept. */
export async function keptLookupKey(slot: string): Promise<CryptoKey | undefined> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (!subtle || typeof indexedDB === 'undefined') return undefined
  try {
    const fresh = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    return await inTime(claim(`lookup ${slot}`, fresh))
  } catch {
    return undefined
  }
}

/** A function that makes the tag of a message, in base64url; empty tags where there is no key. */
export function createTags(key: CryptoKey | undefined) {
  const encoder = new TextEncoder()
  return async (messages: readonly string[]): Promise<string[]> => {
    if (!key) return messages.map(() => '')
    const tag = async (message: string) =>
      base64url(await crypto.subtle.sign('HMAC', key, encoder.encode(message)))
    return Promise.all(messages.map(tag))
  }
}

function base64url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

// Two tabs may come at once, and both have to go on with the same key.
async function claim(name: string, fresh: CryptoKey): Promise<CryptoKey | undefined> {
  const database = await open()
  try {
    const transaction = database.transaction(storeName, 'readwrite')
    const keys = transaction.objectStore(storeName)
    const reading = keys.get(name)
    let kept: unknown
    reading.onsuccess = () => {
      kept = reading.result
      if (kept === undefined) keys.put((kept = fresh), name)
    }
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
    return kept instanceof CryptoKey && !kept.extractable ? kept : undefined
  } finally {
    database.close()
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName)
    request.onupgradeneeded = () => void request.result.createObjectStore(storeName)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('blocked'))
  })
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('silent')), watchdogMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
