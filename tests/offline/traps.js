// The WebAssembly module traps in the midst of its work, wherever that is: the transaction comes to nothing or to all, locks are free,
// and the next call works on a new instance. The trap is one: an `unreachable` that is run while the module calls out.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { session } from '../browsers/session.js'
import { callApi } from '../browsers/visits.js'
import { until } from '../support/until.js'
import { storeSession } from './session.js'

/** Pages side by side. */
const AT_ONCE = 4

export function trapsIn(browserName) {
  describe(`traps in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, call, put, get, reports } = storeSession(browserName)

    // As many points as a write has, and a few beyond. It is entered when it is asked, when its rows are read and when it is committed, and
    // by timers, if they come meanwhile; its requests are for two rows and what the database says of itself.
    for (const [what, arm, points, certain] of [
      ['whenever it is entered', trapOnEntry, 8, 3],
      ['whenever it reads in a transaction', trapOnGet, 4, 3],
      ['whenever it writes in a transaction', trapOnPut, 4, 3],
    ]) {
      test(`${what}: whole or not at all, and the next call is answered`, async () => {
        const trapAt = async (point) => {
          const { page, origin } = await open({ openTimeoutMs: 200 })
          // A slow machine may take longer than this store waits for its database.
          await until('the database', async () => {
            return (await put(page, 'a', '1')).value?.durability === 'strict'
          })
          await page.evaluate(arm, point)
          const batch = {
            put: [
              { key: 'b', value: '2' },
              { key: 'c', value: '3' },
            ],
            durability: 'strict',
          }
          const written = await call(page, 'write', batch)
          assert.notEqual(written.status, 'hung', `point ${point}`)
          if (written.status === 'reported') assert.equal(written.error, 'internal')
          await page.evaluate(() => lab.disarm())
          const trapped = await page.evaluate(() => lab.trapped)
          const read = await until('the store to work again', async () => {
            const read = await call(page, 'read', ['a', 'b', 'c'])
            return read.status === 'kept' && read.value
          })
          const [a, b, c] = read.map((row) => row?.value)
          assert.equal(a, '1', `point ${point}`)
          assert.equal(b === undefined, c === undefined, 'half of a batch')
          if (written.status === 'kept') assert.deepEqual([b, c], ['2', '3'])
          await until('the database', async () => {
            return (await put(page, 'd', '4')).value?.durability === 'strict'
          })
          // Nothing of the instance that failed keeps another tab out.
          const { page: other, tier } = await open({ origin })
          assert.equal(tier, 'indexeddb')
          assert.equal(await get(other, 'd'), '4')
          await other.close()
          await page.close()
          return trapped
        }
        const trapped = []
        for (let point = 1; point <= points; point += AT_ONCE) {
          const some = Array.from({ length: AT_ONCE }, (_, nth) => trapAt(point + nth))
          trapped.push(...(await Promise.all(some)))
        }
        console.log(`# ${browserName}: ${what}: traps at ${trapped} of ${points} points`)
        assert.deepEqual(trapped.slice(0, certain), Array(certain).fill(1), 'each point of a write')
      })
    }

    test('closed while it is started anew: nothing stays open', async () => {
      const { page } = await open()
      await page.evaluate(trapOnEntry, 1)
      const failed = await put(page, 'a', '1')
      assert.equal(failed.error, 'internal')
      await page.evaluate(() => {
        lab.disarm()
        lab.connections = new Set()
        const { open } = IDBFactory.prototype
        IDBFactory.prototype.open = function (...given) {
          const request = open.apply(this, given)
          request.addEventListener('success', () => lab.connections.add(request.result))
          lab.asked = true
          return request
        }
        const { close } = IDBDatabase.prototype
        IDBDatabase.prototype.close = function () {
          lab.connections.delete(this)
          close.call(this)
        }
      })
      const { status } = await page.evaluate(async () => {
        const answered = lab.outcome(() => subject.get('a'), 8_000)
        await subject.close()
        return answered
      })
      assert.notEqual(status, 'hung')
      assert.ok(await page.evaluate(() => lab.asked), 'it was started anew')
      await until('its connection to be closed', () =>
        page.evaluate(() => lab.connections.size === 0),
      )
    })

    test('while it leads: the lock is free, and another tab leads next', async () => {
      for (let point = 1; point <= 6; point++) {
        const { page, origin } = await open()
        const { page: other } = await open({ origin })
        await page.evaluate(() => {
          lab.leading = subject.lead('job', async (turn) => {
            lab.inside = true
            await new Promise((resolve) => (lab.goOn = resolve))
            return subject.write({
              expect: turn.fence,
              put: [{ key: 'sent', value: 'by the first' }],
              durability: 'strict',
            })
          })
          lab.leading = lab.leading.then(
            ({ led }) => ({ led }),
            ({ code }) => ({ code }),
          )
        })
        await until('the turn', () => page.evaluate(() => lab.inside === true))
        const away = await other.evaluate(() => subject.lead('job', async () => 'in'))
        assert.equal(away.led, false)
        await page.evaluate(trapOnEntry, point)
        await page.evaluate(() => lab.goOn())
        const outcome = await page.evaluate(() => lab.leading)
        assert.ok(outcome.led || outcome.code === 'internal', JSON.stringify(outcome))
        await page.evaluate(() => lab.disarm())
        const held = () => navigator.locks.query().then(({ held }) => held.length)
        await until('the lock', async () => (await other.evaluate(held)) === 0)
        const led = await until('the other tab to lead', async () => {
          const led = await other.evaluate(() => subject.lead('job', async () => 'in'))
          return led.led && led.value
        })
        assert.equal(led, 'in')
        await page.close()
        await other.close()
      }
    })

    test('the app is told that the module was started anew', async () => {
      const { page } = await open({ openTimeoutMs: 200 })
      await page.evaluate(trapOnEntry, 1)
      await until('the trap', async () => {
        await call(page, 'put', 'a', 'b')
        return page.evaluate(() => lab.trapped > 0)
      })
      await call(page, 'put', 'a', 'b')
      assert.ok((await reports(page, 'restarted')).length >= 1)
    })
  })
}

/** Traps under visits that are open. */
export function visitTrapsIn(browserName) {
  describe(`traps under a visit in ${browserName}`, { timeout: 240_000 }, () => {
    const { openVisit, world } = session(browserName)
    const redeemed = () => world().proxy.of('/v1/visits').length
    const types = (page) => page.evaluate(() => state.events.map(({ type }) => type))

    for (const storage of ['session', 'persistent']) {
      for (const [what, trap] of [
        ['that its caller sees', trapInCall],
        ['in work that nobody hears of any more', trapInPromise],
      ]) {
        test(`${what} (${storage}): one call fails, and the visit goes on with another instance`, async () => {
          const { page, claims } = await openVisit(await world().fragmentUrl({ storage }))
          assert.equal((await page.evaluate(callApi)).status, 200)
          await page.evaluate(prepareTraps)
          await page.evaluate(trap)
          const failure = await page.evaluate(() =>
            state.visit.fetch(`${new URLSearchParams(location.search).get('gateway')}/api/me`).then(
              () => null,
              ({ code }) => code,
            ),
          )
          assert.equal(failure, 'internal')
          assert.equal((await page.evaluate(callApi)).status, 200)
          assert.ok((await types(page)).includes('revived'))
          assert.equal(await page.evaluate(() => state.visit.claims.sid), claims.sid)
          // Whatever it does from here on, as if nothing had been.
          const next = await page.evaluate(async () => {
            await state.visit.token({ minValiditySeconds: 3600 })
            return state.visit.claims
          })
          assert.equal(next.sid, claims.sid)
          assert.notEqual(next.jti, claims.jti)
          assert.equal((await page.evaluate(callApi)).status, 200)
          assert.equal(redeemed(), 1)
          await page.evaluate(() => state.visit.close())
        })
      }
    }

    test('a start that fails while it reads what tabs share leaves nothing open', async () => {
      const { page } = await openVisit(await world().fragmentUrl({ storage: 'persistent' }))
      await page.evaluate(prepareTraps)
      await page.evaluate(() => {
        const channels = new Set()
        globalThis.channels = channels
        globalThis.BroadcastChannel = class extends BroadcastChannel {
          constructor(name) {
            super(name)
            channels.add(this)
          }
          close() {
            channels.delete(this)
            super.close()
          }
        }
        // What it does next is to look at the clock.
        const { get } = IDBObjectStore.prototype
        IDBObjectStore.prototype.get = function (key) {
          if (String(key).startsWith('row visits visit ')) {
            IDBObjectStore.prototype.get = get
            trapOnce(performance, 'now')
          }
          return get.call(this, key)
        }
      })
      const { status, code, left } = await page.evaluate(async () => {
        await state.open()
        const { status, code } = state
        return { status, code, left: channels.size }
      })
      assert.deepEqual([status, code, left], ['failed', 'internal', 0])
    })

    test('a visit in memory has lost its key with the module, and says that it is over', async () => {
      const { page } = await openVisit(await world().fragmentUrl({ storage: 'memory' }))
      await page.evaluate(prepareTraps)
      await page.evaluate(trapInCall)
      const ask = () =>
        state.visit.token().then(
          () => 'served',
          ({ code, retryable }) => [code, retryable],
        )
      assert.deepEqual(await page.evaluate(ask), ['internal', false])
      assert.deepEqual(await page.evaluate(ask), ['visit_ended', false])
      assert.ok((await types(page)).includes('ended'))
    })
  })
}

/** Runs in the page: the next time that the module looks at a clock, it traps. */
function trapInCall() {
  trapOnce(performance, 'now')
}

/** Runs in the page: the next time that it waits for something, which is in a promise that nobody will settle then. */
function trapInPromise() {
  trapOnce(Promise.prototype, 'then')
}

/** Runs in the page: gives it what the two above need. */
function prepareTraps() {
  globalThis.trapOnce = (object, name) => {
    const bytes = [
      [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
      [7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11],
    ]
    const module = new WebAssembly.Module(new Uint8Array(bytes.flat()))
    const { trap } = new WebAssembly.Instance(module).exports
    const original = object[name]
    object[name] = function (...args) {
      if (/wasm/.test(new Error().stack)) {
        object[name] = original
        trap()
      }
      return original.apply(this, args)
    }
  }
}

/** Runs in the page: the nth time that the module looks at the clock, which is first of all it does when it is entered, it traps. */
function trapOnEntry(nth) {
  lab.trapIn(performance, 'now', nth)
}

/** Runs in the page: the nth request of a transaction that it makes, which is open then. */
function trapOnGet(nth) {
  lab.trapIn(IDBObjectStore.prototype, 'get', nth)
}

/** Runs in the page: the same for what it writes. */
function trapOnPut(nth) {
  lab.trapIn(IDBObjectStore.prototype, 'put', nth)
}
