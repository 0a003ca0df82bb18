// Turns of tabs: who leads has the lock and the lease; who stands still in its turn is taken over, and what it writes then is refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { until } from '../support/until.js'
import * as faults from './faults/index.js'
import { storeSession } from './session.js'

export function turnsIn(browserName) {
  describe(`turns of tabs in ${browserName}`, { timeout: 120_000 }, () => {
    const { browser, open, get } = storeSession(browserName)

    const two = async () => {
      const { page: leader, origin } = await open()
      const { page: other } = await open({ origin })
      return { leader, other }
    }

    /** Runs work in `page` that lasts until `state.goOn` is called there, and then writes within its turn. Gives its generation. */
    const begin = (page, holdMs) =>
      page.evaluate(async (holdMs) => {
        globalThis.state = {}
        const goOn = new Promise((resolve) => (state.goOn = resolve))
        const begun = new Promise((resolve) => {
          state.led = subject.lead(
            'work',
            async ({ generation, fence, signal }) => {
              resolve(generation)
              await goOn
              const put = [{ key: 'sent', value: 'by the first' }]
              const late = await subject.write({ expect: fence, put, durability: 'strict' })
              state.late = { ...late, over: signal.aborted }
            },
            { holdMs },
          )
        })
        return begun
      }, holdMs)

    const take = (page, options) =>
      page.evaluate(
        (options) =>
          subject.lead(
            'work',
            async ({ generation, fence }) => {
              const put = [{ key: 'sent', value: 'by the second' }]
              const written = await subject.write({ expect: fence, put, durability: 'strict' })
              return { generation, committed: written.committed }
            },
            options,
          ),
        options,
      )

    const assertRefused = async (leader, other) => {
      const [led, late] = await leader.evaluate(async () => {
        state.goOn()
        const led = await state.led
        for (let left = 200; !state.late && left > 0; left--) {
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return [led, state.late]
      })
      assert.equal(led.led, false)
      assert.equal(late.committed, false)
      assert.deepEqual(
        late.conflicts.map(({ key }) => key),
        ['lease work'],
      )
      assert.equal(await get(other, 'sent'), 'by the second')
    }

    test('while a turn lasts nobody else gets one, and then everybody', async () => {
      const { leader, other } = await two()
      const first = await begin(leader, 60_000)
      const { led, waitMs } = await take(other, { holdMs: 60_000 })
      assert.equal(led, false)
      assert.ok(waitMs > 0 && waitMs <= 60_000, String(waitMs))
      await leader.evaluate(() => (state.goOn(), state.led))
      assert.equal((await leader.evaluate(() => state.late)).committed, true)
      const taken = await until('the turn', async () => {
        const taken = await take(other, { holdMs: 60_000 })
        return taken.led && taken.value
      })
      assert.ok(taken.committed)
      assert.ok(taken.generation > first, `${taken.generation} > ${first}`)
    })

    test('a tab that is frozen in its turn is taken over; what it writes when it thaws is refused', async () => {
      const { leader, other } = await two()
      const first = await begin(leader, 1_000)
      const frozen = await faults.freeze(browser(), leader)
      try {
        const taken = await until('the turn', async () => {
          const taken = await take(other, { holdMs: 60_000 })
          return taken.led && taken.value
        })
        assert.ok(taken.committed)
        assert.ok(taken.generation > first, `${taken.generation} > ${first}`)
      } finally {
        await frozen.thaw()
      }
      await assertRefused(leader, other)
    })

    test('who takes over does not wait for the end of a turn', async () => {
      const { leader, other } = await two()
      const first = await begin(leader, 60_000)
      const { led, value } = await take(other, { holdMs: 60_000, takeOver: true })
      assert.deepEqual([led, value?.committed], [true, true])
      assert.ok(value.generation > first, `${value.generation} > ${first}`)
      await assertRefused(leader, other)
    })

    test('work that ends with its turn fails with its own error', async () => {
      const { page } = await open()
      const outcome = await page.evaluate(() =>
        subject
          .lead(
            'work',
            ({ signal }) =>
              new Promise((_, reject) =>
                signal.addEventListener('abort', () => reject(signal.reason)),
              ),
            { holdMs: 200 },
          )
          .then(JSON.stringify, ({ name }) => name),
      )
      assert.equal(outcome, 'AbortError')
    })
  })
}
