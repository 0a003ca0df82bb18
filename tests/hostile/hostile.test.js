// Published and own hostile tokens: exact counts for this package, and a page that says what the libraries really do.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'

import { format } from 'prettier'

import { at } from '../support/paths.js'
import { lingpai } from './libraries/lingpai.js'
import { measure, page } from './report.js'

let measured
before(async () => {
  measured = await measure()
})

/** set -> [cases, right, not supported] */
const EXPECTED = {
  json_web_signature: [393, 393, 0],
  json_web_encryption: [139, 0, 139],
  json_web_key: [26, 11, 15],
  json_web_crypto: [83, 46, 37],
}

for (const [set, counts] of Object.entries(EXPECTED)) {
  test(`${set}: nothing taken that is invalid, nothing refused that is valid`, () => {
    const { cases, right, falseAccepts, falseRefusals, notSupported } = measured.sets.find(
      (one) => one.set === set && one.library === lingpai,
    )
    assert.deepEqual(falseAccepts.map(named), [])
    assert.deepEqual(falseRefusals.map(named), [])
    assert.deepEqual([cases, right, notSupported.length], counts)
  })
}

test('hostile JWTs are refused, good ones are not, under each algorithm', () => {
  const { tried, falseAccepts, falseRefusals } = ours()
  assert.deepEqual([...falseAccepts], [])
  assert.deepEqual([...falseRefusals], [])
  assert.equal(tried, 162)
})

test('a token has one text', () => {
  assert.deepEqual([...ours().spellings], [])
})

test('docs/conformance.md says what the libraries do', async () => {
  const current = await format(page(measured), { parser: 'markdown' })
  const hint = 'npm run conformance --workspace tests writes it'
  assert.equal(readFileSync(at('docs/conformance.md'), 'utf8'), current, hint)
})

function ours() {
  return measured.tokens.find(({ library }) => library === lingpai)
}

function named({ id, comment }) {
  return `${id} ${comment}`
}
