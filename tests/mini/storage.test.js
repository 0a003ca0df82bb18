// A storage that fails to be read, and calls of a platform that never come back: what lies there is not written over, and nobody
// waits for ever.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { service, world } from './support/world.js'

const REFRESH = 'refresh_token'
const onDisk = (it) => [...it.phone.disk.values()].join('\n')

/** Fails the next `reads` of the storage, by a refusal or by silence. Encrypted storages are read twice, the second time in plain. */
const failing = (reads, how = true) => ({
  failStorage: (verb) => (verb === 'get' && reads-- > 0 ? how : false),
})

describe('a read that fails', () => {
  for (const [name, options] of [
    ['once', failing(2)],
    ['once, by silence', failing(1, 'silent')],
    ['twice', failing(4)],
  ]) {
    test(`${name}: the start goes on with token, refresh token and key`, async () => {
      const it = world()
      const first = await it.run(it.mini.token())
      it.start(options)
      assert.equal((await it.run(it.mini.token())).text, first.text)
      assert.equal((await it.run(it.mini.status())).durable, true)
      await it.phone.pass(900_000)
      assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
      assert.equal(it.gateway.count(REFRESH), 1)
      assert.equal(it.gateway.logins, 1)
    })
  }

  test('throughout: the mini-program works from memory, and writes over nothing', async () => {
    const it = world()
    const first = await it.run(it.mini.token())
    const before = onDisk(it)
    it.start({ failStorage: (verb) => verb === 'get' })
    assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
    assert.equal((await it.run(it.mini.status())).durable, false)
    assert.ok(it.events.some(({ type }) => type === 'storage-failed'))
    assert.equal(onDisk(it), before)
    it.start({ failStorage: undefined })
    assert.equal((await it.run(it.mini.token())).text, first.text)
    assert.equal(it.gateway.logins, 2)
  })

  test('until the mini-program is shown again: it goes on with what lay there', async () => {
    const it = world()
    const first = await it.run(it.mini.token())
    let fails = true
    it.start({ failStorage: (verb) => fails && verb === 'get' })
    const second = await it.run(it.mini.token())
    assert.notEqual(second.text, first.text)
    it.process.hide()
    it.process.show()
    await it.phone.pass(60_000)
    // It still cannot be read: no further login for that.
    assert.equal((await it.run(it.mini.token())).text, second.text)
    assert.equal(it.gateway.logins, 2)
    fails = false
    it.process.hide()
    it.process.show()
    await it.phone.pass(1)
    assert.equal((await it.run(it.mini.token())).text, first.text)
    assert.equal((await it.run(it.mini.status())).durable, true)
  })

  test('and a logout all the same: what lay there is gone', async () => {
    const it = world()
    await it.run(it.mini.token())
    it.start({ failStorage: (verb) => verb === 'get' })
    await it.run(it.mini.token())
    await it.run(it.mini.logout())
    assert.equal(onDisk(it), '')
  })
})

describe('a call that never comes back', () => {
  for (const verb of ['get', 'set']) {
    test(`of the storage (${verb}): the login goes on without it`, async () => {
      const it = world('wechat', { failStorage: (called) => called === verb && 'silent' })
      assert.ok((await it.run(it.mini.token())).text)
      assert.equal((await it.run(it.mini.status())).durable, false)
    })
  }

  test('of WebAssembly: JavaScript goes on without a key', async () => {
    const it = world('wechat', { wasm: 'silent' })
    assert.equal((await it.run(it.mini.token())).type, 'Bearer')
    assert.ok(it.events.some(({ type }) => type === 'wasm-failed'))
  })
})
