// What the store makes of each fault that browsers have: quotas, ends, hangs, losses, refusals. What was acknowledged is
// there, or its loss is told; nobody waits for ever.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { until } from '../support/until.js'
import * as faults from './faults/index.js'
import { storeSession } from './session.js'

export function failuresIn(browserName) {
  describe(`the store under faults in ${browserName}`, { timeout: 240_000 }, () => {
    const { lab, browser, visit, open, call, put, get, reports } = storeSession(browserName, {
      preferences: faults.QUOTA_PREFERENCES,
    })
    const isChromium = browserName === 'chromium'

    test('a healthy store: strict is strict, relaxed is relaxed, and another tab reads both', async () => {
      const { page, origin, tier, atRest } = await open()
      assert.deepEqual([tier, atRest], ['indexeddb', 'encrypted'])
      assert.equal((await put(page, 'a', '1', 'strict')).value.durability, 'strict')
      assert.equal((await put(page, 'b', '2', 'relaxed')).value.durability, 'relaxed')
      const { page: other } = await open({ origin })
      assert.deepEqual([await get(other, 'a'), await get(other, 'b')], ['1', '2'])
    })

    describe('no room', () => {
      test('a row goes to the next place and says so; with room again, writes are strict again', async () => {
        const { page, origin } = await visit()
        const quota = await faults.limitQuota(browser(), page)
        await call(page, 'open')
        await put(page, 'before', 'there')
        await quota.exhaust()
        const answers = await page.evaluate(async () => {
          const answers = []
          // Small rows may still fit into what is left of a page of the database.
          for (let nth = 0; nth < 8; nth++) {
            const size = nth < 4 ? 200_000 : 300
            const key = `row-${nth}`
            const value = lab.noise(size)
            const answer = await lab.outcome(() => subject.put(key, value), 8_000)
            const found = await lab.outcome(() => subject.get(key), 8_000)
            answers.push({ ...answer, same: found.value === value })
          }
          return answers
        })
        for (const { status, error, value, same } of answers) {
          assert.notEqual(status, 'hung')
          if (status === 'reported') assert.equal(error, 'storage_unavailable')
          else assert.ok(same, `${value.durability} in ${value.tier}`)
        }
        assert.ok((await reports(page, 'capacity')).length > 0, 'the app was told')
        assert.equal(await get(page, 'before'), 'there')
        await quota.release()
        const again = await until('room again', async () => {
          const { value } = await put(page, 'after', 'x')
          return value?.durability === 'strict'
        })
        assert.ok(again)
        const { page: other } = await open({ origin })
        assert.deepEqual([await get(other, 'before'), await get(other, 'after')], ['there', 'x'])
      })
    })

    describe('ends', () => {
      for (const moment of ['issued', 'request', 'complete', 'ack']) {
        test(`the browser is killed at ${moment}: acknowledged is kept`, async () => {
          const profile = lab().profile()
          const origin = lab().freshOrigin()
          const first = await lab().launch(browserName, { profile })
          const { page } = await open({ in: first, origin })
          await put(page, 'first', 'kept')
          const killed = faults.killAt(lab(), first, moment)
          const writing = page.evaluate(async (moment) => {
            lab.watch(moment)
            await subject.put('a', 'b', 'strict')
            lab.tell('ack')
          }, moment)
          await Promise.all([killed, writing.catch(() => {})])
          const second = await lab().launch(browserName, { profile })
          const { page: after } = await open({ in: second, origin })
          assert.equal(await get(after, 'first'), 'kept')
          const found = await get(after, 'a')
          if (moment === 'complete' || moment === 'ack') assert.equal(found, 'b')
          else assert.ok(found === 'b' || found === undefined || found === null, String(found))
          // Chromium writes localStorage when it likes: what lay there may be older.
          const lost = await reports(after, 'storage_lost')
          assert.ok(!lost.some(({ tier }) => tier === 'indexeddb'), JSON.stringify(lost))
          assert.deepEqual(await reports(after, 'row_quarantined'), [])
          await second.close()
        })
      }

      const batch = 'a page’s process ends within a batch: all of it is there, or nothing'
      test(batch, async () => {
        const { page, origin } = await open()
        await put(page, 'first', 'kept')
        const crashed = lab().once('request', await faults.crashing(browser(), page))
        const writing = page.evaluate(() => {
          const put = Array.from({ length: 300 }, (_, nth) => ({ key: `n-${nth}`, value: 'x' }))
          lab.watch('request')
          return subject.write({ put, durability: 'strict' })
        })
        writing.catch(() => {})
        await crashed
        const { page: other } = await open({ origin })
        const rows = await call(other, 'list', { prefix: 'n-', limit: 1_000 })
        assert.ok([0, 300].includes(rows.value.length), String(rows.value.length))
        assert.equal(await get(other, 'first'), 'kept')
      })

      for (const when of ['issued', 'request', 'complete', 'ack']) {
        test(`the page is left at ${when}: acknowledged is kept`, async () => {
          lab().told.length = 0
          const { page, origin } = await open()
          const left = lab().once(when)
          const writing = page.evaluate(async (when) => {
            const leave = () => location.replace('about:blank')
            const { tell } = lab
            lab.watch(when)
            const writing = subject.put('a', 'b').then(() => tell('ack'))
            if (when === 'issued') leave()
            await writing
            if (when === 'ack') leave()
            else setTimeout(leave)
          }, when)
          await Promise.race([left, writing.catch(() => {})])
          await writing.catch(() => {})
          const acknowledged = lab().said('ack').length > 0
          const { page: other } = await open({ origin })
          const found = await get(other, 'a')
          if (acknowledged) assert.equal(found, 'b')
          else assert.ok(!found || found === 'b')
        })
      }
    })

    describe('hangs', () => {
      /** Three pages of one origin whose database nobody can open. */
      async function hung() {
        const { page: creator, origin } = await open()
        await put(creator, 'kept', 'there')
        await creator.close()
        const holder = (await visit({ origin })).page
        const opener = (await visit({ origin })).page
        const page = (await visit({ origin })).page
        return { hang: await faults.hangDatabase(holder, opener, 'lingpai'), page, origin }
      }

      test('a database that never opens: writes go to the next place; it comes back, and they move up', async () => {
        const { hang, page, origin } = await hung()
        const opened = await call(page, 'open')
        assert.equal(opened.status, 'kept', JSON.stringify(opened))
        assert.notEqual(opened.value.tier, 'indexeddb')
        const written = await put(page, 'a', 'b')
        assert.ok(
          ['best_effort', 'volatile'].includes(written.value.durability),
          JSON.stringify(written),
        )
        assert.equal(await get(page, 'a'), 'b')
        await hang.release()
        await until(
          'the better place',
          async () => (await page.evaluate(() => subject.state())).tier === 'indexeddb',
        )
        assert.deepEqual([await get(page, 'a'), await get(page, 'kept')], ['b', 'there'])
        const moved = (await reports(page, 'tier_changed')).at(-1)
        assert.equal(moved.to, 'indexeddb')
        assert.equal((await put(page, 'c', 'd')).value.durability, 'strict')
        const { page: other } = await open({ origin })
        const all = [await get(other, 'a'), await get(other, 'c'), await get(other, 'kept')]
        assert.deepEqual(all, ['b', 'd', 'there'])
        assert.deepEqual(await reports(other, 'storage_lost'), [])
      })

      test('no call waits longer than the watchdog allows', async () => {
        const { page } = await hung()
        const openTimeoutMs = 400
        // A busy machine gives a page its turns late.
        const slackMs = 2_500
        const waited = await page.evaluate(async (openTimeoutMs) => {
          const calls = [
            () => subject.open({ openTimeoutMs }),
            () => subject.get('kept'),
            () => subject.put('a', 'b'),
            () => subject.list({ prefix: '', limit: 10 }),
          ]
          const waited = []
          for (const run of calls) waited.push(await lab.outcome(run, 5_000))
          return waited
        }, openTimeoutMs)
        for (const { status, ms } of waited) {
          assert.notEqual(status, 'hung')
          assert.ok(ms <= openTimeoutMs + slackMs, `${ms} ms`)
          console.log(
            `# ${browserName}: with a hanging database: ${status} after ${Math.round(ms)} ms`,
          )
        }
      })

      test('a frozen tab that has the store open stops nobody', async () => {
        const { page: holder, origin } = await open()
        await put(holder, 'a', 'b')
        const { page } = await visit({ origin })
        const frozen = await faults.freeze(browser(), holder)
        try {
          const opened = await call(page, 'open')
          assert.equal(opened.value?.tier, 'indexeddb', JSON.stringify(opened))
          assert.equal((await put(page, 'a', 'c')).value.durability, 'strict')
        } finally {
          await frozen.thaw()
        }
        assert.equal(await get(holder, 'a'), 'c')
        assert.equal((await put(holder, 'a', 'd')).value.durability, 'strict')
      })
    })

    describe('losses', () => {
      test('a connection that is closed under the store is opened again', async () => {
        const { page, origin } = await open()
        await put(page, 'a', 'b')
        await faults.clearDatabases(browser(), page)
        const written = await put(page, 'c', 'd')
        assert.equal(written.status, 'kept', JSON.stringify(written))
        assert.equal(await get(page, 'c'), 'd')
        await until('the database', async () => {
          const again = await put(page, 'e', 'f')
          return again.value?.durability === 'strict'
        })
        const [lost, ...more] = await reports(page, 'storage_lost')
        assert.equal(lost?.tier, 'indexeddb')
        assert.deepEqual(more, [])
        const { page: other } = await open({ origin })
        assert.deepEqual([await get(other, 'c'), await get(other, 'e')], ['d', 'f'])
        assert.equal(await get(page, 'a'), await get(other, 'a'), 'lost for all, or for nobody')
      })

      test('connections that fail as WebKit’s do are done without, and the row is kept', async () => {
        const { page } = await open()
        const answers = await page.evaluate(async () => {
          const { transaction } = IDBDatabase.prototype
          const answers = []
          for (const message of [
            'Attempt to get a record from database without an in-progress transaction',
            'Connection to Indexed Database server lost. Refresh the page to try again',
          ]) {
            let left = 1
            IDBDatabase.prototype.transaction = function (...args) {
              if (left-- > 0) throw new DOMException(message, 'UnknownError')
              return transaction.apply(this, args)
            }
            answers.push(await lab.outcome(() => subject.put('a', message), 8_000))
            answers.push(await lab.outcome(() => subject.get('a'), 8_000))
          }
          IDBDatabase.prototype.transaction = transaction
          return answers
        })
        for (const { status } of answers) assert.equal(status, 'kept', JSON.stringify(answers))
        assert.match(answers[3].value, /server lost/)
      })

      if (browserName === 'webkit') {
        test('the process that keeps the databases ends: rows go to the next place, and move up in the next page', async () => {
          const { page, origin } = await open()
          await put(page, 'a', 'b')
          const { page: other } = await open({ origin })
          assert.equal(await get(other, 'a'), 'b')
          faults.endStorage(browser())
          assert.equal(await get(page, 'a'), 'b')
          const written = await put(page, 'c', 'd')
          assert.equal(written.value?.durability, 'best_effort', JSON.stringify(written))
          assert.equal(await get(page, 'c'), 'd')
          const [changed] = (await reports(page, 'tier_changed')).slice(-1)
          assert.deepEqual([changed.to, changed.cause], ['localstorage', 'lost'])
          assert.equal(await get(other, 'a'), 'b', 'as it was last seen')
          // WebKit gives a page no other connection, however often it asks.
          await page.reload()
          await call(page, 'open')
          const tier = () => page.evaluate(() => subject.state().tier)
          await until('the database', async () => {
            assert.equal(await get(page, 'c'), 'd')
            return (await tier()) === 'indexeddb'
          })
          assert.deepEqual([await get(page, 'a'), await get(page, 'c')], ['b', 'd'])
          assert.equal((await put(page, 'e', 'f')).value.durability, 'strict')
          const lost = await reports(page, 'storage_lost')
          assert.ok(!lost.some(({ tier }) => tier === 'indexeddb'), JSON.stringify(lost))
        })
      }

      for (const [what, damage] of [
        ['are overwritten with noise', faults.corruptDatabases],
        ['are replaced by a file', faults.replaceDatabases],
      ]) {
        const name = `the database’s files ${what}: the loss is told, and the store works`
        test(name, async () => {
          const profile = lab().profile()
          const origin = lab().freshOrigin()
          const first = await lab().launch(browserName, { profile })
          const { page } = await open({ in: first, origin })
          await put(page, 'a', 'b')
          await page.close()
          await first.close()
          damage(browserName, profile, origin)
          const second = await lab().launch(browserName, { profile })
          const { page: next } = await visit({ in: second, origin })
          const opened = await call(next, 'open')
          assert.equal(opened.status, 'kept', JSON.stringify(opened))
          const found = await get(next, 'a')
          if (opened.value.tier === 'indexeddb') {
            assert.ok(!found)
            assert.equal((await reports(next, 'storage_lost')).length, 1)
          }
          const written = await put(next, 'c', 'd')
          assert.equal(written.status, 'kept', JSON.stringify(written))
          assert.equal(await get(next, 'c'), 'd')
          await second.close()
        })
      }

      for (const [what, clear, tiers] of [
        ['the databases', (page) => faults.clearDatabases(browser(), page), ['indexeddb']],
        ['localStorage', (page) => faults.clearLocalStorage(page), ['localstorage']],
        // Then there is nothing left that could tell a loss from a first visit.
        ['everything', (page) => faults.clearAll(page), []],
      ]) {
        test(`${what} cleared while no tab is open: what is lost is told (${tiers})`, async () => {
          const { page, origin, epoch } = await open()
          await put(page, 'a', 'b')
          const { page: other } = await visit({ origin })
          await page.close()
          await clear(other)
          await other.close()
          const { page: next, epoch: now } = await open({ origin })
          const found = await get(next, 'a')
          const lost = await reports(next, 'storage_lost')
          assert.deepEqual(
            lost.map(({ tier }) => tier),
            tiers,
          )
          if (what === 'localStorage') assert.equal(found, 'b')
          else assert.ok(!found)
          if (tiers.length > 0) assert.ok(now > epoch, `${now} > ${epoch}`)
        })
      }

      test('everything cleared under an open tab: it says so at the next call', async () => {
        const { page } = await open()
        await put(page, 'a', 'b')
        await faults.clearAll(page)
        await call(page, 'get', 'a')
        await until('the loss', async () => {
          await call(page, 'get', 'a')
          return (await reports(page, 'storage_lost')).length === 1
        })
        assert.equal((await put(page, 'c', 'd')).status, 'kept')
      })
    })

    describe('what is not to be had', () => {
      test('a frame without an origin: memory, and it says so', async () => {
        const url = lab().urlOf(lab().freshOrigin(), { subject: 'lingpai', sandboxed: '' })
        const page = await browser().open(url)
        const frame = await page.frame('iframe')
        const opened = await call(frame, 'open')
        assert.equal(opened.value?.tier, 'memory', JSON.stringify(opened))
        assert.equal(opened.value.atRest, 'memory')
        const written = await put(frame, 'a', 'b')
        assert.equal(written.value.durability, 'volatile')
        assert.equal(await get(frame, 'a'), 'b')
        await page.close()
      })

      test('a private window keeps rows as long as it lives', async () => {
        const preferences = { 'browser.privatebrowsing.autostart': true }
        const own = isChromium ? undefined : await lab().launch(browserName, { preferences })
        const origin = lab().freshOrigin()
        const enter = async () =>
          isChromium
            ? browser().openPrivate(lab().urlOf(origin, { subject: 'lingpai' }))
            : // WebKitGTK’s driver has no other windows.
              own.open(lab().urlOf(origin, { subject: 'lingpai' }))
        const page = await enter()
        const opened = await call(page, 'open')
        assert.equal(opened.status, 'kept', JSON.stringify(opened))
        assert.equal((await put(page, 'a', 'b')).status, 'kept')
        assert.equal(await get(page, 'a'), 'b')
        await page.reload()
        await call(page, 'open')
        if (opened.value.tier === 'indexeddb') assert.equal(await get(page, 'a'), 'b')
        await own?.close()
      })

      test('a browser that cannot store CryptoKeys: the store works, and does not call itself encrypted', async () => {
        const { page } = await visit()
        await page.evaluate(() => {
          const { put, add } = IDBObjectStore.prototype
          const hasKey = (value) =>
            value instanceof CryptoKey ||
            (value && typeof value === 'object' && Object.values(value).some(hasKey))
          const refuse = (original) =>
            function (value, ...rest) {
              if (hasKey(value)) throw new DOMException('could not be cloned', 'DataCloneError')
              return original.call(this, value, ...rest)
            }
          IDBObjectStore.prototype.put = refuse(put)
          IDBObjectStore.prototype.add = refuse(add)
        })
        const opened = await call(page, 'open')
        assert.equal(opened.status, 'kept', JSON.stringify(opened))
        assert.notEqual(opened.value.atRest, 'encrypted')
        assert.equal((await put(page, 'a', 'b')).status, 'kept')
        assert.equal(await get(page, 'a'), 'b')
      })

      if (browserName !== 'firefox') {
        test('plain http: rows are kept, and not called encrypted', async () => {
          const page = await browser().open(
            lab().urlOf(lab().insecureOrigin, { subject: 'lingpai' }),
          )
          assert.equal(await page.evaluate(() => isSecureContext), false)
          const opened = await call(page, 'open')
          assert.deepEqual([opened.value?.tier, opened.value?.atRest], ['indexeddb', 'obfuscated'])
          assert.equal((await put(page, 'a', 'b')).value.durability, 'strict')
          await page.reload()
          await call(page, 'open')
          assert.equal(await get(page, 'a'), 'b')
          await page.close()
        })
      }

      const settings = {
        chromium: [],
        firefox: [
          [
            'cookies and storage are refused',
            { preferences: { 'network.cookie.cookieBehavior': 2 } },
          ],
          ['localStorage is null', { preferences: { 'dom.storage.enabled': false } }],
        ],
        webkit: [['localStorage is null', { args: ['--enable-html5-local-storage=false'] }]],
      }
      for (const [what, options] of settings[browserName]) {
        test(`${what}: an honest tier, and never a trap`, async () => {
          const own = await lab().launch(browserName, { profile: lab().profile(), ...options })
          const { page } = await visit({ in: own })
          const opened = await call(page, 'open')
          assert.equal(opened.status, 'kept', JSON.stringify(opened))
          const isDenied = what.startsWith('cookies')
          if (!isDenied) assert.equal(await page.evaluate(() => localStorage), null)
          assert.equal(opened.value.tier, isDenied ? 'memory' : 'indexeddb')
          const written = await put(page, 'a', 'b')
          assert.equal(written.value.durability, isDenied ? 'volatile' : 'strict')
          assert.equal(await get(page, 'a'), 'b')
          await own.close()
        })
      }
    })
  })
}
