// What a browser keeps where.
import { join } from 'node:path'

/** The directory with the databases of an origin. */
export function databasesOf(name, profile, origin) {
  const { hostname, port } = new URL(origin)
  const places = {
    chromium: ['Default/IndexedDB', `http_${hostname}_${port}.indexeddb.leveldb`],
    firefox: ['storage/default', `http+++${hostname}+${port}`, 'idb'],
    webkit: ['data/webkitgtk-4.1/MiniBrowser/databases/indexeddb/v1', `http_${hostname}_${port}`],
  }
  return join(profile, ...places[name])
}
