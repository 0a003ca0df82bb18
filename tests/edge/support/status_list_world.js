// What the tests of Token Status Lists share: a server of lists, an issuer that signs them, and sources that read them.
import assert from 'node:assert/strict'
import { after, before, beforeEach } from 'node:test'
import { statusListRevocation } from '@lingpai/edge'
import { generateKey, publicKey } from '@lingpai/edge/jose'
import { packed, signed, startListServer, statusList } from './status_lists.js'
import { audience, clockAt, issuer, start } from './world.js'

export const key = { ...generateKey('Ed25519', { kid: 'lists' }), alg: 'EdDSA' }
export const startSeconds = start / 1000

/** The server, while a test runs. */
export let server
/** The address of its list. */
export let uri

/** Starts the server for the tests of a file. */
export function useListServer() {
  before(async () => {
    server = await startListServer()
    uri = `${server.origin}/lists/1`
  })
  after(() => server.stop())
  beforeEach(() => (server.requests = []))
}

/** The claims of a good Status List Token. */
export function listClaims(change = {}) {
  const list = statusList(2, packed(2, [0, 1, 2, 3]))
  return { sub: uri, iat: startSeconds, ttl: 60, status_list: list, ...change }
}

export const listToken = (change) => signed(listClaims(change), key)

export const serve =
  (body, headers = {}, status = 200) =>
  (response) =>
    response.writeHead(status, headers).end(body)

export const fail = serve('', {}, 503)

/** A source, its clock and what it reports. */
export function source(options = {}) {
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

export const claimsAt = (idx, at = uri) => ({
  iss: issuer,
  aud: audience,
  exp: startSeconds + 1e6,
  status: { status_list: { idx, uri: at } },
})

/** What a status means, by the draft's §7.1. */
export async function outcome(ask, index) {
  try {
    return (await ask(index)) ? 'revoked' : 'valid'
  } catch (error) {
    return error.code
  }
}
export const meaning = (status) => ['valid', 'revoked', 'token_suspended'][status] ?? 'revoked'

export const unavailable = (cause) => (error) => {
  assert.equal(error.code, 'temporarily_unavailable')
  if (cause) assert.equal(error.cause?.code, cause, String(error.cause))
  return true
}
export const refused = (code, detail) => (error) =>
  error.name === 'LingpaiError' && error.code === code && error.message.includes(detail ?? '')
