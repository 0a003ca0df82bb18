// Aliases under concurrency, in real workerd: a thousand that collide, and a thousand uses of one.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import { multiplier, randomId, startService } from './support/service.js'

let service

before(async () => (service = await startService({ timeoutMs: 20_000 })))
after(() => service?.stop())
beforeEach(() => (service.bank.executions.length = 0))

/** Does work a bounded number at a time. */
async function inLanes(jobs, lanes = 50) {
  const results = []
  let next = 0
  const lane = async () => {
    for (let at = next++; at < jobs.length; at = next++) results[at] = await jobs[at]()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

/** a⁻¹ modulo 10⁸. */
function inverse(a, modulus = 100_000_000n) {
  let [result, base, exponent] = [1n, BigInt(a) % modulus, 40_000_000n - 1n]
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus
    base = (base * base) % modulus
  }
  return result
}

describe('a thousand concurrent requests', () => {
  test('for aliases that collide: all unique, each resolved to its account', async () => {
    // A hundred accounts whose first sequences lie 13 apart, and ten requests for each, of which nine collide with the others
    // of their account, and some with those of the next.
    const one = inverse(multiplier)
    const accounts = Array.from({ length: 100 }, (_, nth) => {
      const number = ((BigInt(nth) * 13n + 5_000n) * one) % 100_000_000n
      return `user-${String(number).padStart(8, '0')}`
    })
    const pages = await Promise.all(Array.from({ length: 100 }, () => service.page()))
    const headers = { 'x-method': 'multiply' }
    const jobs = Array.from({ length: 1000 }, (_, nth) => async () => {
      const account = accounts[nth % 100]
      const page = pages[Math.floor(nth / 10)]
      const { status, json, text } = await page.open(account, { headers })
      assert.equal(status, 201, text)
      return { account, page, alias: json.alias }
    })
    const opened = await inLanes(jobs, 100)
    assert.equal(new Set(opened.map(({ alias }) => alias)).size, 1000)
    const modified = (await service.events()).filter(({ modifications }) => modifications > 0)
    assert.ok(modified.length >= 900, `only ${modified.length} were modified`)

    const used = await inLanes(
      opened.map(({ account, page, alias }) => async () => {
        const key = randomId()
        const { status, json } = await page.settle(alias, {
          key,
          details: { of: account },
          headers,
        })
        assert.deepEqual([status, json.state], [200, 'done'])
      }),
      100,
    )
    assert.equal(used.length, 1000)
    assert.equal(service.bank.executions.length, 1000)
    for (const { account, details } of service.bank.executions) assert.equal(account, details.of)
  })

  test('for aliases out of a million by ff1: all unique, each resolved to its account', async () => {
    const pages = await Promise.all(Array.from({ length: 50 }, () => service.page()))
    const jobs = Array.from({ length: 1000 }, (_, nth) => async () => {
      const account = `-${String(nth).padStart(6, '0')}`
      const page = pages[Math.floor(nth / 20)]
      const { alias } = await page.alias(account)
      return { account, page, alias }
    })
    const opened = await inLanes(jobs, 100)
    assert.equal(new Set(opened.map(({ alias }) => alias)).size, 1000)
    await inLanes(
      opened.map(
        ({ account, page, alias }) =>
          () =>
            page.settle(alias, { details: { of: account } }),
      ),
      100,
    )
    assert.equal(service.bank.executions.length, 1000)
    for (const { account, details } of service.bank.executions) assert.equal(account, details.of)
  })

  test('to use one alias, each with a key of its own: one execution, one identical refusal', async () => {
    const page = await service.page()
    const { alias } = await page.alias()
    const jobs = Array.from({ length: 1000 }, () => () => page.settle(alias))
    const answers = await inLanes(jobs, 100)
    assert.equal(service.bank.executions.length, 1)
    const [done, ...more] = answers.filter(({ status }) => status === 200)
    assert.deepEqual([done.json.state, more.length], ['done', 0])
    const refusals = new Set(answers.filter(({ status }) => status !== 200).map(({ text }) => text))
    assert.equal(refusals.size, 1)
    assert.equal(JSON.parse([...refusals][0]).error_description, 'alias_invalid')
  })

  test('to repeat one request: one execution, one answer', async () => {
    const page = await service.page()
    const { alias } = await page.alias()
    const key = randomId()
    const jobs = Array.from({ length: 1000 }, () => () => page.submit(alias, { key }))
    const answers = await inLanes(jobs, 100)
    assert.equal(service.bank.executions.length, 1)
    for (const { status, json } of answers) assert.ok(status === 200 || status === 202, json.state)
    const last = await page.settle(alias, { key })
    assert.deepEqual(last.json, { state: 'done', result: { receipt: 1 } })
  })
})

test('an account gets seventeen aliases at a time from a method that has no more, and then a refusal', async () => {
  const headers = { 'x-method': 'multiply' }
  const pages = [await service.page(), await service.page()]
  const answers = []
  for (let nth = 0; nth < 18; nth++) {
    answers.push(await pages[nth % 2].open('many-98765432', { headers }))
  }
  assert.equal(answers.filter(({ status }) => status === 201).length, 17)
  const refused = answers.at(-1)
  assert.deepEqual(
    [refused.status, refused.json.error_description, refused.headers.get('retry-after')],
    [503, 'temporarily_unavailable', '5'],
  )
})
