// What may come at the worst moment: a logout while an answer is on its way, two of the same at once, a storage full of nonsense,
// a clock that jumps, and the end of the process at each call of the storage.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'

import { audience, clientId, hold, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

const REFRESH = 'refresh_token'
const secrets = /refreshToken|"key"|"text"/
const onDisk = (it) => [...it.phone.disk.values()].join('\n')

/** Another one in the same process, on the same storage. */
function second(it) {
  const { lingpai, api } = it.process
  return lingpai.createMini({ host: api.host(lingpai), gateway: url, clientId, audience })
}

describe('a logout', () => {
  for (const what of ['login', 'refresh']) {
    test(`outlasts a ${what} whose answer is still on its way`, async () => {
      const it = world()
      if (what === 'refresh') {
        await it.run(it.mini.token())
        await it.phone.pass(800_000)
      }
      const { fault, release } = hold()
      it.gateway.fault = ({ form }) => form && fault
      const token = it.mini.token()
      const refusal = assert.rejects(token, refused('closed'))
      await it.phone.pass(1)
      await it.run(it.mini.logout())
      release()
      await it.run(refusal)
      assert.doesNotMatch(onDisk(it), secrets)
      it.gateway.fault = () => undefined
      it.start()
      assert.equal((await it.run(it.mini.status())).loggedIn, false)
      assert.equal(it.gateway.log.length, what === 'refresh' ? 2 : 1)
    })
  }

  test('is waited for by whoever logs in again at once', async () => {
    const it = world()
    const first = await it.run(it.mini.token())
    const [, next] = await it.run(Promise.all([it.mini.logout(), it.mini.token()]))
    assert.notEqual(next.text, first.text)
    it.start()
    assert.equal((await it.run(it.mini.token())).text, next.text)
  })

  test('that the platform does not keep is told, and not taken for one', async () => {
    let full = false
    const it = world('wechat', { failStorage: (verb) => full && verb !== 'get' })
    await it.run(it.mini.token())
    full = true
    await it.run(assert.rejects(it.mini.logout(), refused('storage_unavailable')))
    full = false
    await it.run(it.mini.logout())
    assert.doesNotMatch(onDisk(it), secrets)
  })

  for (const [name, options] of [
    ['the storage takes nothing any more', { failStorage: (verb) => verb === 'set' }],
    ['the random source is broken', { random: 'zeros' }],
    ['a key is required and WebAssembly is gone', { wasm: 'absent', mini: { proof: 'required' } }],
  ]) {
    test(`leaves nothing behind, also where ${name}`, async () => {
      const it = world()
      await it.run(it.mini.token())
      it.start(options)
      assert.match(onDisk(it), secrets)
      await it.run(it.mini.logout())
      assert.doesNotMatch(onDisk(it), secrets)
      it.start()
      assert.equal((await it.run(it.mini.status())).loggedIn, false)
    })
  }
})

describe('two on one storage', () => {
  test('log in, refresh and log out as one, and neither writes over what the other has', async () => {
    const it = world()
    const other = second(it)
    await it.run(Promise.all([it.mini.token(), other.token()]))
    const jkts = await it.run(Promise.all([it.mini.status(), other.status()]))
    assert.deepEqual([...new Set(jkts.map(({ proof }) => proof))], ['key'])
    for (let turn = 0; turn < 6; turn++) {
      await it.phone.pass(850_000)
      const mini = turn % 2 ? it.mini : other
      assert.equal((await it.run(mini.request({ url: service }))).status, 200)
    }
    await it.phone.pass(850_000)
    await it.run(Promise.all([it.mini.token(), other.token()]))
    assert.ok([...it.gateway.families.values()].every(({ revoked }) => !revoked))
    const { logins } = it.gateway
    it.start()
    await it.phone.pass(850_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, logins)
    assert.ok(it.gateway.count(REFRESH) >= 8)
    const again = second(it)
    await it.run(again.token())
    await it.run(it.mini.logout())
    assert.doesNotMatch(onDisk(it), secrets)
    await it.run(assert.rejects(again.token(), refused('closed')))
  })
})

describe('a storage full of nonsense', () => {
  /** A record whose checksum is right, and nothing else. */
  const sealed = (json) => {
    const hash = createHash('sha256').update(json).digest().subarray(0, 16)
    return `lp1.${hash.toString('base64url')}.${json}`
  }
  for (const [name, spoil] of [
    ['an object', () => ({ login: 1 })],
    ['a number', () => 7],
    ['nothing', () => null],
    ['a list', () => []],
    ['an empty text', () => ''],
    ['a prefix', () => 'lp1.'],
    ['another version', (text) => text.replace('lp1.', 'lp2.')],
    ['null, sealed', () => sealed('null')],
    ['a text, sealed', () => sealed('"record"')],
    ['an owner and no more', (text) => sealed(`{"owner":${/"owner":("[^"]*")/.exec(text)[1]}}`)],
    [
      'what is somebody else’s',
      (text) => sealed(text.slice(text.indexOf('{')).replace(/"owner":"./, '"owner":"_')),
    ],
  ]) {
    test(`${name}: a new login is made, and kept`, async () => {
      const it = world()
      await it.run(it.mini.token())
      for (const [key, value] of it.phone.disk) it.phone.disk.set(key, spoil(value))
      it.start()
      const token = await it.run(it.mini.token())
      assert.equal(it.gateway.logins, 2)
      it.start()
      assert.equal((await it.run(it.mini.token())).text, token.text)
    })
  }
})

test('a clock that jumps while the mini-program runs: requests go on, without another login', async () => {
  for (const jump of [-86_400_000, 86_400_000, -3_600_000]) {
    const it = world()
    await it.run(it.mini.token())
    it.phone.clockErrorMs = jump
    assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
    it.phone.clockErrorMs = 0
    assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
    assert.equal(it.gateway.logins, 1)
    assert.ok([...it.gateway.families.values()].every(({ revoked }) => !revoked))
  }
})

describe('a fresh login', () => {
  test('is not the refresh that is under way', async () => {
    const it = world()
    const first = await it.run(it.mini.token())
    await it.phone.pass(800_000)
    const { fault, release } = hold()
    it.gateway.fault = ({ form }) => form?.grant_type === REFRESH && fault
    const refreshed = it.mini.token()
    await it.phone.pass(1)
    const fresh = it.mini.login({ fresh: true })
    await it.phone.pass(1)
    release()
    assert.notEqual((await it.run(refreshed)).text, first.text)
    assert.notEqual((await it.run(fresh)).text, (await refreshed).text)
    assert.equal(it.gateway.logins, 2)
    assert.equal((await it.run(it.mini.token())).text, (await fresh).text)
  })

  test('takes no code that is on its way already', async () => {
    const it = world()
    const { fault, release } = hold()
    it.gateway.fault = ({ form }) => form && fault
    void it.mini.login().catch(() => {})
    await it.phone.pass(1)
    // Killed while the answer was on its way: the code is kept for the next start.
    it.start()
    release()
    it.gateway.fault = () => undefined
    await it.run(it.mini.login({ fresh: true }))
    const codes = it.gateway.log.filter(({ form }) => form).map(({ form }) => form.subject_token)
    assert.equal(new Set(codes).size, 2)
    assert.equal(it.gateway.logins, 2)
  })
})

test('a trap of the module ends the call under way, and the next one goes on with another instance and the same record', async () => {
  const it = world('wechat', { wasm: 'trapping' })
  const first = await it.run(it.mini.token())
  it.process.api.trap()
  await it.run(assert.rejects(it.mini.request({ url: service })))
  assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
  assert.equal((await it.run(it.mini.token())).text, first.text)
  await it.phone.pass(900_000)
  await it.run(it.mini.token())
  assert.equal(it.gateway.count(REFRESH), 1)
  assert.equal(it.gateway.logins, 1)
  // What came after the trap is kept as well.
  const last = await it.run(it.mini.token())
  it.start({ wasm: 'pair' })
  assert.equal((await it.run(it.mini.token())).text, last.text)
  await it.run(it.mini.logout())
  assert.equal((await it.run(it.mini.status())).loggedIn, false)
})

/** A login and a refresh; `atCall` is told of each call of the storage. Gives how many there were. */
async function life(atCall) {
  let calls = 0
  let it
  const failStorage = () => {
    calls += 1
    return it === undefined ? false : atCall(it, calls) === true
  }
  it = world('wechat', { failStorage })
  const work = async () => {
    await it.mini.token()
    await it.phone.pass(800_000)
    await it.mini.token()
  }
  return { it, work, calls: () => calls }
}

describe('at each call of the storage', () => {
  for (const when of ['before', 'after']) {
    test(`killed ${when} it: the next start goes on, and the family lives`, async (t) => {
      let kills = 0
      for (let at = 1; ; at++) {
        const { it, work } = await life(({ process }, call) => {
          if (call !== at) return false
          process.kill()
          return when === 'before'
        })
        await it.run(work().catch(() => {})).catch(() => {})
        if (it.process.alive) break
        kills += 1
        it.start({ failStorage: undefined })
        await it.run(it.mini.token())
        await it.phone.pass(800_000)
        assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
        assert.ok([...it.gateway.families.values()].every(({ revoked }) => !revoked))
        assert.equal(it.gateway.subjects.size, 1)
        assert.ok(it.gateway.logins <= 2)
      }
      t.diagnostic(`${kills} kills`)
      assert.ok(kills >= 5)
    })
  }

  test('frozen for ten minutes there: it goes on when it is shown', async (t) => {
    let freezes = 0
    for (let at = 1; ; at++) {
      let frozen = false
      const { it } = await life(({ process }, call) => {
        if (call !== at) return false
        frozen = true
        process.hide()
        return false
      })
      const token = it.mini.token()
      await it.phone.pass(600_000)
      if (!frozen) break
      freezes += 1
      it.process.show()
      assert.ok((await it.run(token)).text)
      assert.equal((await it.run(it.mini.request({ url: service }))).status, 200)
      assert.ok(it.gateway.logins <= 2)
    }
    t.diagnostic(`${freezes} freezes`)
    assert.ok(freezes >= 3)
  })
})
