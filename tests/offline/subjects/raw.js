// IndexedDB by hand, as most code uses it: a write is thought to be kept once its request has succeeded. The faults are
// proved on this first. `?ack=complete` waits for the transaction instead.
const ackAt = new URLSearchParams(location.search).get('ack') ?? 'request'

let database

globalThis.subject = {
  databases: ['raw'],
  reports: [],
  async open() {
    const request = indexedDB.open('raw', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('rows')
    database = await lab.settle(request)
    database.onversionchange = () => database.close()
    database.onclose = () => subject.reports.push('close')
  },
  /** `more`: rows that go into the same transaction behind it, so that it is long under way. */
  put(key, value, more = 0) {
    const transaction = database.transaction('rows', 'readwrite')
    const rows = transaction.objectStore('rows')
    const request = rows.put(value, key)
    for (let nth = 0; nth < more; nth++) rows.put(value, `${key} ${nth}`)
    return new Promise((resolve, reject) => {
      if (ackAt === 'request') request.onsuccess = () => resolve()
      else transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
      request.onerror = () => reject(request.error)
    })
  },
  get: (key) => lab.settle(database.transaction('rows').objectStore('rows').get(key)),
  count: () => lab.settle(database.transaction('rows').objectStore('rows').count()),
}
