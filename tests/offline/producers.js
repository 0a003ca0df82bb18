// The faults themselves, on IndexedDB by hand: each really does to a page what it says. What is proved here is what the
// other suites rely on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { until } from '../support/until.js'
import * as faults from './faults/index.js'
import { startLab } from './lab.js'

export function producersIn(browserName) {
  describe(`faults in ${browserName}`, { timeout: 120_000 }, () => {
    let lab
    let browser
    const isChromium = browserName === 'chromium'

    before(async () => {
      lab = await startLab({ subjects: { raw: 'subjects/raw.js' } })
      browser = await lab.launch(browserName, {
        preferences: faults.QUOTA_PREFERENCES,
        ...(browserName === 'webkit' && { profile: lab.profile() }),
      })
    })

    after(() => lab?.close())

    const query = { subject: 'raw' }

    async function openRaw({ in: where = browser, origin = lab.freshOrigin(), ...more } = {}) {
      const page = await where.open(lab.urlOf(origin, { ...query, ...more }))
      await page.evaluate(() => subject.open())
      return { page, origin }
    }

    test('no room: a write that was said to be kept is taken back', async () => {
      const page = await browser.open(lab.urlOf(lab.freshOrigin(), query))
      const quota = await faults.limitQuota(browser, page)
      await page.evaluate(() => subject.open())
      await quota.exhaust()
      const order = await page.evaluate(async () => {
        const order = []
        const request = indexedDB.open('raw')
        const database = await lab.settle(request)
        const transaction = database.transaction('rows', 'readwrite')
        const put = transaction.objectStore('rows').put(lab.noise(400_000), 'row')
        put.onsuccess = () => order.push('request.success')
        put.onerror = () => order.push(`request.error ${put.error.name}`)
        await new Promise((resolve) => {
          transaction.oncomplete = () => resolve(order.push('complete'))
          transaction.onabort = () => resolve(order.push(`abort ${transaction.error.name}`))
        })
        database.close()
        return order
      })
      // Firefox refuses the request itself where it sees at once that there is no room.
      if (isChromium) assert.equal(order[0], 'request.success')
      assert.deepEqual([order.length, order.at(-1)], [2, 'abort QuotaExceededError'], String(order))
      await quota.release()
      assert.equal(
        (await page.evaluate(() => lab.outcome(() => subject.put('a', 'b'), 5_000))).status,
        'kept',
      )
    })

    for (const [moment, ack, survives] of [
      ['request', 'request', false],
      ['complete', 'complete', true],
    ]) {
      test(`the browser is killed at ${moment}: the row ${survives ? 'is there' : 'is gone'} afterwards`, async () => {
        const profile = lab.profile()
        const origin = lab.freshOrigin()
        const first = await lab.launch(browserName, { profile })
        const { page } = await openRaw({ in: first, origin, ack })
        const killed = faults.killAt(lab, first, moment)
        const writing = page.evaluate((moment) => {
          lab.watch(moment)
          lab.start(() => subject.put('a', lab.noise(1_000), 500))
        }, moment)
        await Promise.all([killed, writing.catch(() => {})])
        const second = await lab.launch(browserName, { profile })
        const { page: after } = await openRaw({ in: second, origin })
        assert.equal(await after.evaluate(() => subject.count()), survives ? 501 : 0)
        await second.close()
      })
    }

    test('a page’s process ends within a transaction: none of its rows is there', async () => {
      const { page, origin } = await openRaw()
      const crashed = lab.once('request', await faults.crashing(browser, page))
      const writing = page.evaluate(() => {
        lab.watch('request')
        lab.start(() => subject.put('a', lab.noise(1_000), 2_000))
      })
      // Nobody answers for a page whose process has ended.
      writing.catch(() => {})
      await crashed
      const { page: other } = await openRaw({ origin })
      assert.equal(await other.evaluate(() => subject.count()), 0)
    })

    test('a hung open: whoever opens third hears nothing, until the holder lets go', async () => {
      const { page: creator, origin } = await openRaw()
      await creator.close()
      const [holder, opener, third] = await Promise.all(
        [1, 2, 3].map(() => browser.open(lab.urlOf(origin, query))),
      )
      const hung = await faults.hangDatabase(holder, opener, 'raw')
      const opened = () => lab.outcome(() => subject.open(), 500)
      assert.equal((await third.evaluate(opened)).status, 'hung')
      await hung.release()
      const call = () => lab.calls[0].status !== 'pending' && lab.calls[0]
      const late = await until('the open to end', () => third.evaluate(call))
      assert.deepEqual([late.status, late.error], ['reported', 'VersionError'])
    })

    test('a polite holder that is frozen lets nobody upgrade until it thaws', async () => {
      const { page: holder, origin } = await openRaw()
      const opener = await browser.open(lab.urlOf(origin, query))
      const frozen = await faults.freeze(browser, holder)
      await opener.evaluate(() => {
        globalThis.events = []
        const request = indexedDB.open('raw', 2)
        for (const name of ['blocked', 'success', 'error']) {
          request.addEventListener(name, () => events.push(name))
        }
      })
      await opener.evaluate(() => lab.outcome(() => new Promise(() => {}), 700))
      assert.ok(!(await opener.evaluate(() => events)).includes('success'))
      await frozen.thaw()
      await until('the upgrade', () => opener.evaluate(() => events.includes('success')))
    })

    test('a frozen page does nothing', async () => {
      const bystander = await browser.open(lab.urlOf(lab.freshOrigin(), query))
      const { page } = await openRaw()
      await page.evaluate(() => {
        globalThis.turns = 0
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => {
          turns++
          port2.postMessage(0)
        }
        port2.postMessage(0)
      })
      const frozen = await faults.freeze(browser, page)
      // A page whose process is stopped cannot be asked.
      const turns = () => page.evaluate(() => turns)
      const before = isChromium ? await turns() : undefined
      await bystander.evaluate(() => lab.outcome(() => new Promise(() => {}), 300))
      if (isChromium) assert.ok((await turns()) - before < 20)
      await frozen.thaw()
      await until('the page to go on', async () => (await turns()) > (before ?? 0) + 20)
    })

    test('everything is cleared: what is opened next is empty, and nobody says so', async () => {
      const { page, origin } = await openRaw()
      await page.evaluate(() => {
        localStorage.setItem('a', 'b')
        return subject.put('a', 'b')
      })
      await faults.clearAll(page)
      const { page: other } = await openRaw({ origin })
      const left = () => Promise.all([subject.count(), localStorage.length])
      assert.deepEqual(await other.evaluate(left), [0, 0])
    })

    test('the databases are cleared under an open connection', async () => {
      const { page } = await openRaw()
      await page.evaluate(() => {
        localStorage.setItem('a', 'b')
        return subject.put('a', 'b')
      })
      await faults.clearDatabases(browser, page)
      const next = await page.evaluate(() => lab.outcome(() => subject.put('c', 'd'), 3_000))
      assert.deepEqual([next.status, next.error], ['reported', 'InvalidStateError'])
      await page.evaluate(() => subject.open())
      assert.deepEqual(
        await page.evaluate(() => Promise.all([subject.count(), localStorage.length])),
        [0, 1],
      )
    })

    for (const [what, damage] of [
      ['overwritten with noise', faults.corruptDatabases],
      ['replaced by a file', faults.replaceDatabases],
    ]) {
      test(`the database’s files are ${what} while the browser is closed`, async () => {
        const profile = lab.profile()
        const origin = lab.freshOrigin()
        const first = await lab.launch(browserName, { profile })
        const { page } = await openRaw({ in: first, origin, ack: 'complete' })
        await page.evaluate(() => subject.put('a', 'b'))
        await first.close()
        damage(browserName, profile, origin)
        const second = await lab.launch(browserName, { profile })
        const next = await second.open(lab.urlOf(origin, query))
        const opened = await next.evaluate(() => lab.outcome(() => subject.open(), 10_000))
        if (opened.status === 'kept') {
          assert.equal(await next.evaluate(() => subject.count()), 0, 'silently empty')
        } else {
          assert.notEqual(opened.status, 'hung')
        }
        console.log(`# ${browserName}: ${what}: open ${opened.status} ${opened.error ?? ''}`)
        await second.close()
      })
    }
  })
}
