// Requests with bound tokens: the proof of RFC 9449, everything that can be wrong with it, and its second use.
import { createHash, randomUUID } from 'node:crypto'

import { createKey, jwt } from '../../hostile/jwts.js'

const NOW = 1_800_000_000
const issuer = 'https://issuer.example'
const publicOrigin = 'https://api.example'
const url = `${publicOrigin}/orders/1`
const sha256 = (text) => createHash('sha256').update(text).digest('base64url')

export function proofCases() {
  return ['EdDSA', 'ES256'].flatMap(casesOf)
}

function casesOf(alg) {
  const signing = createKey('EdDSA', 'issuer')
  const [proofKey, other] = [createKey(alg), createKey(alg)]
  const options = {
    issuer,
    audience: publicOrigin,
    keys: [signing.jwk],
    type: 'at+jwt',
    publicOrigin,
  }
  const claims = { iss: issuer, aud: publicOrigin, sub: 'user', iat: NOW, exp: NOW + 60 }
  const issue = (more) =>
    jwt({ alg: 'EdDSA', kid: 'issuer', typ: 'at+jwt' }, { ...claims, ...more }, signing)
  const token = issue({ cnf: { jkt: thumbprint(proofKey.jwk) } })
  const bearer = issue({})
  const proof = (change = {}, header = {}, key = proofKey) =>
    jwt(
      { alg, typ: 'dpop+jwt', jwk: bare(key.jwk), ...header },
      { htm: 'GET', htu: url, iat: NOW, jti: randomUUID(), ath: sha256(token), ...change },
      key,
    )
  const request = (dpop, { authorization = `DPoP ${token}`, ...more } = {}) => ({
    method: 'GET',
    url,
    headers: { authorization, ...(dpop && { dpop }) },
    ...more,
  })
  const one = (name, requests, ...codes) => ({
    name: `${alg}: ${name}`,
    kind: 'requests',
    options,
    nowMs: NOW * 1000,
    requests: [requests].flat(),
    expected: (outcomes) =>
      outcomes.length === codes.length &&
      outcomes.every(({ given, refused }, i) =>
        codes[i] === 'taken' ? given?.sub === 'user' : refused === codes[i],
      ),
  })
  const again = proof()
  return [
    one('a good proof', request(proof()), 'taken'),
    one('twice the same proof', [request(again), request(again)], 'taken', 'proof_replayed'),
    one(
      'query and fragment are none of its business',
      request(proof(), { url: `${url}?a=1` }),
      'taken',
    ),
    one('escapes in normal form', request(proof({ htu: `${publicOrigin}/%6Frders/1` })), 'taken'),
    one(
      'at the ends of the window',
      [request(proof({ iat: NOW - 60 })), request(proof({ iat: NOW + 60 }))],
      'taken',
      'taken',
    ),
    one('too old', request(proof({ iat: NOW - 61 })), 'proof_expired'),
    one('from the future', request(proof({ iat: NOW + 61 })), 'proof_expired'),
    one('for another method', request(proof({ htm: 'POST' })), 'proof_method_mismatch'),
    one('for another path', request(proof({ htu: `${url}0` })), 'proof_url_mismatch'),
    one(
      'for another host',
      request(proof({ htu: 'https://other.example/orders/1' })),
      'proof_url_mismatch',
    ),
    one('for another token', request(proof({ ath: sha256('x') })), 'proof_token_mismatch'),
    one('without a token hash', request(proof({ ath: undefined })), 'proof_token_mismatch'),
    one('by another key', request(proof({}, {}, other)), 'proof_key_mismatch'),
    one(
      "with another's key in the header",
      request(proof({}, { jwk: bare(other.jwk) })),
      'proof_key_mismatch',
    ),
    one('of another type', request(proof({}, { typ: 'JWT' })), 'invalid_dpop_proof'),
    one('without an id', request(proof({ jti: undefined })), 'invalid_dpop_proof'),
    one(
      'with a private key',
      request(proof({}, { jwk: proofKey.privateKey.export({ format: 'jwk' }) })),
      'invalid_dpop_proof',
    ),
    one('no proof', request(undefined), 'proof_required'),
    one(
      'bound token as a bearer',
      request(undefined, { authorization: `Bearer ${token}` }),
      'scheme_mismatch',
    ),
    one(
      'bearer token with a proof',
      request(proof(), { authorization: `DPoP ${bearer}` }),
      'scheme_mismatch',
    ),
  ]
}

function bare({ kty, crv, x, y }) {
  return y === undefined ? { kty, crv, x } : { kty, crv, x, y }
}

function thumbprint({ kty, crv, x, y }) {
  return sha256(JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y }))
}
