// Looks for secrets wherever a page can leave them.
import assert from 'node:assert/strict'

/** Runs in the page: everything in its storages, as text; bytes as hex; keys by what can be done with them. */
export async function dumpStorage() {
  const keys = []
  const seen = new Set()
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const plain = (value) => {
    if (value === null || typeof value !== 'object')
      return typeof value === 'bigint' ? String(value) : value
    if (typeof CryptoKey === 'function' && value instanceof CryptoKey) {
      keys.push({
        type: value.type,
        extractable: value.extractable,
        algorithm: value.algorithm.name,
      })
      return '[key]'
    }
    if (value instanceof ArrayBuffer) return hex(new Uint8Array(value))
    if (ArrayBuffer.isView(value))
      return hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    if (seen.has(value)) return '[again]'
    seen.add(value)
    if (value instanceof Map) return plain([...value])
    if (value instanceof Set) return plain([...value])
    if (Array.isArray(value)) return value.map(plain)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
  }
  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const databases = {}
  if (globalThis.indexedDB?.databases) {
    for (const { name } of await indexedDB.databases()) {
      const database = await settle(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store)
        const [names, values] = await Promise.all([
          settle(objects.getAllKeys()),
          settle(objects.getAll()),
        ])
        databases[`${name}/${store}`] = plain([names, values])
      }
      database.close()
    }
  }
  return {
    session: { ...sessionStorage },
    local: { ...localStorage },
    databases,
    keys,
    cookie: document.cookie,
    windowName: window.name,
    history: JSON.stringify(history.state),
    address: location.href,
    resources: performance.getEntriesByType('resource').map(({ name }) => name),
    globals: [...document.querySelectorAll('*')].map((element) => element.outerHTML.slice(0, 2000)),
  }
}

/** Fails if any secret is in the text: as it is, in base64, base64url or hexadecimal. */
export function assertNoSecret(text, secrets, where) {
  for (const [name, bytes] of secrets) {
    const spellings = [
      bytes.toString('latin1'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      [...bytes].join(','),
    ]
    for (const spelling of spellings) {
      assert.ok(!text.includes(spelling), `${name} in ${where}`)
    }
  }
}
