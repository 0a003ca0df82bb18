// Firebase Auth's persistence: the list that its documentation gives, IndexedDB first, and the first one that works, as
// `initializeAuth` chooses it.
import {
  browserLocalPersistence,
  indexedDBLocalPersistence,
  inMemoryPersistence,
} from '@firebase/auth'

let persistence

globalThis.subject = {
  title: 'Firebase Auth',
  databases: ['firebaseLocalStorageDb'],
  reports: [],
  async open() {
    for (const Persistence of [
      indexedDBLocalPersistence,
      browserLocalPersistence,
      inMemoryPersistence,
    ]) {
      persistence = new Persistence()
      if (await persistence._isAvailable()) break
    }
    return { tier: persistence.type }
  },
  put: (key, value) => persistence._set(key, value),
  get: async (key) => (await persistence._get(key)) ?? undefined,
}
