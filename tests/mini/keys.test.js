// Sessions with a proof key, and without one: refreshes, nonces, verified answers, sources of randomness that fail or are none.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { restart } from './hosts/random.js'
import { audience, claimsOf, hang, keys, refusal, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

const REFRESH = 'refresh_token'

describe('with a key', () => {
  test('a refresh whose answer was lost is repeated after a restart, and the family lives', async () => {
    const it = world()
    await it.run(it.mini.token())
    await it.phone.pass(800_000)
    it.gateway.fault = ({ form }) => form && hang()
    void it.mini.token().catch(() => {})
    await it.phone.pass(1)
    it.gateway.fault = () => undefined
    it.start()
    await it.run(it.mini.token())
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 1)
    assert.equal(it.gateway.count(REFRESH), 3)
  })

  test('a refresh token that is refused gives way to a login', async () => {
    const it = world()
    await it.run(it.mini.token())
    for (const family of it.gateway.families.values()) family.revoked = true
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 2)
  })

  test('a token that the service refuses is replaced once, and the request sent again', async () => {
    const it = world()
    await it.run(it.mini.token())
    for (const family of it.gateway.families.values()) family.revoked = true
    const answer = await it.run(it.mini.request({ url: service }))
    assert.equal(answer.status, 200)
    assert.equal(it.gateway.logins, 2)
    it.gateway.fault = ({ path }) => path === '/orders' && refusal('invalid_token', undefined, 401)
    assert.equal((await it.run(it.mini.request({ url: service }))).status, 401)
  })

  test('the server’s nonce is put into the proof', async () => {
    const it = world('wechat', { gateway: { demandNonce: true } })
    await it.run(it.mini.token())
    assert.equal(it.gateway.log.length, 2)
    assert.equal(it.gateway.logins, 1)
    await it.phone.pass(800_000)
    await it.run(it.mini.token())
    assert.equal(it.gateway.logins, 1)
  })

  test('the key survives restarts, and dies with a logout', async () => {
    const it = world()
    const jkt = async () => claimsOf((await it.run(it.mini.token())).text).cnf.jkt
    const first = await jkt()
    it.start()
    await it.phone.pass(800_000)
    assert.equal(await jkt(), first)
    await it.run(it.mini.logout())
    assert.ok(
      [...it.phone.disk.values()].every((value) => !/refreshToken|"key"|"text"/.test(value)),
    )
    assert.notEqual(await jkt(), first)
  })

  test('an issuer that is configured is verified, by its keys or those it publishes', async () => {
    for (const more of [{ keys }, {}]) {
      const it = world('wechat', { mini: { issuer: url, ...more } })
      await it.run(it.mini.token())
      const strange = world('wechat', { mini: { issuer: 'https://other.example', keys } })
      await strange.run(assert.rejects(strange.mini.token(), refused('issuer_mismatch')))
    }
  })

  test('an answer for somebody else is refused', async () => {
    for (const [mini, code] of [
      [{ audience: 'https://other.example' }, 'invalid_target'],
      [{ scope: 'nothing' }, undefined],
    ]) {
      const it = world('wechat', { mini })
      if (code) await it.run(assert.rejects(it.mini.token(), refused(code)))
      else assert.equal((await it.run(it.mini.token())).scope, 'nothing')
    }
    const it = world('wechat', { mini: { scope: 'read' } })
    it.gateway.fault = ({ form }) => {
      if (form) form.scope = 'read pay'
    }
    await it.run(assert.rejects(it.mini.token(), refused('scope_exceeded')))
  })
})

describe('without entropy, or with a bad one', () => {
  for (const [random, code] of [
    ['zeros', 'entropy_weak'],
    ['constant', 'entropy_weak'],
    ['counting', 'entropy_weak'],
    ['short', 'entropy_missing'],
    ['failing', 'entropy_missing'],
    ['silent', 'network_unavailable'],
  ]) {
    test(`a source that is ${random} is refused with ${code}, and nothing is sent`, async () => {
      const it = world('wechat', { random })
      await it.run(assert.rejects(it.mini.token(), refused(code)))
      assert.equal(it.gateway.log.length, 0)
      assert.equal(it.gateway.logins, 0)
      // Once it works again, so does the mini-program.
      it.start({ random: 'good' })
      await it.run(it.mini.token())
    })
  }

  test('a source that gives the same after each start is found out at the second', async () => {
    const it = world('wechat', { random: 'same' })
    restart()
    await it.run(it.mini.token())
    it.start()
    restart()
    await it.run(assert.rejects(it.mini.token(), refused('entropy_weak')))
  })

  test('no source at all: a Bearer token, unless a key is required', async () => {
    const it = world('wechat', { random: 'absent' })
    assert.equal((await it.run(it.mini.token())).type, 'Bearer')
    it.start({ mini: { proof: 'required' } })
    await it.run(assert.rejects(it.mini.token(), refused('entropy_missing')))
  })

  for (const wasm of ['absent', 'hollow', 'broken']) {
    test(`WebAssembly is ${wasm}: JavaScript goes on without proofs, and what was bound waits`, async () => {
      const it = world()
      await it.run(it.mini.token())
      it.start({ wasm })
      const token = await it.run(it.mini.token())
      assert.equal(token.type, 'Bearer')
      assert.equal(
        it.events.some(({ type }) => type === 'wasm-failed'),
        wasm === 'broken',
      )
      it.start()
      await it.phone.pass(1_000_000)
      assert.equal((await it.run(it.mini.token())).type, 'DPoP')
      assert.equal(it.gateway.count(REFRESH), 1)
    })
  }
})
