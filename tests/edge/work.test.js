// What verifying costs is bounded by the length of the token: no text makes it quadratic. Counted, not timed: in a copy of
// the module, every entry of a function and every round of a loop calls out.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import binaryen from 'binaryen'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { at } from '../support/paths.js'
import { audience, issuer, proofKey, start } from './support/world.js'

const glueName = './lingpai_verify_bg.js'
const now = start / 1000
const base = { iss: issuer, aud: audience, iat: now, exp: now + 900 }
const key = generateKey('Ed25519', { kid: 'k1' })
const sizes = [375, 750, 1500, 3000, 6000, 11_000]

let glue
let steps = 0

before(async () => {
  glue = await import(`${at('npm/edge/dist/wasm', glueName)}?counted`)
  const counted = binaryen.readBinary(readFileSync(at('npm/edge/dist/wasm/lingpai_verify_bg.wasm')))
  counted.runPasses(['log-execution'])
  const module = new WebAssembly.Module(counted.emitBinary())
  counted.dispose()
  const imports = { ...glue, log_execution: () => void steps++ }
  const { exports } = new WebAssembly.Instance(module, { [glueName]: imports })
  glue.__wbg_set_wasm(exports)
  exports.__wbindgen_start()
})

/** Repeats `part(i)` until the text has about `length` characters. */
function filled(length, part, separator = ',') {
  const parts = []
  for (let i = 0, sum = 0; sum < length; i++) {
    parts.push(part(i))
    sum += parts[i].length + separator.length
  }
  return parts.join(separator)
}

const beside = (members) => `${JSON.stringify(base).slice(0, -1)},${members}}`
const withoutAudience = JSON.stringify({ ...base, aud: undefined }).slice(0, -1)

/** Claims of about `length` characters, each kind built to be dear. */
const payloads = {
  'one long string': (length) => beside(`"x":"${'a'.repeat(length)}"`),
  'a string of escapes': (length) => beside(`"x":"${'\\u00e9'.repeat(length / 6)}"`),
  'a string beyond ASCII': (length) => beside(`"x":"${'漢'.repeat(length / 3)}"`),
  'many members': (length) => beside(filled(length, (i) => `"${i}":0`)),
  'many members with one long beginning': (length) =>
    beside(filled(length, (i) => `"${'a'.repeat(40)}${i}":0`)),
  'many members, the last one twice': (length) =>
    beside(`${filled(length, (i) => `"${i}":0`)},"0":0`),
  'many objects': (length) => beside(`"x":[${filled(length, () => '{"a":{"b":0}}')}]`),
  'many objects of as many members as may be': (length) =>
    beside(`"x":[${filled(length, () => `{${filled(370, (i) => `"${i + 10}":0`)}}`)}]`),
  'deep nesting, again and again': (length) =>
    beside(`"x":[${filled(length, () => '[[[[[[]]]]]]')}]`),
  'nesting beyond the limit': (length) => beside(`"x":${'['.repeat(length)}`),
  'one long number': (length) => beside(`"x":${'1'.repeat(length)}`),
  'many numbers': (length) => beside(`"x":[${filled(length, () => '1.5e-7')}]`),
  'many audiences': (length) =>
    `${withoutAudience},"aud":[${filled(length, (i) => `"https://${i}.example"`)}]}`,
  'many scopes': (length) => beside(`"scope":"${filled(length, (i) => `s${i}`, ' ')}"`),
  'nothing but spaces': (length) => beside(' '.repeat(length) + '"x":0'),
}

const config = JSON.stringify({
  issuer,
  audiences: [audience, 'https://another.example'],
  type: 'vt+jwt',
  toleranceSeconds: 5,
  requiredScope: filled(200, (i) => `s${i}`, ' '),
})

const keys = JSON.stringify({ keys: [publicKey(key)] })

/** Steps of one verification under a new verifier: keys get tables only after a while. */
function stepsOf(token) {
  const verifier = glue.verifierNew(config, keys, false)
  const work = counted(() => glue.verifierVerify(verifier, token, now, 0))
  glue.verifierFree(verifier)
  return work
}

function counted(action) {
  steps = 0
  try {
    action()
  } catch (error) {
    assert.equal(error.name, 'LingpaiError', error)
  }
  return steps
}

/** A few steps for each character, whatever it is, beside what the shortest text of the kind costs. */
const mostStepsPerCharacter = 32

function assertBounded(work, lengths, fixed) {
  for (const [i, length] of lengths.entries()) {
    const most = fixed + mostStepsPerCharacter * length
    assert.ok(work[i] <= most, `steps ${work} for lengths ${lengths}`)
  }
}

describe('the work of verifying is bounded by the length of the token', () => {
  test('of one that is accepted as well', () => {
    const scope = filled(200, (i) => `s${i}`, ' ')
    const verifier = glue.verifierNew(config, keys, false)
    const answer = glue.verifierVerify(verifier, sign(beside(`"scope":"${scope}"`)), now, 0)
    assert.equal(JSON.parse(answer).claims.iss, issuer)
  })

  for (const [name, payload] of Object.entries(payloads)) {
    test(name, () => {
      const tokens = sizes.map((size) => sign(payload(size)))
      const fixed = stepsOf(sign(beside('"scope":"s0"')))
      assertBounded(tokens.map(stepsOf), lengthsOf(tokens), fixed)
    })
  }

  test('what is no token', () => {
    for (const text of ['.', 'a', 'eyJ', '{', '"', 'a.b.c.']) {
      const texts = sizes.map((size) => text.repeat(size / text.length))
      assertBounded(texts.map(stepsOf), sizes, stepsOf('a'))
    }
  })

  test('proofs of possession', async () => {
    const bound = proofKey()
    const [token, url] = ['a.b.c', 'https://api.example/orders']
    const ask = (proof, token, url) =>
      glue.proofVerify(proof, 'GET', url, token, bound.jkt, now, 60, 0)
    const stepsOfProof = (proof, own = token, path = url) => counted(() => ask(proof, own, path))
    const proofs = (change) =>
      Promise.all(
        sizes.map((size) => bound.proof('GET', url, token, { iat: now, ...change(size) })),
      )

    const [proof] = await proofs(() => ({}))
    assert.equal(JSON.parse(ask(proof, token, url)).jkt, bound.jkt)
    const fixed = stepsOfProof(proof)
    for (const kind of [
      (size) => ({ x: 'a'.repeat(size) }),
      (size) => JSON.parse(`{${filled(size, (i) => `"${i}":0`)}}`),
    ]) {
      const texts = await proofs(kind)
      const work = texts.map((text) => stepsOfProof(text))
      assertBounded(work, lengthsOf(texts), fixed)
    }
    const paths = sizes.map((size) => `https://api.example/${'%41/../.'.repeat(size / 8)}`)
    const byPath = paths.map((path) => stepsOfProof(proof, token, path))
    assertBounded(byPath, lengthsOf(paths), fixed)
    const tokens = sizes.map((size) => 'a'.repeat(size))
    const byToken = tokens.map((token) => stepsOfProof(proof, token))
    assertBounded(byToken, sizes, fixed)
  })
})

const lengthsOf = (texts) => texts.map(({ length }) => length)

function sign(payload) {
  return signJws(payload, key, { typ: 'vt+jwt' })
}
