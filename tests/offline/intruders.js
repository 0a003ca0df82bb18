// Rows that somebody else changed: a script in the page, an extension, a curious user; and versions of this library that come
// before and after each other. Nothing that was not written is ever read, and what is not understood is left alone.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { changeRows, storeSession } from './session.js'

export function intrudersIn(browserName) {
  describe(`changed rows in ${browserName}`, { timeout: 180_000 }, () => {
    const { visit, open, call, put, get, reports } = storeSession(browserName)

    for (const [what, change] of [
      [
        'one character is another',
        `const m = value.length - 5; return value.slice(0, m) + (value[m] === 'A' ? 'B' : 'A') + value.slice(m + 1)`,
      ],
      ['it is cut in half', 'return value.slice(0, value.length / 2)'],
      ['it is empty', `return ''`],
      ['it is no text', 'return { value }'],
      ['it is bytes', 'return new Uint8Array(8)'],
      [
        'its revision is another',
        `const parts = value.split('.'); parts[2] = String(Number(parts[2]) + 1); return parts.join('.')`,
      ],
      [
        'its key is said to be another',
        `const parts = value.split('.'); parts[1] = String(Number(parts[1]) + 1); return parts.join('.')`,
      ],
      [
        'two rows change places',
        `const names = Object.keys(rows); return rows[names.find((name) => name !== key)]`,
      ],
    ]) {
      test(`${what}: not read, told, and the place can be used again`, async () => {
        const { page, origin } = await open()
        await put(page, 'a', 'the first')
        await put(page, 'b', 'the second')
        await page.close()
        const { page: intruder } = await visit({ origin })
        await intruder.evaluate(changeRows, change)
        const { page: next, tier } = await open({ origin })
        assert.equal(tier, 'indexeddb')
        const read = await call(next, 'read', ['a', 'b'])
        assert.deepEqual(read.value, [null, null], JSON.stringify(read))
        const told = await reports(next, 'row_quarantined')
        assert.deepEqual(told.map(({ key }) => key).sort(), ['a', 'b'])
        const listed = await call(next, 'list', { prefix: '', limit: 10 })
        assert.deepEqual(listed.value, [])
        assert.equal((await put(next, 'a', 'anew')).value.durability, 'strict')
        assert.equal(await get(next, 'a'), 'anew')
        const { page: other } = await open({ origin })
        assert.equal(await get(other, 'a'), 'anew')
      })
    }

    test('an old row is put back: not read, and told', async () => {
      const { page, origin } = await open()
      await put(page, 'a', 'old')
      const rows = await page.evaluate(changeRows, 'return value')
      await put(page, 'a', 'new')
      const { page: intruder } = await visit({ origin })
      await intruder.evaluate(changeRows, `return ${JSON.stringify(rows)}[key]`)
      assert.notEqual(await get(page, 'a'), 'old', 'in the page that wrote it')
      assert.ok((await reports(page, 'row_quarantined')).length > 0)
    })

    test('a row of a version that is not known is left untouched', async () => {
      const { page, origin } = await open()
      await put(page, 'a', 'b')
      await page.close()
      const { page: intruder } = await visit({ origin })
      const rows = await intruder.evaluate(changeRows, `return value.replace(/^1\\./, '9.')`)
      const future = Object.values(rows)[0].replace(/^1\./, '9.')
      const { page: next } = await open({ origin })
      await get(next, 'a')
      const [told] = await reports(next, 'row_quarantined')
      assert.equal(told?.reason, 'unknown')
      const written = await put(next, 'a', 'over it')
      console.log(
        `# ${browserName}: over a row of the future: ${written.status} ${written.error ?? ''}`,
      )
      assert.equal((await put(next, 'c', 'd')).value.durability, 'strict')
      await next.close()
      const { page: reader } = await visit({ origin })
      const kept = await reader.evaluate(changeRows, 'return value')
      assert.equal(kept['row lab a'], future)
    })

    for (const [what, change] of [
      ['somebody changed', `return key.startsWith('row lab a') ? value.slice(0, -1) : value`],
      [
        'of a version that is not known',
        `return key.startsWith('row lab a') ? value.replace(/^1\\./, '9.') : value`,
      ],
    ]) {
      test(`rows ${what} come first: the list goes on behind them, and ends where there are no more`, async () => {
        const { page, origin } = await open()
        for (const key of ['a1', 'a2', 'b', 'c']) await put(page, key, `of ${key}`)
        await page.close()
        const { page: intruder } = await visit({ origin })
        await intruder.evaluate(changeRows, change)
        const { page: next } = await open({ origin })
        const list = async (range) => (await call(next, 'list', { prefix: '', ...range })).value
        const keys = async (range) => (await list(range)).map(({ key }) => key)
        assert.deepEqual(await keys({ limit: 1 }), ['b'])
        assert.deepEqual(await keys({ limit: 2 }), ['b', 'c'])
        assert.deepEqual(await keys({ limit: 2, after: 'b' }), ['c'])
        assert.deepEqual(await keys({ limit: 1, after: 'c' }), [])
        const told = await reports(next, 'row_quarantined')
        assert.deepEqual(told.map(({ key }) => key).sort(), ['a1', 'a2'])
      })
    }

    test('a database of a newer version: the store uses it as it is', async () => {
      const { page, origin } = await open()
      await put(page, 'a', 'b')
      await page.close()
      const { page: newer } = await visit({ origin })
      await newer.evaluate(async () => {
        const request = indexedDB.open('lingpai', 40)
        request.onupgradeneeded = () => request.result.createObjectStore('of the future')
        ;(await lab.settle(request)).close()
      })
      const { page: next, tier } = await open({ origin })
      assert.equal(tier, 'indexeddb')
      assert.equal(await get(next, 'a'), 'b')
      assert.equal((await put(next, 'c', 'd')).value.durability, 'strict')
    })

    test('a database upgraded under an open store: both versions go on', async () => {
      const { page, origin } = await open()
      await put(page, 'a', 'b')
      const { page: newer } = await visit({ origin })
      const upgraded = await newer.evaluate(() =>
        lab.outcome(async () => {
          const request = indexedDB.open('lingpai', 41)
          request.onupgradeneeded = () => {}
          ;(await lab.settle(request)).close()
        }, 8_000),
      )
      assert.equal(upgraded.status, 'kept', 'the open store lets go')
      assert.equal((await put(page, 'c', 'd')).status, 'kept')
      const { page: other } = await open({ origin })
      assert.deepEqual([await get(other, 'a'), await get(other, 'c')], ['b', 'd'])
    })

    test('the page’s files hold no value in the clear', async () => {
      const { page } = await open()
      await put(page, 'a', 'a token that nobody else may have')
      const rows = await page.evaluate(changeRows, 'return value')
      assert.ok(!JSON.stringify(rows).includes('nobody else'))
      const local = await page.evaluate(() => JSON.stringify({ ...localStorage }))
      assert.ok(!local.includes('nobody else'))
    })
  })
}
