// Storage that is cleared while pages use it: what eviction, "clear browsing data" and seven days without a visit come to.

/** Everything that an origin has stored, by the browser itself. */
export async function clearAll(page) {
  await page.evaluate(() => fetch('/clear').then((response) => response.text()))
}

/** IndexedDB alone. Chromium closes the connections by force; elsewhere they are asked to close first. */
export async function clearDatabases(browser, page) {
  if (browser.name === 'chromium') {
    const devtools = await page.devtools()
    const origin = await page.evaluate(() => location.origin)
    await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
    return
  }
  const { status } = await page.evaluate(() =>
    lab.outcome(async () => {
      for (const { name } of await indexedDB.databases()) {
        await lab.settle(indexedDB.deleteDatabase(name))
      }
    }, 8_000),
  )
  if (status !== 'kept') throw new Error('the databases are held')
}

/** `localStorage` alone. */
export async function clearLocalStorage(page) {
  await page.evaluate(() => localStorage.clear())
}
