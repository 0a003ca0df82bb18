// localForage as it comes: IndexedDB, else localStorage.
import localforage from 'localforage'

globalThis.subject = {
  title: 'localForage',
  databases: ['localforage'],
  reports: [],
  async open() {
    await localforage.ready()
    return { tier: localforage.driver() }
  },
  put: async (key, value) => void (await localforage.setItem(key, value)),
  get: async (key) => (await localforage.getItem(key)) ?? undefined,
}
