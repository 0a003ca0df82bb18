// Good and hostile JWTs under every algorithm, and other spellings of good ones.
import * as jwts from '../../hostile/jwts.js'

/** Algorithms that only the host has, so that nothing can be said at once. */
export const ofTheHost = jwts.allAlgorithms.filter((alg) => !['HS256', 'EdDSA'].includes(alg))

export function tokenCases() {
  const nowMs = Date.now()
  return jwts.allAlgorithms.flatMap((alg) => {
    const [key, other] = [jwts.createKey(alg), jwts.createKey(alg)]
    const { issuer, audience } = jwts
    const keys = alg === 'HS256' ? key.jwk : { keys: [key.jwk] }
    const options = { issuer, audience, keys, type: 'JWT' }
    const of = (row) => ({
      name: `${alg}: ${row.name}`,
      kind: 'token',
      options,
      nowMs,
      token: row.make(key, other),
      // Four parts are refused before anybody could be asked.
      byHost: alg === 'EdDSA' && row.name !== 'a fourth part',
      expected: judge(alg, row.valid),
    })
    const rows = [...jwts.good, ...jwts.hostile].filter(({ only }) => only?.includes(alg) ?? true)
    return [...rows.map(of), ...spelled(alg, key, options, nowMs)]
  })
}

function spelled(alg, key, options, nowMs) {
  const good = jwts.tokenToSpell(key)
  const [head, claims, signature] = good.split('.')
  // Where the letters come out even there is no padding, and no bit is unused.
  const even = signature.length % 4 === 0
  const spellings = Object.entries(jwts.spellings).filter(
    ([name]) => !even || !/=|unused/.test(name),
  )
  return spellings.map(([name, spell]) => ({
    name: `${alg}: a good token with ${name}`,
    kind: 'token',
    options,
    nowMs,
    token: [head, claims, spell(signature)].join('.'),
    byHost: alg === 'EdDSA',
    expected: judge(alg, false),
  }))
}

/** Accepted or refused; at once the same, but for what only the host can say. */
function judge(alg, valid) {
  return ({ later, now, again, host }) => {
    if (again || host) return false
    if (valid !== Boolean(later.given)) return false
    if (!now) return true
    return ofTheHost.includes(alg) && now.refused === 'algorithm_not_allowed'
  }
}
