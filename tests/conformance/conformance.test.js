// One suite in every runtime: each case comes out as it has to, and the same everywhere.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { at } from '../support/paths.js'
import { runtimeNames, startRuntime } from '../support/runtimes/index.js'
import { createCases } from './cases/index.js'

/** How many cases each group has, so that none gets lost. */
const GROUPS = {
  'signatures, every algorithm, good and hostile': 411,
  'Ed25519 on the edge of the standard': 106,
  'figures of the standards': 9,
  'claims and times': 22,
  'proofs of possession': 40,
  'sealed texts': 79,
  'sealed tokens': 70,
}

let groups
const outcomesOfNode = new Map()

before(async () => {
  groups = await createCases()
})

test('all cases are there', () => {
  const counts = Object.entries(groups).map(([group, cases]) => {
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, 'names are unique')
    return [group, cases.length]
  })
  assert.deepEqual(Object.fromEntries(counts), GROUPS)
})

for (const name of runtimeNames) {
  describe(name, () => {
    let runtime
    before(async () => {
      runtime = await startRuntime(name, at('tests/conformance/edge.js'))
    })
    after(() => runtime?.stop())

    for (const group of Object.keys(GROUPS)) {
      test(group, async () => {
        const cases = groups[group]
        const outcomes = await runtime.call(
          'run',
          cases.map(({ expected: _, ...one }) => one),
        )
        if (name === 'node') outcomesOfNode.set(group, outcomes)
        const wrong = cases.filter((one) => !asExpected(one, outcomes[one.name]))
        assert.deepEqual(
          wrong.map((one) => [one.name, outcomes[one.name]]),
          [],
        )
        assert.deepEqual(outcomes, outcomesOfNode.get(group), 'as in Node')
      })
    }
  })
}

function asExpected({ expected }, outcome) {
  if (typeof expected === 'function') return expected(outcome)
  try {
    assert.deepEqual(outcome, expected)
    return true
  } catch {
    return false
  }
}
