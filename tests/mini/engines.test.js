// One suite on every engine, in both builds: the same results to the last byte.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { before, describe, test } from 'node:test'

import { bundle, engines } from './support/engines.js'

const suite = `
  const suite = require('./suite/index.js')
  exports.main = (kind, exportsOf) => {
    if (kind === 'javascript') return suite.run(exports.lingpai, { symmetric: exports.symmetric.instantiate() }, undefined)
    const builds = {}
    for (const name of ['lingpai_mini', 'lingpai_mini_visit', 'lingpai_mini_tokenizer']) builds[name] = exportsOf(exports.bytesOf(name))
    return suite.run(exports.lingpai, builds, async (path) => {
      const [, name] = /^\\/miniprogram_npm\\/@lingpai\\/mini\\/wasm\\/(\\w+)\\.wasm$/.exec(path)
      return { instance: { exports: exportsOf(exports.bytesOf(name)) } }
    })
  }`

const reports = { wasm: new Map(), javascript: new Map() }
let script

before(async () => {
  script = await bundle(suite)
})

for (const { name, builds, run } of engines) {
  describe(name, () => {
    for (const kind of builds) {
      test(`${kind}: every vector is right, and the package does its work`, async () => {
        const report = await run(script, kind)
        assert.equal(report.failed, undefined)
        reports[kind].set(name, report)
        const vectors = report.filter(([title]) =>
          /\(|refused|strictly/.test(title.split(': ').slice(1).join()),
        )
        const wrong = vectors.filter(([, result]) => result !== 'right')
        assert.deepEqual(wrong, [])
        assert.ok(vectors.length >= (kind === 'wasm' ? 18 : 11), `${vectors.length} vectors`)
        const of = Object.fromEntries(report)
        for (const [title, result] of report.filter(([title]) =>
          title.endsWith('left in memory'),
        )) {
          const found = Object.entries(JSON.parse(result)).filter(([, there]) => there)
          assert.deepEqual(found, [['canary', true]], title)
        }
        const bound = kind === 'wasm'
        if (bound) {
          const said = (title) => of[`lingpai_mini_tokenizer: ${title}`]
          assert.equal(JSON.parse(said('a policy')).id, 'policy-1')
          assert.equal(said('a policy that was changed'), 'refused: signature_invalid')
          assert.equal(said('the same number, written otherwise'), true)
          const over = 'refused: temporarily_unavailable(cap)'
          assert.equal(said('more than the policy allows'), over)
          assert.equal(said('in a store that keeps nothing'), 'refused: storage_unavailable')
          assert.equal(JSON.parse(said('two numbers, sealed')).placed.length, 2)
          assert.equal(JSON.parse(said('settled')).done, 2)
          assert.equal(said('settled by who has lost the fence'), 'refused: closed')
        }
        assert.equal(of['session: one login for fifty calls'], '1,1,true')
        assert.equal(JSON.parse(of['session: the token']).type, bound ? 'DPoP' : 'Bearer')
        assert.equal(JSON.parse(of['session: the token']).subject, '用户-1 \u{1F680}')
        assert.equal(of['session: a strange address'], 'origin_mismatch')
        assert.equal(of['session: logins'], bound ? 2 : 3)
      })
    }
  })
}

test('all engines agree, build by build', () => {
  for (const kind of ['wasm', 'javascript']) {
    const [[, first], ...others] = reports[kind]
    assert.equal(others.length, engines.filter(({ builds }) => builds.includes(kind)).length - 1)
    for (const [name, report] of others) assert.deepEqual(report, first, name)
  }
})

test('WebAssembly and JavaScript agree about all that both can do', () => {
  const [wasm, javascript] = ['wasm', 'javascript'].map((kind) => [...reports[kind].values()][0])
  const strip = (report, build) =>
    new Map(
      report
        .filter(([name]) => name.startsWith(`${build}: `))
        .map(([name, it]) => [name.slice(build.length + 2), it]),
    )
  const full = strip(wasm, 'lingpai_mini_visit')
  const symmetric = strip(javascript, 'symmetric')
  assert.ok(symmetric.size > 25)
  // What was looked for differs with what there is.
  symmetric.delete('what is left in memory')
  for (const [name, result] of symmetric) assert.equal(full.get(name), result, name)
})

test('the generator is HMAC_DRBG: an implementation apart from it gives the same', () => {
  const draw = (start) =>
    Buffer.from(Array.from({ length: 32 }, (_, at) => (start + at * 89 + ((at * at) >> 2)) & 255))
  const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest()
  let [key, value] = [Buffer.alloc(32), Buffer.alloc(32, 1)]
  const update = (...material) => {
    for (const separator of [0, 1]) {
      key = hmac(key, value, Buffer.from([separator]), ...material)
      value = hmac(key, value)
      if (material.length === 0) return
    }
  }
  const fill = (length) => {
    const out = []
    for (let at = 0; at < length; at += 32) out.push((value = hmac(key, value)))
    update()
    return Buffer.concat(out).subarray(0, length).toString('hex')
  }
  update(draw(1), draw(2), Buffer.from('suite'))
  const of = Object.fromEntries([...reports.javascript.values()][0])
  assert.equal(of['symmetric: 48 bytes'], fill(48))
  update(draw(3), draw(4))
  assert.equal(of['symmetric: 70 bytes'], fill(70))
})
