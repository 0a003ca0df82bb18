// Token Status Lists (draft-ietf-oauth-status-list) from a real server: how they are read, when they are believed, and
// what becomes of tokens while none can be had.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import {
  createMetrics,
  createVerifier,
  revocationByIssuer,
  statusListRevocation,
} from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { packed, signed, startListServer, statusList } from './support/status_lists.js'
import { audience, clockAt, issuer, start } from './support/world.js'

const key = { ...generateKey('Ed25519', { kid: 'lists' }), alg: 'EdDSA' }
const startSeconds = start / 1000

let server
let uri

before(async () => {
  server = await startListServer()
  uri = `${server.origin}/lists/1`
})
after(() => server.stop())
beforeEach(() => (server.requests = []))

/** The claims of a good Status List Token. */
function listClaims(change = {}) {
  const list = statusList(2, packed(2, [0, 1, 2, 3]))
  return { sub: uri, iat: startSeconds, ttl: 60, status_list: list, ...change }
}

const listToken = (change) => signed(listClaims(change), key)

const serve =
  (body, headers = {}, status = 200) =>
  (response) =>
    response.writeHead(status, headers).end(body)

const fail = serve('', {}, 503)

/** A source, its clock and what it reports. */
function source(options = {}) {
  const clock = clockAt()
  const events = []
  const revocation = statusListRevocation({
    issuer,
    keys: [publicKey(key)],
    uris: [`${server.origin}/lists/`],
    now: clock,
    onEvent: (event) => events.push(event),
    ...options,
  })
  const ask = (idx, at = uri) => revocation.isRevoked(claimsAt(idx, at))
  return { revocation, clock, events, ask }
}

const claimsAt = (idx, at = uri) => ({
  iss: issuer,
  aud: audience,
  exp: startSeconds + 1e6,
  status: { status_list: { idx, uri: at } },
})

/** What a status means, by the draft's §7.1. */
async function outcome(ask, index) {
  try {
    return (await ask(index)) ? 'revoked' : 'valid'
  } catch (error) {
    return error.code
  }
}
const meaning = (status) => ['valid', 'revoked', 'token_suspended'][status] ?? 'revoked'

const unavailable = (cause) => (error) => {
  assert.equal(error.code, 'temporarily_unavailable')
  if (cause) assert.equal(error.cause?.code, cause, String(error.cause))
  return true
}
const refused = (code, detail) => (error) =>
  error.name === 'LingpaiError' && error.code === code && error.message.includes(detail ?? '')

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

describe('a Status List Token', () => {
  const other = { ...generateKey('Ed25519', { kid: 'lists' }), alg: 'EdDSA' }
  const cases = {
    'is of another type': [() => signed(listClaims(), key, { typ: 'at+jwt' }), 'type_mismatch'],
    'is about another list': [() => listToken({ sub: `${uri}0` }), 'subject_mismatch'],
    'is about nothing': [() => listToken({ sub: undefined }), 'subject_mismatch'],
    'has expired': [() => listToken({ exp: startSeconds - 6 }), 'token_expired'],
    'was not issued at any time': [() => listToken({ iat: undefined }), 'claim_invalid'],
    'comes from the future': [() => listToken({ iat: startSeconds + 6 }), 'token_not_yet_valid'],
    'is of another issuer': [() => listToken({ iss: 'https://other.example' }), 'issuer_mismatch'],
    'is signed with another key': [() => signed(listClaims(), other), 'signature_invalid'],
    'is signed with an unknown key': [
      () => signed(listClaims(), { ...other, kid: 'unknown' }),
      'key_not_found',
    ],
    'is not signed': [
      () => `${signed(listClaims(), key, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
      'algorithm_not_allowed',
    ],
    'has a ttl of 0': [() => listToken({ ttl: 0 }), 'claim_invalid'],
    'has a ttl below 0': [() => listToken({ ttl: -1 }), 'claim_invalid'],
    'has a ttl that is a text': [() => listToken({ ttl: '60' }), 'claim_invalid'],
    'is a page': [() => '<html>', 'malformed'],
    'is empty': [() => '', 'malformed'],
  }
  for (const [name, [body, code]] of Object.entries(cases)) {
    test(`is not believed if it ${name}`, async () => {
      server.respond = serve(body())
      const { ask, events } = source()
      await assert.rejects(ask(0), unavailable(code))
      assert.deepEqual(events, [{ type: 'status_list', outcome: 'failed', code }])
    })
  }

  for (const [alg, kind, parameters] of [
    ['ES256', 'ec', { namedCurve: 'P-256' }],
    ['RS256', 'rsa', { modulusLength: 2048 }],
  ]) {
    test(`may be signed with ${alg}`, async () => {
      const jwk = generateKeyPairSync(kind, parameters).privateKey.export({ format: 'jwk' })
      const own = { ...jwk, kid: 'own', alg, use: 'sig' }
      const { d, p, q, dp, dq, qi, ...shown } = own
      const { ask } = source({ keys: [shown] })
      server.respond = serve(signed(listClaims(), own))
      assert.equal(await ask(1), true)
      const [head, payload] = signed(listClaims(), own).split('.')
      const [, , signature] = signed(listClaims({ iat: startSeconds - 1 }), own).split('.')
      server.respond = serve([head, payload, signature].join('.'))
      await assert.rejects(source({ keys: [shown] }).ask(1), unavailable('signature_invalid'))
    })
  }

  test('may name its issuer, and need not expire', async () => {
    server.respond = serve(listToken({ iss: issuer }))
    assert.equal(await source().ask(0), false)
    server.respond = serve(listToken({ exp: startSeconds + 1 }))
    assert.equal(await source().ask(0), false)
  })

  test('is asked for as the draft says', async () => {
    server.respond = serve(listToken())
    await source().ask(0)
    const [{ method, url, headers }] = server.requests
    assert.deepEqual(
      [method, url, headers.accept],
      ['GET', '/lists/1', 'application/statuslist+jwt'],
    )
  })
})

describe('an answer that is no Status List Token', () => {
  test('is a failure: an error, or nothing in time', async () => {
    for (const status of [204, 206, 304, 400, 404, 500, 503]) {
      server.respond = serve(status < 300 ? undefined : listToken(), {}, status)
      await assert.rejects(source().ask(0), unavailable('temporarily_unavailable'))
    }
    server.respond = () => {}
    await assert.rejects(source({ timeoutMs: 50 }).ask(0), unavailable())
    server.respond = (response) => response.socket.destroy()
    await assert.rejects(source().ask(0), unavailable())
  })

  test('is not followed where it leads elsewhere', async () => {
    server.respond = (response, { url }) =>
      url === '/lists/1'
        ? response.writeHead(302, { location: '/lists/2' }).end()
        : serve(listToken())(response)
    await assert.rejects(source().ask(0), unavailable())
    assert.equal(server.requests.length, 1)
  })

  test('is read no further than a list can be long', async () => {
    let sent = 0
    server.respond = async (response) => {
      response.on('error', () => {})
      response.writeHead(200)
      const part = Buffer.alloc(64 * 1024, 65)
      while (!response.destroyed && sent < 64 * 2 ** 20) {
        sent += part.length
        if (!response.write(part)) {
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
        }
      }
    }
    await assert.rejects(source().ask(0), unavailable('limit_exceeded'))
    assert.ok(sent < 32 * 2 ** 20, `sent ${sent}`)
  })
})

describe('an address', () => {
  test('that is not allowed is never asked', async () => {
    server.respond = serve(listToken())
    const { ask } = source({ uris: [`${server.origin}/lists/`, `${server.origin}/one`] })
    for (const address of [
      `${server.origin}/other/1`,
      `${server.origin}/listsx`,
      `${server.origin}/lists`,
      `${server.origin}/one/more`,
      `${server.origin}/one?x`,
      `${server.origin}/lists/../other`,
      `${server.origin}/lists/%2e%2e/other`,
      `${server.origin}/lists/..%2fother`,
      `${server.origin}/lists/..%5Cother`,
      `${server.origin}/lists/1#2`,
      `${server.origin.replace('//', '//user@')}/lists/1`,
      `${server.origin.replace('http', 'HTTP')}/lists/1`,
      ` ${uri}`,
      `${uri}\n`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      'lists/1',
      '',
    ]) {
      await assert.rejects(ask(0, address), refused('claim_invalid', 'uri'), address)
    }
    assert.equal(server.requests.length, 0)
    assert.equal(await ask(0, uri), false)
  })
})

describe('a reference', () => {
  const cases = {
    'a negative index': { idx: -1 },
    'a fraction as an index': { idx: 0.5 },
    'an index that no double holds exactly': { idx: 2 ** 53 },
    'an index that is a text': { idx: '0' },
    'no index': { idx: undefined },
    'no address': { uri: undefined },
    'an address that is a number': { uri: 1 },
  }
  for (const [name, change] of Object.entries(cases)) {
    test(`with ${name} is refused without a look`, async () => {
      const { status_list } = claimsAt(0).status
      const status = { status_list: { ...status_list, ...change } }
      const { revocation } = source()
      await assert.rejects(
        revocation.isRevoked({ ...claimsAt(0), status }),
        refused('claim_invalid', 'status_list'),
      )
      assert.equal(server.requests.length, 0)
    })
  }

  test('that is no object is refused', async () => {
    const { revocation } = source()
    for (const status of [1, 'x', null, { status_list: 1 }, { status_list: null }]) {
      await assert.rejects(
        revocation.isRevoked({ ...claimsAt(0), status }),
        refused('claim_invalid'),
      )
    }
  })

  test('beyond the end of the list is refused, however far', async () => {
    server.respond = serve(listToken())
    const { ask } = source()
    for (const index of [4, 5, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
      await assert.rejects(ask(index), refused('claim_invalid', 'idx'), String(index))
    }
  })

  test('may be missing, unless it is required', async () => {
    const { status, ...claims } = claimsAt(0)
    const elsewhere = { ...claims, status: { other: {} } }
    const free = source().revocation
    assert.equal(await free.isRevoked(claims), false)
    assert.equal(await free.isRevoked(elsewhere), false)
    const strict = source({ required: true }).revocation
    await assert.rejects(strict.isRevoked(claims), refused('claim_invalid', 'status'))
    await assert.rejects(strict.isRevoked(elsewhere), refused('claim_invalid', 'status'))
  })
})

describe('a verifier with status lists', () => {
  const verifierOf = (revocation, clock) =>
    createVerifier({
      issuer,
      audience,
      type: 'at+jwt',
      keys: [publicKey(key)],
      revocation,
      now: clock,
    })
  const token = (idx, at) => {
    const claims = { ...claimsAt(idx, at), iat: startSeconds }
    return signJws(JSON.stringify(claims), key, { typ: 'at+jwt' })
  }

  test('says why it refuses, and refuses whatever it cannot know', async () => {
    server.respond = serve(listToken())
    const { revocation, clock } = source()
    const verifier = verifierOf(revocation, clock)
    await verifier.verify(token(0))
    for (const [text, code, status] of [
      [token(1), 'token_revoked', 401],
      [token(2), 'token_suspended', 401],
      [token(3), 'token_revoked', 401],
      [token(4), 'claim_invalid', 401],
      [token(0, `${server.origin}/x`), 'claim_invalid', 401],
    ]) {
      await assert.rejects(verifier.verify(text), { name: 'LingpaiError', code, status })
    }
    server.respond = fail
    clock.pass(60)
    await assert.rejects(verifier.verify(token(0)), {
      code: 'temporarily_unavailable',
      status: 503,
    })
  })
})

describe('several issuers', () => {
  const asked = (answer) => ({ isRevoked: async () => answer })
  const claims = (iss) => ({ ...claimsAt(0), iss })

  test('have a revocation each, and a stranger none that would let it pass', async () => {
    const sources = { 'https://a.example': asked(true), 'https://b.example': 'none' }
    const { isRevoked } = revocationByIssuer(sources)
    assert.equal(await isRevoked(claims('https://a.example')), true)
    assert.equal(await isRevoked(claims('https://b.example')), false)
    for (const iss of ['https://c.example', 'https://A.example', '__proto__', 'toString']) {
      await assert.rejects(async () => isRevoked(claims(iss)), refused('issuer_mismatch'))
    }
  })

  test('have to be given sources', () => {
    for (const source of [undefined, {}, 'all']) {
      assert.throws(() => revocationByIssuer({ 'https://a.example': source }), TypeError)
    }
  })
})

describe('the time of a list', () => {
  /** After how many seconds it is asked for again, looking each second from `from` on. */
  async function life({ list, headers, options, from = 1, most = 200 }) {
    server.respond = serve(listToken({ ttl: undefined, ...list }), headers)
    const { ask, clock } = source(options)
    await ask(0)
    // What is ahead of need does not count here.
    for (let passed = 0; ; passed++) {
      if (passed >= most) return Infinity
      server.respond = fail
      if (
        passed >= from &&
        !(await ask(0).then(
          () => true,
          () => false,
        ))
      )
        return passed
      clock.pass(1)
    }
  }

  test('is its ttl', async () => {
    assert.equal(await life({ list: { ttl: 60 } }), 60)
  })

  test('is what is left of its answer’s only where it has no ttl', async () => {
    const age = (control, age) => ({ 'cache-control': control, ...(age && { age }) })
    for (const [headers, seconds] of [
      [age('public, max-age=30'), 30],
      [age('max-age=100', '60'), 40],
      [age('max-age=100', '5000'), 10],
      [age('max-age=100, s-maxage=50', '20'), 30],
      [age('private, max-age=40'), 40],
      [age(`max-age=${'9'.repeat(400)}`, '9'.repeat(400)), Infinity],
      [
        { date: new Date(start).toUTCString(), expires: new Date(start + 50_000).toUTCString() },
        50,
      ],
    ]) {
      assert.equal(await life({ headers }), seconds, JSON.stringify(headers))
      // From when it was fetched, however old the copy was: the draft's §13.7.
      assert.equal(await life({ headers, list: { ttl: 90 } }), 90)
    }
  })

  test('is kept within bounds', async () => {
    assert.equal(await life({ list: { ttl: 1e-3 } }), 10)
    assert.equal(await life({ headers: { 'cache-control': 'no-store' } }), 10)
    assert.equal(await life({ list: { ttl: 1e9 }, options: { maxTtlSeconds: 20 } }), 20)
    const day = 86_400
    assert.equal(await life({ list: { ttl: 1e300 }, from: day - 1, most: day + 2 }), day)
    assert.equal(await life({ from: 299, most: 302 }), 300)
  })

  test('ends with its exp and the tolerance for clocks, whatever its ttl and whatever is accepted', async () => {
    const list = { ttl: 60, exp: startSeconds + 20 }
    assert.equal(await life({ list }), 25)
    assert.equal(await life({ list, options: { staleSeconds: 1000 } }), 25)
    assert.equal(await life({ list, options: { clockToleranceSeconds: 0 } }), 20)
  })

  test('ends a week after it was made where it has no exp, whatever else it says', async () => {
    const week = 7 * 86_400
    const made = (secondsAgo, more) => ({ iat: startSeconds - secondsAgo, ...more })
    assert.equal(await life({ list: made(week - 20, { ttl: 60 }) }), 20)
    assert.equal(await life({ list: made(week - 20), options: { staleSeconds: 1000 } }), 20)
    assert.equal(await life({ list: made(week - 20, { ttl: 60, exp: startSeconds + 1e6 }) }), 60)
    const options = { maxListAgeSeconds: 30 }
    assert.equal(await life({ list: made(10, { ttl: 60 }), options }), 20)
  })

  test('that is over before it comes is an outage, as for a cold instance before a forgotten copy', async () => {
    const old = { iat: startSeconds - 300 * 86_400, ttl: 60 }
    server.respond = serve(listToken(old), { age: '25000000', 'cache-control': 'max-age=60' })
    const { ask, events } = source()
    await assert.rejects(ask(0), unavailable('token_expired'))
    assert.deepEqual(events, [{ type: 'status_list', outcome: 'failed', code: 'token_expired' }])
    assert.equal(await source({ maxListAgeSeconds: 301 * 86_400 }).ask(0), false)
    server.respond = serve(listToken({ ...old, exp: startSeconds + 60 }))
    assert.equal(await source().ask(0), false)
  })

  test('is stretched by no more than allowed while its server fails', async () => {
    const list = { ttl: 60 }
    assert.equal(await life({ list, options: { staleSeconds: 30 } }), 90)
  })
})

describe('lists that are fetched', () => {
  test('once for many tokens, and once for tokens that come together', async () => {
    server.respond = (response) => setTimeout(() => serve(listToken())(response), 50)
    const { ask, events } = source()
    assert.deepEqual(
      await Promise.all(Array.from({ length: 20 }, () => ask(0))),
      Array(20).fill(false),
    )
    for (let i = 0; i < 20; i++) await ask(0)
    assert.equal(server.requests.length, 1)
    assert.deepEqual(events, [{ type: 'status_list', outcome: 'loaded' }])
  })

  test('ahead of need, without anybody waiting for it', async () => {
    server.respond = serve(listToken())
    const { ask, clock } = source()
    await ask(0)
    clock.pass(50)
    let release
    const held = new Promise((resolve) => (release = resolve))
    const asked = new Promise((resolve) => {
      server.respond = async (response) => {
        resolve()
        await held
        const list = statusList(1, packed(1, [1]))
        serve(listToken({ iat: startSeconds + 50, status_list: list }))(response)
      }
    })
    assert.equal(await ask(0), false)
    await asked
    assert.equal(await ask(0), false)
    release()
    while (!(await ask(0))) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(server.requests.length, 2)
    clock.pass(59)
    assert.equal(await ask(0), true)
  })

  test('again although a request that began to fetch was cancelled', async () => {
    server.respond = serve(listToken())
    let cancelled = true
    const never = () => new Promise(() => {})
    const own = (input, init) => (cancelled ? never() : fetch(input, init))
    const { ask, clock } = source({ fetch: own })
    void ask(0)
    cancelled = false
    clock.pass(7)
    assert.equal(await ask(0), false)
  })

  test('although a fetch does not heed its signal', async () => {
    const own = () => new Promise(() => {})
    await assert.rejects(source({ fetch: own, timeoutMs: 50 }).ask(0), unavailable())
  })

  test('ahead of need in work that the runtime is asked to wait for', async () => {
    server.respond = serve(listToken())
    const works = []
    const { ask, clock } = source({ waitUntil: (work) => works.push(work) })
    await ask(0)
    assert.equal(works.length, 1)
    clock.pass(50)
    await ask(0)
    assert.equal(works.length, 2)
    await works[1]
    assert.equal(server.requests.length, 2)
  })

  test('again when the clock was set back', async () => {
    server.respond = serve(listToken({ iat: startSeconds - 86_400 }))
    const { ask, clock } = source()
    await ask(0)
    clock.pass(-3600)
    await ask(0)
    assert.equal(server.requests.length, 2)
  })

  test('and counted', async () => {
    const metrics = createMetrics()
    const { ask, clock } = source({ onEvent: metrics })
    server.respond = serve(listToken())
    await ask(0)
    clock.pass(60)
    server.respond = fail
    await assert.rejects(ask(0), unavailable())
    const { statusLists } = metrics.snapshot()
    assert.deepEqual(statusLists, { loaded: 1, temporarily_unavailable: 1 })
    assert.match(metrics.prometheus(), /^lingpai_status_lists_total\{outcome="loaded"\} 1$/m)
  })

  test('even if who is told of it throws', async () => {
    server.respond = serve(listToken())
    const onEvent = () => {
      throw new Error('no log')
    }
    assert.equal(await source({ onEvent }).ask(0), false)
  })

  test('seldom while their server fails', async () => {
    server.respond = fail
    const { ask, clock } = source()
    for (let i = 0; i < 50; i++) await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 1)
    clock.pass(5)
    for (let i = 0; i < 50; i++) await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 2)
    server.respond = serve(listToken())
    clock.pass(5)
    assert.equal(await ask(0), false)
  })

  test('no sooner than a failing server asks, as far as that is reasonable', async () => {
    server.respond = serve('', { 'retry-after': '20' }, 503)
    const { ask, clock } = source()
    await assert.rejects(ask(0), unavailable())
    server.respond = serve('', { 'retry-after': '86400' }, 503)
    clock.pass(19)
    await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 1)
    clock.pass(1)
    await assert.rejects(ask(0), unavailable())
    assert.equal(server.requests.length, 2)
    server.respond = serve(listToken())
    clock.pass(60)
    assert.equal(await ask(0), false)
  })

  test('only if they have changed', async () => {
    const statuses = []
    server.respond = (response, { headers }) => {
      const same = headers['if-none-match'] === '"v1"'
      statuses.push(same ? 304 : 200)
      const body = same ? undefined : listToken({ exp: startSeconds + 150 })
      serve(body, { etag: '"v1"' }, statuses.at(-1))(response)
    }
    const { ask, clock } = source()
    for (let i = 0; i < 2; i++) {
      assert.equal(await ask(1), true)
      clock.pass(60)
    }
    assert.equal(await ask(1), true)
    assert.deepEqual(statuses, [200, 304, 304])
    // That nothing has changed prolongs nothing.
    clock.pass(35)
    await assert.rejects(ask(1), unavailable())
  })

  test('again after the time that the latest answer gives, where they have no ttl', async () => {
    const control = { 'cache-control': 'max-age=100' }
    const answers = [
      [{ etag: '"v1"', age: '80', ...control }, 20],
      [control, 100],
      [{}, 100],
      [{ age: '70', ...control }, 30],
    ]
    let asked = 0
    server.respond = (response, { headers }) => {
      const same = headers['if-none-match'] === '"v1"'
      serve(
        same ? undefined : listToken({ ttl: undefined }),
        answers[asked++][0],
        same ? 304 : 200,
      )(response)
    }
    const { ask, clock } = source()
    for (const [, seconds] of answers) {
      const before = asked
      assert.equal(await ask(1), true)
      assert.equal(asked, before + 1)
      clock.pass(Math.floor(seconds * 0.8) - 1)
      assert.equal(await ask(1), true)
      assert.equal(asked, before + 1)
      clock.pass(seconds - Math.floor(seconds * 0.8) + 1)
    }
  })

  test('anew when the keys of their issuer are others', async () => {
    const seen = []
    const set = { keys: [publicKey(key)] }
    server.respond = (response, { url, headers }) => {
      if (url === '/jwks.json') {
        const type = { 'content-type': 'application/json', 'cache-control': 'max-age=60' }
        return serve(JSON.stringify(set), type)(response)
      }
      seen.push(headers['if-none-match'])
      serve(listToken(), { etag: '"v1"' })(response)
    }
    const { ask, clock } = source({ keys: `${server.origin}/jwks.json` })
    await ask(0)
    set.keys = [publicKey(generateKey('Ed25519', { kid: 'next' }))]
    clock.pass(60)
    await assert.rejects(ask(0), unavailable('key_not_found'))
    assert.deepEqual(seen, [undefined, undefined])
  })

  test('never to go back to an older one', async () => {
    const one = (iat, status) => listToken({ iat, status_list: statusList(1, packed(1, [status])) })
    server.respond = serve(one(startSeconds, 1))
    const { ask, clock } = source()
    assert.equal(await ask(0), true)
    server.respond = serve(one(startSeconds - 1, 0))
    clock.pass(60)
    assert.equal(await ask(0), true)
    server.respond = serve(one(startSeconds + 60, 0))
    clock.pass(60)
    assert.equal(await ask(0), false)
  })

  test('and kept within their memory: those not used for longest go', async () => {
    const list = statusList(8, Buffer.alloc(1000))
    server.respond = (response, { url }) =>
      serve(listToken({ sub: server.origin + url, status_list: list }))(response)
    const { ask } = source({ maxListBytes: 1000, cacheBytes: 3000 })
    const at = (name) => ask(0, `${server.origin}/lists/${name}`)
    for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'd']) await at(name)
    assert.equal(server.requests.length, 4)
    await at('b')
    assert.equal(server.requests.length, 5)
  })
})

describe('options', () => {
  const wrong = {
    issuer: [undefined, '', 1],
    uris: [
      undefined,
      [],
      'https://x',
      ['x'],
      ['http://x.example/'],
      ['https://a@x/'],
      ['https://x/#a'],
    ],
    keys: [undefined, 'x', {}],
    staleSeconds: [-1, 1.5, 86_401],
    maxTtlSeconds: [-1, '1'],
    maxListAgeSeconds: [0, 1.5, Infinity],
    maxListBytes: [-1, 2 ** 24 + 1],
    cacheBytes: [1, 0.5],
    timeoutMs: [-1, 60_001],
    clockToleranceSeconds: [61],
  }
  for (const [name, values] of Object.entries(wrong)) {
    test(`are refused with their name: ${name}`, () => {
      for (const value of values) {
        assert.throws(() => source({ [name]: value }), new RegExp(`^TypeError: ${name}\\b`))
      }
    })
  }

  test('do not help where the runtime cannot inflate', () => {
    const original = globalThis.DecompressionStream
    delete globalThis.DecompressionStream
    try {
      assert.throws(() => source(), /^TypeError: .*DecompressionStream/)
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
