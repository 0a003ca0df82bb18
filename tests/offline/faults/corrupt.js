// A profile whose files were damaged while the browser was not running: a bad disk, a full one, an interrupted update.
import { randomFillSync } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { databasesOf } from './profile.js'

/** Each file is as long as it was and holds something else. */
export function corruptDatabases(name, profile, origin) {
  for (const file of files(stored(name, profile, origin))) {
    writeFileSync(file, randomFillSync(Buffer.alloc(statSync(file).size)))
  }
}

/** A file stands where the directory was. */
export function replaceDatabases(name, profile, origin) {
  const directory = stored(name, profile, origin)
  rmSync(directory, { recursive: true })
  writeFileSync(directory, 'not a directory')
}

function stored(name, profile, origin) {
  const directory = databasesOf(name, profile, origin)
  if (!existsSync(directory)) throw new Error(`nothing was stored in ${directory}`)
  return directory
}

function files(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
}
