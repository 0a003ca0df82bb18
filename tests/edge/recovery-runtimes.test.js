// A trap costs one request, in every runtime: the engines report traps and the end of the stack each in their own way.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at } from '../support/paths.js'
import { runtimeNames, startRuntime } from '../support/runtimes/index.js'

const issuer = 'https://gate.example'

for (const name of runtimeNames) {
  describe(`in ${name}`, () => {
    let runtime
    before(async () => {
      runtime = await startRuntime(name, at('tests/edge/support/trapping.js'))
    })
    after(() => runtime?.stop())

    test('an access out of bounds refuses that request; the next one works', async () => {
      const { outcomes, traps, refused, verified } = await runtime.call('outOfBounds')
      const round = [issuer, 'internal', issuer]
      assert.deepEqual(outcomes, [...round, ...round, ...round])
      assert.deepEqual(traps, { recovered: 3, lasting: 0 })
      assert.deepEqual(refused, { internal: 3 })
      assert.deepEqual(verified, { [issuer]: 6 })
    })

    test('a stack that is exhausted anywhere on the way leaves nothing half done', async () => {
      const counts = await runtime.call('exhaustedStack')
      const outcomes = [
        'right: accepted',
        'right: internal',
        'right: no stack',
        'wrong: audience_mismatch',
        'wrong: internal',
        'wrong: no stack',
      ]
      for (const outcome in counts) assert.ok(outcomes.includes(outcome), JSON.stringify(counts))
      assert.ok(counts['right: accepted'] >= 30 && counts['wrong: audience_mismatch'] >= 30)
      const failed = outcomes.filter((outcome) => /internal|no stack/.test(outcome))
      assert.ok(
        failed.some((outcome) => counts[outcome] > 0),
        JSON.stringify(counts),
      )
    })
  })
}
