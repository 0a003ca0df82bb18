// Several tabs of one origin, and one store: what one of them claims no other has; nobody’s write is undone by a page that
// slept; pages that come back from the back-forward cache know what happened meanwhile.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { until } from '../support/until.js'
import * as faults from './faults/index.js'
import { storeSession } from './session.js'

export function rivalsIn(browserName) {
  describe(`rival tabs in ${browserName}`, { timeout: 180_000 }, () => {
    const { lab, browser, visit, open, call, put, get, reports } = storeSession(browserName)

    test(
      'two tabs race to lead, 1000 times: one leader each time',
      { timeout: 120_000 },
      async () => {
        const { page: one, origin } = await open()
        const { page: other } = await open({ origin })
        const races = 1_000
        const [mine, theirs] = await together(raceToLead, [
          [one, 'one', races],
          [other, 'other', races],
        ])
        let won = [0, 0]
        for (let nth = 0; nth < races; nth++) {
          assert.equal(
            mine[nth] + theirs[nth],
            1,
            `race ${nth}: ${mine[nth] + theirs[nth]} leaders`,
          )
          won = [won[0] + mine[nth], won[1] + theirs[nth]]
        }
        const { value: rows } = await call(one, 'list', { prefix: 'leader ', limit: races })
        const leads = (name) => rows.filter(({ value }) => value === name).length
        assert.deepEqual([leads('one'), leads('other')], won)
      },
    )

    test('two tabs empty one queue of 40, ten times: nothing is taken twice', async () => {
      for (let round = 0; round < 10; round++) {
        const { page: one, origin } = await open()
        const { page: other } = await open({ origin })
        await one.evaluate(() => {
          const put = Array.from({ length: 40 }, (_, nth) => ({
            key: `job ${nth + 10}`,
            value: 'x',
          }))
          return subject.write({ put, durability: 'strict' })
        })
        const [mine, theirs] = await together(takeAll, [[one], [other]])
        assert.deepEqual(
          mine.filter((key) => theirs.includes(key)),
          [],
        )
        assert.equal(mine.length + theirs.length, 40)
      }
    })

    test('two tabs begin a new store at once, 40 times: neither is told of a loss', async () => {
      const { page: one, origin } = await visit()
      const { page: other } = await visit({ origin })
      for (let round = 0; round < 40; round++) {
        const begin = (page, key) => page.evaluate(beginStore, `new-${round}`, key)
        await Promise.all([begin(one, 'a'), begin(other, 'b')])
      }
      for (const page of [one, other]) assert.deepEqual(await reports(page, 'storage_lost'), [])
    })

    test('a leader that was frozen finds its place taken: its late write is refused', async () => {
      const { page: successor, origin } = await open()
      const { page: leader } = await open({ origin })
      await put(leader, 'leader', 'first')
      await leader.evaluate(async () => {
        const [row] = await subject.read(['leader'])
        // Goes on as soon as it thaws.
        globalThis.late = () =>
          subject.write({
            expect: [{ key: 'leader', revision: row.revision }],
            put: [{ key: 'sent', value: 'by the first' }],
            durability: 'strict',
          })
      })
      const frozen = await faults.freeze(browser(), leader)
      try {
        const taken = await successor.evaluate(async () => {
          const [row] = await subject.read(['leader'])
          return subject.write({
            expect: [{ key: 'leader', revision: row.revision }],
            put: [{ key: 'leader', value: 'second' }],
            durability: 'strict',
          })
        })
        assert.equal(taken.committed, true)
      } finally {
        await frozen.thaw()
      }
      const late = await leader.evaluate(() => late())
      assert.equal(late.committed, false)
      assert.equal(late.conflicts[0].key, 'leader')
      assert.ok(!(await get(successor, 'sent')))
    })

    const ends = 'a leader whose process ends leaves its place to be taken'
    test(ends, async () => {
      const { page: successor, origin } = await open()
      const { page: leader } = await open({ origin })
      await put(leader, 'leader', 'first')
      const crash = await faults.crashing(browser(), leader)
      crash()
      const taken = await until('the place', async () => {
        const { value } = await call(successor, 'read', ['leader'])
        const expect = [{ key: 'leader', revision: value[0].revision }]
        const written = await call(successor, 'write', {
          expect,
          put: [{ key: 'leader', value: 'second' }],
          durability: 'strict',
        })
        return written.value?.committed
      })
      assert.ok(taken)
    })

    test('a page that comes back from the back-forward cache sees what happened meanwhile', async () => {
      const { page, origin } = await open()
      const { page: other } = await open({ origin })
      await put(page, 'a', 'old')
      await page.evaluate(() => {
        globalThis.marker = 'still me'
        addEventListener('pageshow', ({ persisted }) => (globalThis.persisted = persisted))
      })
      await page.go(lab().urlOf(lab().freshOrigin()))
      await put(other, 'a', 'new')
      // Nobody tells a driver that a page is back: it was never loaded. The one that is left may not get to answer.
      await page.evaluate(() => void setTimeout(() => history.back())).catch(() => {})
      await until('the page', () => page.evaluate(() => 'subject' in globalThis).catch(() => false))
      // All three keep such a page, database and all. One that was loaded anew would show nothing.
      const kept = await page.evaluate(() => [globalThis.marker, globalThis.persisted])
      assert.deepEqual(kept, ['still me', true])
      assert.equal(await get(page, 'a'), 'new')
      assert.equal((await put(page, 'b', 'x')).value.durability, 'strict')
      assert.equal(await get(other, 'b'), 'x')
      assert.deepEqual(await reports(page, 'storage_lost'), [])
    })

    test('a page in the back-forward cache stops nobody', async () => {
      const { page, origin } = await open()
      await put(page, 'a', 'b')
      await page.go(lab().urlOf(lab().freshOrigin()))
      const { page: other } = await visit({ origin })
      const deleted = await other.evaluate(() =>
        lab.outcome(() => lab.settle(indexedDB.deleteDatabase('lingpai')), 8_000),
      )
      assert.equal(deleted.status, 'kept', JSON.stringify(deleted))
    })
  })
}

/** Runs `run` in each of these pages at once, with its arguments: one driver waits for its pages in turn, so nothing is awaited before all began. */
async function together(run, all) {
  const begin = (source, args) => {
    globalThis.outcome = undefined
    new Function(`return ${source}`)()(...args).then((value) => (globalThis.outcome = { value }))
  }
  for (const [page, ...args] of all) await page.evaluate(begin, run.toString(), args)
  const outcomes = []
  for (const [page] of all) {
    const ended = () => page.evaluate(() => globalThis.outcome ?? null)
    outcomes.push((await until('all of them', ended, { timeoutMs: 110_000 })).value)
  }
  return outcomes
}

/** Runs in the page: opens a store that was not there, and writes at once. */
async function beginStore(name, key) {
  await subject.close()
  await subject.open({ name })
  await subject.put(key, 'x')
}

/** Runs in the page: tries to be the first at each of `races` places; 1 where it was. */
async function raceToLead(name, races) {
  const won = []
  for (let nth = 0; nth < races; nth++) {
    const written = await subject.write({
      expect: [{ key: `leader ${nth}`, revision: 0 }],
      put: [{ key: `leader ${nth}`, value: name }],
      durability: 'relaxed',
    })
    won.push(written.committed ? 1 : 0)
  }
  return won
}

/** Runs in the page: takes jobs until there is none left. */
async function takeAll() {
  const taken = []
  for (;;) {
    const [job] = await subject.list({ prefix: 'job ', limit: 1 })
    if (!job) return taken
    const { key, revision } = job
    const written = await subject.write({
      expect: [{ key, revision }],
      delete: [key],
      durability: 'relaxed',
    })
    if (written.committed) taken.push(key)
  }
}
