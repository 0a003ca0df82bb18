// A profile whose files were damaged while the browser was not running: a bad disk, a full one, an interrupted update.
import { randomFillSync } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a browser keeps the databases of an origin. */
function directoryOf(name, profile, origin) {
  const { hostname, port } = new URL(origin)
  const path =
    name === 'chromium'
      ? join(profile, 'Default/IndexedDB', `http_${hostname}_${port}.indexeddb.leveldb`)
      : join(profile, 'storage/default', `http+++${hostname}+${port}`, 'idb')
  if (!existsSync(path)) throw new Error(`nothing was stored in ${path}`)
  return path
}

/** Each file is as long as it was and holds something else. */
export function corruptDatabases(name, profile, origin) {
  for (const file of files(directoryOf(name, profile, origin))) {
    writeFileSync(file, randomFillSync(Buffer.alloc(statSync(file).size)))
  }
}

/** A file stands where the directory was. */
export function replaceDatabases(name, profile, origin) {
  const directory = directoryOf(name, profile, origin)
  rmSync(directory, { recursive: true })
  writeFileSync(directory, 'not a directory')
}

function files(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
}
