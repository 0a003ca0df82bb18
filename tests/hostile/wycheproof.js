// Wycheproof's JOSE sets as a flat list of cases, with what the sets themselves got wrong named as such.
import { jose } from '../support/vectors.js'

const SETS = ['signature', 'encryption', 'key', 'crypto']

/**
 * Vectors whose own text contradicts their verdict: set and number -> why. No library is measured by them.
 */
const DISPUTED = new Map([
  ['signature 346', 'valid, though the key is for PS256 and the token says PS384'],
  ['signature 350', 'valid, though the key is for PS256 and the token says PS384'],
  ['signature 347', 'valid, though the key is for ES521, which is no algorithm'],
  ['signature 351', 'valid, though the key is for ES521, which is no algorithm'],
  ['signature 367', 'invalid, though its text is that of 357, which is valid'],
  ['signature 370', 'invalid, though its text is that of 357, which is valid'],
  ['signature 372', 'valid, though `?` is no base64url'],
  ['signature 373', 'valid, though `?` is no base64url'],
])

/**
 * All cases: { set, id, comment, kind: 'jws' | 'jwe' | 'keys', key, keys, text, plaintext?, valid, disputed? }.
 * `key` is public where the primitive has public keys and the case is about a signature.
 */
export function wycheproof() {
  return SETS.flatMap((set) =>
    jose(`json_web_${set}_test`).testGroups.flatMap((group) =>
      group.tests.map((test) => caseOf(set, group, test)),
    ),
  )
}

function caseOf(set, group, { tcId, comment, jws, jwe, pt, result }) {
  const text = jws ?? jwe
  const signature = jws !== undefined
  const given = signature ? (group.public ?? group.private) : group.private
  const keys = given.keys?.map((key) => (signature ? publicOf(key) : key))
  return {
    set,
    id: tcId,
    comment,
    kind: keys ? 'keys' : signature ? 'jws' : 'jwe',
    ...(keys ? { keys } : { key: signature ? publicOf(given) : given }),
    // A few hold the JSON serialization, which is no text that anybody would present as a token.
    text: typeof text === 'string' ? text : JSON.stringify(text),
    ...(pt !== undefined && { plaintext: pt }),
    valid: result === 'valid',
    disputed: DISPUTED.get(`${set} ${tcId}`),
  }
}

/** Without its private half, which some groups give along. */
export function publicOf(jwk) {
  const { d: _, p: __, q: ___, dp: ____, dq: _____, qi: ______, oth: _______, ...rest } = jwk
  return rest
}

/** Every vector that is not measured, with the reason. */
export const disputed = [...DISPUTED].map(([name, why]) => ({ name, why }))
