// When a Status List Token and an answer that should be one are believed, where they may come from, and what tokens say of their
// place in them.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { generateKey } from '@lingpai/edge/jose'
import {
  claimsAt,
  key,
  listClaims,
  listToken,
  outcome,
  refused,
  serve,
  server,
  source,
  startSeconds,
  unavailable,
  uri,
  useListServer,
} from './support/status_list_world.js'
import { signed } from './support/status_lists.js'
import { issuer } from './support/world.js'

useListServer()

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
