// A browser that will not store any more. The fault is the same in both; its words are not: Chromium lets the request
// succeed and aborts the transaction, Firefox fails the request first.

/** What Firefox has to be started with: 10 MB for everything of one site. */
export const QUOTA_PREFERENCES = { 'dom.quotaManager.temporaryStorage.fixedLimit': 10_240 }

/**
 * Gives an origin little room, before it writes anything: Chromium asks how much there is only now and then. `exhaust()` uses
 * it up, `release()` gives it back.
 */
export async function limitQuota(browser, page) {
  if (browser.name === 'chromium') {
    const devtools = await page.devtools()
    const origin = await page.evaluate(() => location.origin)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 3_000_000 })
  }
  return {
    exhaust: () => page.evaluate(fill),
    release: () => page.evaluate(drain),
  }
}

/** Runs in the page: another database of the origin takes all the room, down to the last kilobyte. */
async function fill() {
  const request = indexedDB.open('ballast')
  request.onupgradeneeded = () =>
    request.result.createObjectStore('ballast', { autoIncrement: true })
  const database = await lab.settle(request)
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
