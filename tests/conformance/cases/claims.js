// Claims: who and for whom, and every time with its skew, one second to either side.
import { createKey, jwt } from '../../hostile/jwts.js'

const NOW = 1_800_000_000
const TOLERANCE = 5
const issuer = 'https://issuer.example'
const audience = 'https://api.example'

export function claimCases() {
  const key = createKey('EdDSA')
  const good = {
    iss: issuer,
    aud: audience,
    sub: 'user',
    iat: NOW - 10,
    exp: NOW + 60,
    scope: 'a b',
  }
  const options = {
    issuer,
    audience,
    keys: [key.jwk],
    type: 'at+jwt',
    clockToleranceSeconds: TOLERANCE,
    requiredScope: 'a',
  }
  const one = (name, claims, refused, header = {}) => ({
    name,
    kind: 'token',
    byHost: true,
    options,
    nowMs: NOW * 1000,
    token: jwt(
      { alg: 'EdDSA', kid: key.jwk.kid, typ: 'at+jwt', ...header },
      typeof claims === 'string' ? claims : { ...good, ...claims },
      key,
    ),
    expected: ({ later, now, again, host }) =>
      !now &&
      !again &&
      !host &&
      later.refused === refused &&
      Boolean(later.given) === (refused === undefined),
  })
  return [
    one('as it should be', {}),
    one('ends now', { exp: NOW }),
    one('ended within the skew', { exp: NOW - TOLERANCE + 1 }),
    one('ended when the skew did', { exp: NOW - TOLERANCE }, 'token_expired'),
    one('begins at the end of the skew', { nbf: NOW + TOLERANCE }),
    one('begins a second later', { nbf: NOW + TOLERANCE + 1 }, 'token_not_yet_valid'),
    one('issued at the end of the skew', { iat: NOW + TOLERANCE }),
    one('issued a second later', { iat: NOW + TOLERANCE + 1 }, 'token_not_yet_valid'),
    one('without an end', { exp: undefined }, 'claim_invalid'),
    one('with an end that is text', { exp: `${NOW + 60}` }, 'claim_invalid'),
    one('without an issuer', { iss: undefined }, 'claim_invalid'),
    one('of another issuer', { iss: `${issuer}/` }, 'issuer_mismatch'),
    one('without an audience', { aud: undefined }, 'claim_invalid'),
    one('for another audience', { aud: `${audience}/` }, 'audience_mismatch'),
    one('for several, ours among them', { aud: ['https://other.example', audience] }),
    one(
      'for several, ours not among them',
      { aud: ['https://other.example'] },
      'audience_mismatch',
    ),
    one('without a scope', { scope: undefined }, 'insufficient_scope'),
    one('with a scope that only begins alike', { scope: 'ab' }, 'insufficient_scope'),
    one('of another type', {}, 'type_mismatch', { typ: 'JWT' }),
    one('with a type in the long form', {}, undefined, { typ: 'application/at+jwt' }),
    one('of an unknown key', {}, 'key_not_found', { kid: 'nobody' }),
    one(
      'with one name twice',
      JSON.stringify(good).replace(/}$/, ',"sub":"x"}'),
      'duplicate_member',
    ),
  ]
}
