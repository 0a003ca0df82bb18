// A database that cannot be opened and never says so: one tab holds it and does not let go, a second one wants a newer
// version of it, and whoever comes after them waits for ever. Nothing is patched; all browsers do that.

/**
 * Makes opening `name` hang for all other tabs, by two pages of the same origin. `release()` lets the tabs go on, and leaves
 * the database at a version that is newer than its owner knows.
 */
export async function hangDatabase(holder, opener, name) {
  await holder.evaluate(async (name) => {
    const opened = await lab.outcome(async () => {
      globalThis.held = await lab.settle(indexedDB.open(name))
    }, 5_000)
    if (opened.status !== 'kept') throw new Error(`the holder: ${opened.status}`)
  }, name)
  const version = await opener.evaluate(
    (name, holderVersion) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open(name, holderVersion + 1)
        request.onblocked = () => resolve(holderVersion + 1)
        request.onerror = () => reject(request.error)
        // Firefox does not always say that it waits, when others close meanwhile.
        setTimeout(() => resolve(holderVersion + 1), 1_000)
        request.onsuccess = () => {
          request.result.close()
          globalThis.wentThrough = true
          reject(new Error('nothing was blocked'))
        }
      }),
    name,
    await holder.evaluate(() => held.version),
  )
  return {
    version,
    /** The holder goes; the newer version comes into being. */
    release: () => holder.evaluate(() => held.close()),
  }
}
