// Two tabs on one row: what one of them has closed stays closed, whichever moment the other one writes in. Below stands a real store;
// only the moment is made.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'

import { openStore } from '@lingpai/h5/store'

import { at } from '../support/paths.js'

const { createSharedRecords } = await import(at('npm/h5/dist/shared-records.js'))

const turn = { generation: 1, fence: [], signal: new AbortController().signal }
const terms = JSON.stringify({ client_id: 'partner', sub: 'user-1' })
const record = (token, launch = 'first') => ({ token, launch, terms })

let store
let tabs

beforeEach(async () => {
  store = await openStore({ name: 'visits' })
  tabs = []
})

afterEach(async () => {
  for (const tab of tabs) tab.leave()
  await store.close()
})

/** Records of a tab, which runs `before` once before its next write. */
function tab() {
  let before
  const slowed = {
    ...store,
    async write(batch) {
      const run = before
      before = undefined
      await run?.()
      return store.write(batch)
    },
    close: async () => {},
  }
  const records = createSharedRecords(slowed, 'slot', () => {})
  tabs.push(records)
  return Object.assign(records, { beforeWrite: (run) => (before = run) })
}

const refresh = async (records, token) => {
  const seen = await records.look()
  return records.during(turn, seen, () => records.write(record(token)))
}

test('a refresh that commits while the visit is being closed does not keep it open', async () => {
  const [closing, refreshing] = [tab(), tab()]
  await closing.write(record('one'))
  closing.beforeWrite(async () => void (await refresh(refreshing, 'two')))
  await closing.close(record('one'))
  const { closed, kept } = await refreshing.look()
  assert.deepEqual([closed, kept], [true, undefined])
})

test('a visit that is closed between the last look of a refresh and its write stays closed', async () => {
  const [closing, refreshing] = [tab(), tab()]
  await closing.write(record('one'))
  refreshing.beforeWrite(() => closing.close(record('one')))
  assert.equal(await refresh(refreshing, 'two'), 'memory')
  assert.equal((await refreshing.look()).closed, true)
})

test('a refresh does not take the place of a later launch', async () => {
  const [launching, refreshing] = [tab(), tab()]
  await launching.write(record('one'))
  refreshing.beforeWrite(async () => void (await launching.write(record('three', 'second'))))
  assert.equal(await refresh(refreshing, 'two'), 'memory')
  assert.equal((await refreshing.look()).kept.token, 'three')
})

test('a row that was only written anew, as it was, is no reason to lose what was granted', async () => {
  const [other, refreshing] = [tab(), tab()]
  await other.write(record('one'))
  refreshing.beforeWrite(async () => void (await other.write(record('one'))))
  await refresh(refreshing, 'two')
  assert.equal((await other.look()).kept.token, 'two')
})

test('what somebody else has opened since is not closed', async () => {
  const [leaving, entering] = [tab(), tab()]
  await leaving.write(record('one'))
  const theirs = { ...record('three', 'second'), terms: terms.replace('user-1', 'user-2') }
  leaving.beforeWrite(async () => void (await entering.write(theirs)))
  await leaving.close(record('one'))
  assert.equal((await entering.look()).kept.token, 'three')
})
