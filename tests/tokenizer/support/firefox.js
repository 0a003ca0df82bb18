// Firefox with a profile on disk, so that it can be killed and started again, and its tabs stopped.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freeze } from '../../offline/faults/freeze.js'
import { QUOTA_PREFERENCES } from '../../offline/faults/quota.js'
import { launch } from '../../support/browsers/index.js'

/** Starts it. */
export async function startFirefox() {
  const profile = mkdtempSync(join(tmpdir(), 'lingpai-profile-'))
  const start = () => launch('firefox', { profile, preferences: QUOTA_PREFERENCES })
  let browser = await start()
  let pages = []
  const frozen = new Map()
  return {
    async open(url) {
      const page = await browser.open(url)
      pages.push(page)
      return page
    },
    /** Ends it without a warning and starts it again on what it left on disk. */
    async crash() {
      await browser.kill()
      pages = []
      browser = await start()
    },
    /** Stops the process of a tab, or lets it go on. */
    async setLifecycle(page, state) {
      if (state === 'frozen') frozen.set(page, await freeze(browser, page))
      else await frozen.get(page)?.thaw()
    },
    /** Clears IndexedDB behind the back of the page's stores, which are asked to close first. */
    clearDatabase: (page) => page.evaluate(clearDatabases),
    /** Closes all tabs and clears what an origin has stored, so that whoever comes next finds nothing. */
    async forget(origin) {
      for (const page of pages) await page.close().catch(() => {})
      const blank = await browser.open(`${origin}/blank.html`)
      await blank.evaluate(clearDatabases)
      await blank.evaluate(() => {
        localStorage.clear()
        sessionStorage.clear()
      })
      await blank.close()
      pages = []
    },
    async close() {
      await browser.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Runs in the page. */
async function clearDatabases() {
  for (const { name } of await indexedDB.databases()) {
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
  }
}
