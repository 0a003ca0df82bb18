// How a Token Status List (draft-ietf-oauth-status-list) is read, and one that is damaged.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import {
  listToken,
  meaning,
  outcome,
  serve,
  server,
  source,
  unavailable,
  useListServer,
} from './support/status_list_world.js'
import { packed, statusList } from './support/status_lists.js'

useListServer()

describe('a status list', () => {
  // draft-ietf-oauth-status-list, §4.1 and "Test vectors for Status List encoding".
  const small = {
    1: [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1],
    2: [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3],
  }
  const examples = [
    { bits: 1, lst: 'eNrbuRgAAhcBXQ', statuses: { ...small[1] } },
    { bits: 2, lst: 'eNo76fITAAPfAgc', statuses: { ...small[2] } },
    {
      bits: 1,
      lst:
        'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAA' +
        'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAA' +
        'AAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKj' +
        'DMAQAAAACAZC8L2AEb',
      statuses: Object.fromEntries(
        [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345].map(
          (index) => [index, 1],
        ),
      ),
      size: 2 ** 20,
    },
    {
      bits: 2,
      lst:
        'eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAA' +
        'AAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
        'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID0ugQAAAAAAAAAAAAAAAAAQG' +
        '12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAA' +
        'AAAAAAAAAAAAAAAAAAAAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAA' +
        'AAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw',
      statuses: {
        0: 1,
        1993: 2,
        25460: 1,
        159495: 3,
        495669: 1,
        554353: 1,
        645645: 2,
        723232: 1,
        854545: 1,
        934534: 2,
        1000345: 3,
      },
      size: 2 ** 20,
    },
  ]
  for (const { bits, lst, statuses, size } of examples) {
    test(`is read as in the draft's example of ${bits} bits and ${size ?? 'a few'} statuses`, async () => {
      server.respond = serve(listToken({ status_list: { bits, lst } }))
      const { ask } = source()
      for (const [index, status] of Object.entries(statuses)) {
        assert.equal(await outcome(ask, Number(index)), meaning(status), `index ${index}`)
        if (size) assert.equal(await outcome(ask, Number(index) + 1), 'valid')
      }
      const end = size ?? Object.keys(statuses).length
      assert.equal(await outcome(ask, end), 'claim_invalid')
      assert.equal(server.requests.length, 1)
    })
  }

  test('says of each index what a plain array would', async () => {
    const random = numbers(20270101)
    for (const bits of [1, 2, 4, 8]) {
      for (let round = 0; round < 8; round++) {
        const length = 1 + (random() % 3000)
        const statuses = Array.from({ length }, () => random() % 2 ** bits)
        server.respond = serve(listToken({ status_list: statusList(bits, packed(bits, statuses)) }))
        const { ask } = source()
        for (let index = 0; index < length; index++) {
          assert.equal(
            await outcome(ask, index),
            meaning(statuses[index]),
            `${bits} bits, ${index}`,
          )
        }
        // A list ends with a byte, and what is left of that is VALID.
        const end = Math.ceil((length * bits) / 8) * (8 / bits)
        for (let index = length; index < end; index++) {
          assert.equal(await outcome(ask, index), 'valid')
        }
        assert.equal(await outcome(ask, end), 'claim_invalid')
      }
    }
  })

  test('of a million statuses is kept in 125,000 bytes', async () => {
    const random = numbers(7)
    const statuses = Array.from({ length: 1e6 }, () => Number(random() % 50 === 0))
    server.respond = serve(listToken({ status_list: statusList(1, packed(1, statuses)) }))
    const { ask } = source({ maxListBytes: 125_000, cacheBytes: 125_000 })
    for (const index of [0, 1, 499_999, 999_999]) {
      assert.equal(await outcome(ask, index), meaning(statuses[index]))
    }
    assert.equal(await outcome(ask, 1e6), 'claim_invalid')
    const smaller = source({ maxListBytes: 124_999 })
    await assert.rejects(smaller.ask(0), unavailable('limit_exceeded'))
  })

  test('that does not compress may be as long as allowed', async () => {
    const random = numbers(3)
    const bytes = Buffer.from(Array.from({ length: 2 ** 20 }, () => random() & 255))
    server.respond = serve(listToken({ status_list: statusList(8, bytes) }))
    const { ask } = source()
    assert.equal(await outcome(ask, 12_345), meaning(bytes[12_345]))
    assert.equal(await outcome(ask, 2 ** 20), 'claim_invalid')
  })
})

describe('a list that is damaged', () => {
  const data = deflateSync(
    packed(
      1,
      Array.from({ length: 5000 }, (_, i) => (i % 7 ? 0 : 1)),
    ),
  )
  const changed = (at) => {
    const copy = Buffer.from(data)
    copy[at < 0 ? copy.length + at : at] ^= 1
    return copy
  }
  const cases = {
    'cut off in the middle': data.subarray(0, data.length >> 1),
    'cut off in its checksum': data.subarray(0, -1),
    'cut off before its checksum': data.subarray(0, -4),
    'followed by a byte': Buffer.concat([data, Buffer.from([0])]),
    'followed by itself': Buffer.concat([data, data, Buffer.from([0])]),
    'of a wrong checksum': changed(-1),
    'of a wrong header': changed(0),
    'not of zlib': Buffer.from('no zlib data at all'),
    'only a header': data.subarray(0, 2),
  }
  for (const [name, bytes] of Object.entries(cases)) {
    test(`is not believed: ${name}`, async () => {
      server.respond = serve(
        listToken({ status_list: { bits: 1, lst: bytes.toString('base64url') } }),
      )
      await assert.rejects(source().ask(0), unavailable('malformed'))
    })
  }

  const good = statusList(1, packed(1, [0]))
  const claims = {
    'no status_list': undefined,
    'a status_list that is a text': 'x',
    'a status_list that is null': null,
    'no bits': { lst: good.lst },
    '3 bits': { ...good, bits: 3 },
    '16 bits': { ...good, bits: 16 },
    'bits as a text': { ...good, bits: '1' },
    'no lst': { bits: 1 },
    'an empty lst': { bits: 1, lst: '' },
    'an lst with padding': { bits: 1, lst: `${good.lst}==` },
    'an lst of plain base64': { bits: 1, lst: '+/+/' },
    'an lst of an impossible length': { bits: 1, lst: 'eNpjA' },
  }
  for (const [name, list] of Object.entries(claims)) {
    test(`is not believed: ${name}`, async () => {
      server.respond = serve(listToken({ status_list: list }))
      await assert.rejects(source().ask(0), unavailable('claim_invalid'))
    })
  }

  test('is not inflated beyond what is allowed', async () => {
    let inflated = 0
    const original = globalThis.DecompressionStream
    globalThis.DecompressionStream = class {
      constructor(format) {
        const { readable, writable } = new original(format)
        const count = new TransformStream({
          transform(chunk, controller) {
            inflated += chunk.byteLength
            controller.enqueue(chunk)
          },
        })
        return { readable: readable.pipeThrough(count), writable }
      }
    }
    try {
      const size = 64 * 2 ** 20
      server.respond = serve(listToken({ status_list: statusList(1, Buffer.alloc(size)) }))
      await assert.rejects(source().ask(0), unavailable('limit_exceeded'))
      assert.ok(inflated > 2 ** 20 && inflated < 2 * 2 ** 20, `inflated ${inflated}`)
    } finally {
      globalThis.DecompressionStream = original
    }
  })
})

/** Numbers that look random and are the same each time (xorshift). */
function numbers(seed) {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
