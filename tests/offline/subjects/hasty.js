// A store as it is often written: rows in IndexedDB, acknowledged once the last request has succeeded, and read before they
// are written in another transaction. The campaign has to find fault with it.
let database

async function connect() {
  const request = indexedDB.open('lingpai')
  request.onupgradeneeded = () => request.result.createObjectStore('keys')
  database = await lab.settle(request)
  database.onversionchange = () => database.close()
}

let prefix = ''
const name = (key) => `${prefix} ${key}`

/** Opens again, once, where the connection is gone. */
async function transact(mode, run) {
  try {
    return run(database.transaction('keys', mode).objectStore('keys'))
  } catch {
    await connect()
    return run(database.transaction('keys', mode).objectStore('keys'))
  }
}

globalThis.subject = {
  reports: [],
  async open(options) {
    prefix = options.name
    await connect()
  },
  async read([key]) {
    const value = await transact('readonly', (keys) => lab.settle(keys.get(name(key))))
    return [value === undefined ? undefined : { value, revision: 1 }]
  },
  async write({ put = [], delete: gone = [] }) {
    await transact('readwrite', (keys) => {
      const requests = [
        ...put.map(({ key, value }) => keys.put(value, name(key))),
        ...gone.map((key) => keys.delete(name(key))),
      ]
      return Promise.all(requests.map(lab.settle))
    })
    return { committed: true, durability: 'strict' }
  },
  async list() {
    const range = IDBKeyRange.bound(`${prefix} `, `${prefix} \uffff`)
    return transact('readonly', async (keys) => {
      const [names, values] = await Promise.all([
        lab.settle(keys.getAllKeys(range)),
        lab.settle(keys.getAll(range)),
      ])
      return names.map((full, nth) => ({ key: full.slice(prefix.length + 1), value: values[nth] }))
    })
  },
  close: async () => database?.close(),
}
