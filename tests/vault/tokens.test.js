// The vault while it is there: one token for a value whatever its spelling, values only for those who may, and nothing in an
// answer that tells whether a value was known before.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { clearOfTheHour } from '../support/hour.js'
import { person, phone, startVault } from './support/world.js'

let world
before(async () => (world = await startVault({ fields: { email: { revealsPerHour: 3 } } })))
after(() => world?.stop())

describe('tokens', () => {
  test('look like their values, and are none', async () => {
    const me = await person(world)
    const values = {
      phone: ['13800138000', /^11\d{9}$/],
      card: ['4111 1111 1111 1111', /^01\d{14}$/],
      identity: ['11010519491231002X', /^0\d{16}[\dX]$/],
      email: ['lin.qiao@example.cn', /^[a-z2-7]{20}@token\.invalid$/],
      name: ['林巧', /^lpt1_[a-z2-7]{20}$/],
    }
    for (const [field, [value, shape]] of Object.entries(values)) {
      const [token] = await me.tokenize(field, [value])
      assert.match(token, shape)
      if (field === 'card') assert.ok(luhn(token), token)
      assert.deepEqual(await me.reveal(field, [token]), [canonicalOf[field] ?? value])
      for (const other of Object.keys(values)) {
        assert.deepEqual(await me.tokenize(other, [token]), ['bad_value'], `${token} as ${other}`)
      }
    }
  })

  test('are the same for all spellings of a value, and for everybody of the tenant', async () => {
    const number = phone()
    const [me, other] = [await person(world), await person(world)]
    const spellings = [number, `+86 ${number}`, `0086${number}`, number.replace('139', '139-')]
    const tokens = await me.tokenize('phone', spellings)
    assert.equal(new Set([...tokens, ...(await other.tokenize('phone', [number]))]).size, 1)
  })

  test('of one tenant are nothing to another', async () => {
    const number = phone()
    const [me, other] = [
      await person(world),
      await person(world, { claims: { client_id: 'another' } }),
    ]
    const [token] = await me.tokenize('phone', [number])
    assert.notEqual((await other.tokenize('phone', [number]))[0], token)
    assert.deepEqual(await other.reveal('phone', [token]), [null])
  })

  test('are one for a thousand askings at once', async () => {
    const number = phone()
    const several = await Promise.all(Array.from({ length: 10 }, () => person(world)))
    const values = Array(10).fill(number)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => several[at % 10].tokenize('phone', values)),
    )
    const tokens = answers.flat()
    assert.equal(tokens.length, 1000)
    assert.equal(new Set(tokens).size, 1)
    assert.deepEqual(await several[0].reveal('phone', [tokens[0]]), [`+86${number}`])
  })
})

describe('what an answer tells', () => {
  test('has one shape and status whether the value was known or not', async () => {
    const me = await person(world)
    const number = phone()
    const ask = () => me.call('/v1/tokens', { items: [{ op: 'a', field: 'phone', value: number }] })
    const [first, again] = [await ask(), await ask()]
    const shape = ({ status, headers, body }) => [
      status,
      body,
      [...headers].filter(([name]) => name !== 'date'),
    ]
    assert.deepEqual(shape(again), shape(first))
    assert.deepEqual(Object.keys(first.content.results[0]), ['op', 'status', 'token'])
  })

  test('is the same for a token that never was and for one that is none', async () => {
    const me = await person(world)
    const tokens = ['11000000000', '13800138000', 'x', `lpp1_${'A'.repeat(43)}`]
    assert.deepEqual(await me.reveal('phone', tokens), [null, null, null, null])
    assert.deepEqual(await me.canonical('phone', tokens), [null, null, null, null])
  })

  test('is never kept by a cache', async () => {
    const me = await person(world)
    const { headers } = await me.call('/v1/tokens', {
      items: [{ op: 'a', field: 'name', value: 'x' }],
    })
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.ok(headers.get('date'))
  })
})

describe('rights', () => {
  test('a field without its scope is refused, for each right by itself', async () => {
    const me = await person(world, { scope: 'tokenize:phone' })
    const [token] = await me.tokenize('phone', [phone()])
    const refused = async (path, body) => {
      const { status, headers, content } = await me.call(path, body)
      assert.equal(status, 403, JSON.stringify(content))
      assert.equal(content.error, 'insufficient_scope')
      assert.match(headers.get('www-authenticate'), /insufficient_scope/)
    }
    await refused('/v1/tokens/reveal', { items: [{ field: 'phone', token }] })
    await refused('/v1/tokens', { items: [{ op: 'a', field: 'card', value: '4111111111111111' }] })
    await refused('/v1/pools', { field: 'card', count: 1 })
    // Joins need no right to reveal.
    assert.deepEqual(await me.canonical('phone', [token]), [token])
  })

  test('a batch with one field too many is refused as a whole', async () => {
    const me = await person(world, { scope: 'tokenize:phone' })
    const items = [
      { op: 'a', field: 'phone', value: phone() },
      { op: 'b', field: 'name', value: 'x' },
    ]
    assert.equal((await me.call('/v1/tokens', { items })).status, 403)
  })

  test('without a proof of the key, nothing', async () => {
    const me = await person(world)
    const thief = await person(world)
    const stolen = await thief.call('/v1/tokens', '{}', { authorization: `DPoP ${me.token}` })
    assert.equal(stolen.status, 401)
    const plain = await me.call('/v1/tokens', '{}', { authorization: `Bearer ${me.token}` })
    assert.equal(plain.status, 401)
  })

  test('more than a field allows to be revealed in an hour has to wait', async () => {
    await clearOfTheHour()
    const me = await person(world)
    const tokens = await me.tokenize('email', ['a@x.cn', 'b@x.cn', 'c@x.cn', 'd@x.cn'])
    assert.equal((await me.reveal('email', tokens.slice(0, 2))).length, 2)
    const items = tokens.slice(2).map((token) => ({ field: 'email', token }))
    const over = await me.call('/v1/tokens/reveal', { items })
    assert.equal(over.status, 429)
    assert.ok(Number(over.headers.get('retry-after')) > 0)
    // Refused as a whole: what is left may still be used.
    assert.equal((await me.reveal('email', tokens.slice(3)))[0], 'd@x.cn')
    const other = await person(world)
    assert.deepEqual(await other.reveal('email', tokens.slice(0, 1)), ['a@x.cn'])
  })
})

describe('hostile requests', () => {
  const hostile = {
    'no JSON': '{',
    'another root': '[]',
    'nothing wanted': '{"items":[]}',
    'a name twice': '{"items":[{"op":"a","op":"b","field":"name","value":"x"}]}',
    'a number for a value': '{"items":[{"op":"a","field":"name","value":1}]}',
    'a lone surrogate': '{"items":[{"op":"a","field":"name","value":"\\ud800"}]}',
    'too deep': `{"items":${'['.repeat(50)}${']'.repeat(50)}}`,
    'too many': JSON.stringify({
      items: Array.from({ length: 101 }, () => ({ op: 'a', field: 'name', value: 'x' })),
    }),
    'too long': JSON.stringify({ items: [{ op: 'a', field: 'name', value: 'x'.repeat(300_000) }] }),
    'an unknown field': '{"items":[{"op":"a","field":"nothing","value":"x"}]}',
    'a field like a path': '{"items":[{"op":"a","field":"../name","value":"x"}]}',
    prototypes: '{"__proto__":{"items":[]},"items":[{"op":"a","field":"__proto__","value":"x"}]}',
  }
  for (const [what, body] of Object.entries(hostile)) {
    test(`${what}: refused`, async () => {
      const me = await person(world)
      const { status, content } = await me.call('/v1/tokens', body)
      assert.equal(status, 400, JSON.stringify(content))
      assert.match(content.error, /^invalid_(request|scope)$/)
    })
  }

  test('another method and another type', async () => {
    const me = await person(world)
    assert.equal((await me.call('/v1/tokens', undefined, { method: 'GET' })).status, 405)
    const headers = { 'content-type': 'text/plain' }
    assert.equal((await me.call('/v1/tokens', '{}', { headers })).status, 400)
  })
})

const canonicalOf = { phone: '+8613800138000', card: '4111111111111111' }

function luhn(number) {
  const sum = [...number].reverse().reduce((sum, digit, at) => {
    const doubled = Number(digit) * (1 + (at % 2))
    return sum + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}
