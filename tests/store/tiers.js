// What a store promises in each of its places, in a real browser. One suite, run by each browser's test file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { until } from '../support/until.js'
import { session } from './world.js'

export function tiersIn(browserName) {
  describe(`a store in ${browserName}`, { timeout: 120_000 }, () => {
    const { open, reload } = session(browserName)

    const tier = () => ({ tier: store.tier, atRest: store.atRest })

    test('in IndexedDB: rows survive a reload, sealed', async () => {
      const page = await open()
      await page.evaluate(() => openStore({ name: 'reload' }))
      assert.deepEqual(await page.evaluate(tier), { tier: 'indexeddb', atRest: 'encrypted' })
      const written = await page.evaluate(() =>
        store.write({ put: [{ key: 'a', value: 'in the clear' }], durability: 'strict' }),
      )
      assert.deepEqual(written, { committed: true, durability: 'strict' })
      await reload(page)
      await page.evaluate(() => openStore({ name: 'reload' }))
      const [row, none] = await page.evaluate(() => store.read(['a', 'b']))
      assert.equal(row.value, 'in the clear')
      assert.ok(none === undefined || none === null)
      const texts = await page.evaluate(rawRows)
      assert.ok(Object.keys(texts).includes('row reload a'), Object.keys(texts).join())
      assert.ok(!JSON.stringify(texts).includes('in the clear'))
    })

    test('a batch is written whole or not at all, and says what stood against it', async () => {
      const page = await open()
      await page.evaluate(() => openStore({ name: 'batch' }))
      const result = await page.evaluate(async () => {
        const put = (key, value) => [{ key, value }]
        const first = await store.write({ put: put('a', '1'), durability: 'relaxed' })
        const [row] = await store.read(['a'])
        const refused = await store.write({
          expect: [{ key: 'a', revision: 0 }],
          put: put('b', '2'),
          durability: 'relaxed',
        })
        const taken = await store.write({
          expect: [{ key: 'a', revision: row.revision }],
          delete: ['a'],
          put: put('c', '3'),
          durability: 'relaxed',
        })
        const listed = await store.list({ prefix: '', limit: 10 })
        return { first, row, refused, taken, keys: listed.map(({ key }) => key) }
      })
      const { first, row, refused, taken, keys } = result
      assert.deepEqual(first, { committed: true, durability: 'relaxed' })
      assert.deepEqual(refused, {
        committed: false,
        conflicts: [{ key: 'a', revision: row.revision }],
      })
      assert.equal(taken.committed, true)
      assert.deepEqual(keys, ['c'])
    })

    test('two tabs add to one counter, and nothing is lost', async () => {
      const tabs = [await open(), await open()]
      const add = () => {
        const adding = async () => {
          await openStore({ name: 'counter' })
          for (let added = 0; added < 20;) {
            const [row] = await store.read(['n'])
            const { committed } = await store.write({
              expect: [{ key: 'n', revision: row?.revision ?? 0 }],
              put: [{ key: 'n', value: String(Number(row?.value ?? 0) + 1) }],
              durability: 'relaxed',
            })
            if (committed) added++
          }
        }
        // Both at once, and so without being waited for.
        globalThis.added = adding()
      }
      for (const tab of tabs) await tab.evaluate(add)
      for (const tab of tabs) await tab.evaluate(() => added)
      const [{ value }] = await tabs[0].evaluate(() => store.read(['n']))
      assert.equal(value, '40')
    })

    test('in localStorage while IndexedDB hangs; the rows move up when it is back', async () => {
      const [page, other] = [await open(), await open()]
      await page.evaluate(() => openStore({ name: 'before' }).then(() => store.close()))
      await other.evaluate(holdDatabase)
      await page.evaluate(() => openStore({ name: 'hanging', openTimeoutMs: 300 }))
      assert.deepEqual(await page.evaluate(tier), { tier: 'localstorage', atRest: 'obfuscated' })
      const written = await page.evaluate(() =>
        store.write({ put: [{ key: 'a', value: '1' }], durability: 'strict' }),
      )
      assert.deepEqual(written, { committed: true, durability: 'best_effort' })
      assert.equal((await page.evaluate(() => store.read(['a'])))[0].value, '1')
      await other.evaluate(() => release())
      await until('the better place', () => page.evaluate(() => store.tier === 'indexeddb'))
      const moved = await page.evaluate(() => events.at(-1))
      assert.deepEqual(
        [moved.type, moved.from, moved.to, moved.moved],
        ['tier_changed', 'localstorage', 'indexeddb', 1],
      )
      assert.equal((await page.evaluate(() => store.read(['a'])))[0].value, '1')
      const left = await page.evaluate(() =>
        Object.keys(localStorage).filter((name) => / a$/.test(name)),
      )
      assert.deepEqual(left, [])
    })

    test('rows that were left in localStorage are there at once, and move up', async () => {
      const [page, other] = [await open(), await open()]
      await page.evaluate(() => openStore({ name: 'before' }).then(() => store.close()))
      await other.evaluate(holdDatabase)
      await page.evaluate(() => openStore({ name: 'left', openTimeoutMs: 300 }))
      await page.evaluate(() =>
        store.write({ put: [{ key: 'a', value: '1' }], durability: 'strict' }),
      )
      await reload(page)
      await page.evaluate(() => openStore({ name: 'left', openTimeoutMs: 5000 }))
      assert.equal((await page.evaluate(() => store.read(['a'])))[0].value, '1')
      await other.evaluate(() => release())
      await until('the better place', () => page.evaluate(() => store.tier === 'indexeddb'))
      assert.equal((await page.evaluate(() => store.read(['a'])))[0].value, '1')
    })

    test('in memory where nothing else is to be had', async () => {
      const page = await open()
      await page.evaluate(() => {
        const refuse = () => {
          throw new DOMException('denied', 'SecurityError')
        }
        IDBFactory.prototype.open = refuse
        Object.defineProperty(window, 'localStorage', { get: refuse })
        return openStore({ name: 'denied' })
      })
      assert.deepEqual(await page.evaluate(tier), { tier: 'memory', atRest: 'memory' })
      const written = await page.evaluate(() =>
        store.write({ put: [{ key: 'a', value: '1' }], durability: 'strict' }),
      )
      assert.deepEqual(written, { committed: true, durability: 'volatile' })
      assert.equal((await page.evaluate(() => store.read(['a'])))[0].value, '1')
    })

    test('in memory where localStorage shows itself and then throws at every touch', async () => {
      const page = await open()
      const outcome = await page.evaluate(async () => {
        const fail = () => {
          throw new DOMException('its process does not answer', 'NS_ERROR_FAILURE')
        }
        IDBFactory.prototype.open = fail
        const broken = new Proxy({}, { ownKeys: fail, get: () => fail })
        Object.defineProperty(window, 'localStorage', { value: broken })
        await openStore({ name: 'broken' })
        const written = await store.write({
          put: [{ key: 'a', value: '1' }],
          durability: 'strict',
        })
        const listed = await store.list({ prefix: '', limit: 10 })
        return { written, listed, restarted: events.some(({ type }) => type === 'restarted') }
      })
      assert.deepEqual(outcome.written, { committed: true, durability: 'volatile' })
      assert.equal(outcome.listed[0].value, '1')
      assert.equal(outcome.restarted, false)
    })

    test('a row that was altered, moved or put back counts as absent, and nothing else is lost', async () => {
      const page = await open()
      await page.evaluate(async () => {
        await openStore({ name: 'spoilt' })
        const put = ['altered', 'moved', 'old', 'good'].map((key) => ({ key, value: key }))
        await store.write({ put, durability: 'strict' })
      })
      const before = await page.evaluate(rawRows)
      await page.evaluate(() =>
        store.write({ put: [{ key: 'old', value: 'new' }], durability: 'strict' }),
      )
      const altered = before['row spoilt altered']
      await page.evaluate(putRaw, {
        'row spoilt altered': altered.slice(0, -2) + (altered.endsWith('AA') ? 'BB' : 'AA'),
        'row spoilt moved': before['row spoilt good'],
        'row spoilt old': before['row spoilt old'],
      })
      await reload(page)
      await page.evaluate(() => openStore({ name: 'spoilt' }))
      const rows = await page.evaluate(async () => {
        const rows = await store.read(['altered', 'moved', 'old', 'good'])
        return rows.map((row) => row?.value ?? null)
      })
      assert.deepEqual(rows, [null, null, null, 'good'])
      const told = await page.evaluate(() =>
        events
          .filter(({ type }) => type === 'row_quarantined')
          .map(({ key, reason }) => [key, reason]),
      )
      assert.deepEqual(told, [
        ['altered', 'tampered'],
        ['moved', 'tampered'],
        ['old', 'replayed'],
      ])
    })

    test('a module that fails within a transaction is started anew by the next call', async () => {
      for (const calls of [1, 2, 3]) {
        const page = await open()
        const outcome = await page.evaluate(async (calls) => {
          await openStore({ name: 'trap', openTimeoutMs: 1_500 })
          await store.write({ put: [{ key: 'a', value: '1' }], durability: 'strict' })
          const now = performance.now.bind(performance)
          let left = calls
          // What the module asks in the midst of its work ends it there, as a trap would.
          performance.now = () => {
            if (--left > 0) return now()
            performance.now = now
            throw new WebAssembly.RuntimeError('unreachable')
          }
          let failed
          // Which call it hits depends on the timers that run out meanwhile.
          for (let attempt = 0; attempt < 5 && !failed; attempt++) {
            await store
              .write({ put: [{ key: 'b', value: '2' }], durability: 'strict' })
              .catch(({ code }) => (failed = code))
          }
          const [a, b] = await store.read(['a', 'b'])
          const again = await store.write({ put: [{ key: 'c', value: '3' }], durability: 'strict' })
          const restarted = events.some(({ type }) => type === 'restarted')
          return { failed, a: a?.value, b: b?.value ?? null, again, restarted }
        }, calls)
        const { failed, a, b, again, restarted } = outcome
        assert.ok(restarted, JSON.stringify({ calls, outcome }))
        assert.equal(failed, 'internal')
        assert.equal(a, '1')
        assert.ok(b === null || b === '2')
        assert.deepEqual(again, { committed: true, durability: 'strict' })
        // Nothing of the instance that failed holds the database against others.
        await page.evaluate(
          () =>
            new Promise((resolve, reject) => {
              const request = indexedDB.open('lingpai', Date.now())
              request.onsuccess = () => resolve(request.result.close())
              request.onerror = () => reject(request.error)
              request.onblocked = () => reject(new Error('blocked'))
            }),
        )
      }
    })

    test('a database that was emptied is noticed at the next start', async () => {
      const page = await open()
      await page.evaluate(async () => {
        await openStore({ name: 'emptied' })
        await store.write({ put: [{ key: 'a', value: '1' }], durability: 'strict' })
        await store.close()
      })
      await page.evaluate(putRaw, { 'row emptied a': null, 'canary emptied': null })
      await reload(page)
      await page.evaluate(() => openStore({ name: 'emptied' }))
      assert.deepEqual(
        await page.evaluate(() => store.read(['a']).then(([row]) => row ?? null)),
        null,
      )
      const lost = await page.evaluate(() => events.find(({ type }) => type === 'storage_lost'))
      assert.deepEqual([lost.tier, lost.epoch], ['indexeddb', 1])
    })
  })
}

/** Runs in the page: what rests in the database. */
async function rawRows() {
  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const database = await settle(indexedDB.open('lingpai'))
  const store = database.transaction('keys').objectStore('keys')
  const [names, values] = await Promise.all([settle(store.getAllKeys()), settle(store.getAll())])
  database.close()
  return Object.fromEntries(names.map((name, nth) => [name, String(values[nth])]))
}

/** Runs in the page: puts texts behind the store's back. */
async function putRaw(texts) {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('lingpai')
    request.onsuccess = () => resolve(request.result)
  })
  const transaction = database.transaction('keys', 'readwrite')
  const store = transaction.objectStore('keys')
  for (const [name, text] of Object.entries(texts)) {
    if (text === null) store.delete(name)
    else store.put(text, name)
  }
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  database.close()
}

/** Runs in another tab: keeps the database from opening, as a tab does that will not let go while a third one wants to change it. */
async function holdDatabase() {
  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const holder = await settle(indexedDB.open('lingpai'))
  const upgrade = indexedDB.open('lingpai', holder.version + 1)
  await new Promise((resolve) => (upgrade.onblocked = resolve))
  globalThis.release = async () => {
    holder.close()
    const database = await settle(upgrade)
    database.close()
  }
}
