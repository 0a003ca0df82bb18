// auth0-spa-js with `cacheLocation: 'localstorage'`: its own cache for what has to survive a reload.
import { LocalStorageCache } from '@auth0/auth0-spa-js'

let cache

globalThis.subject = {
  title: 'auth0-spa-js',
  databases: [],
  reports: [],
  async open() {
    cache = new LocalStorageCache()
  },
  put: async (key, value) => cache.set(key, value),
  get: async (key) => cache.get(key),
}
