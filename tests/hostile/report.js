// The comparison as one Markdown page: what each library makes of the published and of our own hostile tokens.
import { titleOf, libraries } from './libraries/index.js'
import * as jwts from './jwts.js'
import { tally } from './tally.js'
import { disputed, wycheproof } from './wycheproof.js'

const SETS = {
  signature: 'json_web_signature',
  encryption: 'json_web_encryption',
  key: 'json_web_key',
  crypto: 'json_web_crypto',
}

/** What was measured: { sets, tokens, spellings }. */
export async function measure() {
  const cases = wycheproof()
  const sets = []
  for (const [set, title] of Object.entries(SETS)) {
    const own = cases.filter((one) => one.set === set)
    for (const library of libraries) {
      sets.push({ set: title, library, ...(await tally(library, own)) })
    }
  }
  return { sets, ...(await measureJwts()) }
}

/** Per library: which rows it got wrong, by name -> algorithms; and which spellings of a good token it takes. */
async function measureJwts() {
  const tokens = libraries.map((library) => ({
    library,
    tried: 0,
    falseAccepts: new Map(),
    falseRefusals: new Map(),
    spellings: new Map(),
  }))
  for (const alg of jwts.algorithms) {
    const [key, other] = [jwts.createKey(alg), jwts.createKey(alg)]
    const rows = [...jwts.good, ...jwts.hostile].filter(({ only }) => only?.includes(alg) ?? true)
    const made = rows.map((row) => ({ ...row, token: row.make(key, other) }))
    const [head, claims, signature] = jwts.tokenToSpell(key).split('.')
    for (const result of tokens) {
      const { library, falseAccepts, falseRefusals, spellings } = result
      if (!library.signatures.includes(alg)) continue
      const { issuer, audience } = jwts
      const verify = await library.jwt({ issuer, audience, key: key.jwk })
      for (const { name, valid, token } of made) {
        result.tried += 1
        const accepted = await takes(verify, token)
        if (accepted !== valid) add(accepted ? falseAccepts : falseRefusals, name, alg)
      }
      for (const [name, spell] of Object.entries(jwts.spellings)) {
        const text = spell(signature)
        if (text === signature) throw new Error(`${name}: no other spelling`)
        if (await takes(verify, [head, claims, text].join('.'))) add(spellings, name, alg)
      }
    }
  }
  return { tokens }
}

/** The page. */
export function page({ sets, tokens }) {
  const names = libraries.map(titleOf)
  return `# Hostile tokens

Written by \`npm run conformance --workspace tests\`; a test compares it with what the libraries do. A false accept is a
token taken that must not be, a false refusal one refused that is good and of an algorithm that the library has. What a
library does not support has to be refused, and is counted apart.

## Wycheproof's JOSE sets

${table(
  ['set', 'library', 'cases', 'right', 'false accepts', 'false refusals', 'not supported'],
  sets.map((row) => [
    `\`${row.set}\``,
    titleOf(row.library),
    row.cases,
    row.right,
    counted(row.falseAccepts),
    counted(row.falseRefusals),
    row.notSupported.length,
  ]),
)}

fast-jwt, hono and aws-jwt-verify read nothing but JSON claims, which the payloads of these sets are not; for them the
sets say little, and the next table more. Of the JWE algorithms \`@lingpai/edge\` has \`ECDH-ES+A256KW\` and \`dir\` with
\`A256GCM\`, and requires \`kid\`, \`typ\` and \`cty\`, which no token of the sets has; of key sets it takes none with secrets.

Not counted, because the vector contradicts itself (number: why):

${disputed.map(({ name, why }) => `- ${name}: ${why}`).join('\n')}

## JWTs

${jwts.hostile.length} kinds of hostile and ${jwts.good.length} kinds of good tokens, under ${jwts.algorithms.join(', ')} as far as a library has them. All
that it can check is switched on.

${table(
  ['library', 'tokens', 'false accepts', 'false refusals'],
  tokens.map(({ library, tried, falseAccepts, falseRefusals }) => [
    titleOf(library),
    tried,
    total(falseAccepts),
    total(falseRefusals),
  ]),
)}

Taken although they must not be:

${table(
  ['token', 'against', ...names],
  jwts.hostile
    .filter(({ name }) => tokens.some(({ falseAccepts }) => falseAccepts.has(name)))
    .map(({ name, why }) => [
      name,
      why,
      ...tokens.map(({ falseAccepts }) => (falseAccepts.has(name) ? '**taken**' : 'refused')),
    ]),
)}

## One token, one text

A good token with its signature spelled differently. Where any of these is taken, a cache, a deny-list or a replay store
that goes by the text of the token can be walked around.

${table(
  ['spelling of the signature', ...names],
  Object.keys(jwts.spellings).map((name) => [
    name,
    ...tokens.map(({ spellings }) => (spellings.has(name) ? '**taken**' : 'refused')),
  ]),
)}
`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function counted(cases) {
  if (cases.length === 0) return '0'
  return `${cases.length} (${cases.map(({ id }) => id).join(', ')})`
}

function total(byName) {
  return [...byName.values()].reduce((sum, algs) => sum + algs.length, 0)
}

function add(map, name, alg) {
  map.set(name, [...(map.get(name) ?? []), alg])
}

async function takes(verify, token) {
  try {
    await verify(token)
    return true
  } catch {
    return false
  }
}
