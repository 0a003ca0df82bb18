// A browser that will not store any more. The fault is the same in all; its words are not: Chromium lets the request
// succeed and aborts the transaction, Firefox and WebKit fail the request first.
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'

import { databasesOf } from './profile.js'

/** What Firefox has to be started with: 10 MB for everything of one site. */
export const QUOTA_PREFERENCES = { 'dom.quotaManager.temporaryStorage.fixedLimit': 10_240 }

/** What WebKitGTK gives an origin, and what is left of it here: opening a database takes some. */
const WEBKIT_QUOTA = 1_048_576_000
const LEFT = 8_000_000

/**
 * Gives an origin little room, before it writes anything: Chromium and WebKit ask how much there is only now and then. `exhaust()` uses
 * it up, `release()` gives it back.
 */
export async function limitQuota(browser, page) {
  const origin = await page.evaluate(() => location.origin)
  if (browser.name === 'chromium') {
    const devtools = await page.devtools()
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 3_000_000 })
  }
  const occupy = (bytes) => browser.name === 'webkit' && occupied(browser.profile, origin, bytes)
  occupy(WEBKIT_QUOTA - LEFT)
  return {
    exhaust() {
      // Whoever has cleared everything has made room again.
      occupy(WEBKIT_QUOTA - LEFT)
      return page.evaluate(fill)
    },
    release() {
      occupy(0)
      return page.evaluate(drain)
    },
  }
}

/** A database that nobody can open counts, too: as long as its file is, be there something in it or not. */
function occupied(profile, origin, bytes) {
  const directory = join(databasesOf('webkit', profile, origin), 'occupied')
  mkdirSync(directory, { recursive: true })
  const file = openSync(join(directory, 'IndexedDB.sqlite3'), 'w')
  ftruncateSync(file, bytes)
  closeSync(file)
}

/** Runs in the page: another database of the origin takes all the room, down to the last kilobyte. */
async function fill() {
  const request = indexedDB.open('ballast')
  request.onupgradeneeded = () =>
    request.result.createObjectStore('ballast', { autoIncrement: true })
  const database = await lab.settle(request).catch(() => undefined)
  // There is not even room for that.
  if (!database) return
  // Zeros would take no room at all.
  const noise = (size) => {
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at += 65_536)
      crypto.getRandomValues(bytes.subarray(at, at + 65_536))
    return bytes
  }
  const added = (size) =>
    new Promise((resolve) => {
      const transaction = database.transaction('ballast', 'readwrite')
      transaction.oncomplete = () => resolve(true)
      transaction.onabort = () => resolve(false)
      try {
        transaction.objectStore('ballast').add(noise(size))
      } catch {
        resolve(false)
      }
    })
  for (let size = 2 ** 20; size >= 2 ** 10; size /= 2) {
    // After a transaction that found no room Firefox refuses the first request of the next one, whatever it asks for.
    for (let refusals = 0; refusals < 2;) if (!(await added(size))) refusals += 1
  }
  database.close()
}

/** Runs in the page. */
async function drain() {
  await lab.settle(indexedDB.deleteDatabase('ballast'))
}
