// Chromium with a profile on disk, so that it can be killed and started again, and its tabs frozen.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import puppeteer from 'puppeteer-core'

/** Starts it. */
export async function startChromium() {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-profile-'))
  const options = {
    executablePath: '/usr/bin/chromium',
    headless: true,
    userDataDir: home,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  }
  let browser = await puppeteer.launch(options)
  return {
    async open(url) {
      const page = await browser.newPage()
      await page.goto(url)
      return page
    },
    /** Ends it without a warning and starts it again on what it left on disk. */
    async crash() {
      const ended = new Promise((resolve) => browser.process().once('exit', resolve))
      browser.process().kill('SIGKILL')
      await ended
      browser = await puppeteer.launch(options)
    },
    /** Freezes a tab as the system does with those in the background, or wakes it. */
    async setLifecycle(page, state) {
      const session = await page.createCDPSession()
      await session.send('Page.setWebLifecycleState', { state })
      await session.detach()
    },
    /** Clears IndexedDB behind the back of the page's origin. */
    async clearDatabase(page) {
      const session = await page.createCDPSession()
      const { origin } = new URL(page.url())
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
      await session.detach()
    },
    /** Closes all tabs and clears what an origin has stored, so that whoever comes next finds nothing. */
    async forget(origin) {
      const blank = await browser.newPage()
      for (const page of await browser.pages()) if (page !== blank) await page.close()
      const session = await blank.createCDPSession()
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
      await session.detach()
    },
    async close() {
      await browser.close()
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
