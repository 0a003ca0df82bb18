// The memory of tokens that were verified keeps what comes again, stays within its bounds, and forgets what was used longest ago.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seenTokens } from '../../npm/edge/dist/seen.js'

/** So that it is kept: what comes once is not. */
function setTwice(seen, token, value) {
  seen.set(token, value)
  seen.set(token, value)
}

test('keeps a token from its second use on', () => {
  const seen = seenTokens(10)
  seen.set('once', 1)
  assert.equal(seen.get('once'), undefined)
  seen.set('once', 2)
  assert.equal(seen.get('once'), 2)
})

test('a flood of tokens that come once pushes out none that comes often', () => {
  const seen = seenTokens(10)
  setTwice(seen, 'often', 1)
  for (let n = 0; n < 100_000; n++) seen.set(`flood ${n}`, n)
  assert.equal(seen.get('often'), 1)
})

test('agrees with a list ordered by use', () => {
  const token = fc.nat(12).map((n) => `token-${n}`.padEnd(10 + n * 500, '.'))
  const command = fc.oneof(fc.record({ set: token, value: fc.nat() }), fc.record({ get: token }))
  fc.assert(
    fc.property(fc.array(command, { maxLength: 100 }), fc.nat(6), (commands, size) => {
      const seen = seenTokens(size)
      let model = []
      for (const { set, value, get } of commands) {
        if (get) {
          const known = model.find(([token]) => token === get)
          assert.equal(seen.get(get), known?.[1])
          if (known) model = [...model.filter((one) => one !== known), known]
        } else {
          setTwice(seen, set, value)
          if (set.length > 4096 || size === 0) continue
          model = [...model.filter(([token]) => token !== set), [set, value]].slice(-size)
        }
      }
      for (const [token, value] of model) assert.equal(seen.get(token), value)
    }),
  )
})

test('holds 8 MiB of tokens, however many are allowed', () => {
  const seen = seenTokens(1_000_000)
  const nth = (n) => String(n).padStart(4096, '0')
  const most = (8 * 1024 * 1024) / 4096
  for (let n = 0; n < most; n++) setTwice(seen, nth(n), n)
  assert.equal(seen.get(nth(0)), 0)
  setTwice(seen, 'short', -1)
  assert.equal(seen.get(nth(1)), undefined, 'the one that was not used since')
  for (const n of [0, 2, most - 1]) assert.equal(seen.get(nth(n)), n)
  for (let n = most; n < 2 * most; n++) setTwice(seen, nth(n), n)
  assert.equal(seen.get(nth(most)), most, 'room for as many as before')
  assert.equal(seen.get(nth(0)), undefined)
})
