// workerd is killed at each step of an operation and started again on the same state: the operation is executed once at most,
// and whoever asks again learns what became of it.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { randomId, startService } from './support/service.js'

const ACCOUNT = 'user-13800138000'
// So that a lease ends soon: it is this and ten seconds.
const timeoutMs = 3_000

let service
let page

before(async () => (service = await startService({ timeoutMs })))
after(() => service?.stop())
beforeEach(async () => {
  service.bank.executions.length = 0
  page = await service.page()
})

/** Sends a request that stops at a step, and kills workerd there. */
async function crashAt(step, send) {
  const reached = service.bank.reached()
  const sent = send({ 'x-stop-at': step }).catch((error) => error)
  const won = await Promise.race([reached, sent])
  assert.equal(won, step, `not stopped: ${JSON.stringify(won)}`)
  await service.crash()
  await sent
}

describe('workerd is killed while an alias is made', () => {
  for (const step of ['before reserve', 'after reserve', 'before open', 'after open']) {
    test(`${step}: the page asks again, and gets one that works`, async () => {
      await crashAt(step, (headers) => page.open(ACCOUNT, { headers }))
      const { alias } = await page.alias(ACCOUNT)
      assert.equal((await page.submit(alias)).status, 200)
      assert.equal(service.bank.executions[0].account, ACCOUNT)
    })
  }
})

describe('workerd is killed while an operation is executed', () => {
  for (const [step, executions] of [
    ['before begin', 1],
    ['after begin', 0],
    ['before execute', 0],
    ['after execute', 1],
    ['before settle', 1],
    ['after settle', 1],
  ]) {
    test(`${step}: executed ${executions ? 'once' : 'never'}, and that is found out`, async () => {
      // The bank can say for certain that it never got a key, and will take it no more.
      service.bank.resolve = ({ idempotencyKey }) => {
        const got = service.bank.executions.some((it) => it.idempotencyKey === idempotencyKey)
        return got ? undefined : { refused: 'never_begun' }
      }
      const { alias } = await page.alias(ACCOUNT)
      const key = randomId()
      await crashAt(step, (headers) => page.submit(alias, { key, headers }))
      const states = []
      const settled = await until(
        'an outcome',
        async () => {
          const { status, json, text } = await page.submit(alias, { key })
          assert.ok(status === 200 || status === 202, text)
          states.push(json.state)
          return status === 200 && json
        },
        { timeoutMs: 30_000, everyMs: 500 },
      )
      assert.equal(service.bank.executions.length, executions)
      const outcome = executions ? { result: { receipt: 1 } } : { refused: 'never_begun' }
      assert.deepEqual(settled, { state: 'done', ...outcome }, states.join())
      const again = await page.submit(alias, { key })
      assert.deepEqual(again.json, settled, 'the same answer from now on')
      assert.equal((await page.submit(alias)).json.error_description, 'alias_invalid')
    })
  }
})

describe('workerd is killed while another terminal takes an alias over', () => {
  for (const step of ['release', 'adopt', 'forget'].flatMap((it) => [
    `before ${it}`,
    `after ${it}`,
  ])) {
    test(`${step}: it asks again and has it`, async () => {
      const kiosk = await service.page()
      const shown = await page.alias(ACCOUNT, { transferable: true })
      await crashAt(step, (headers) => kiosk.claim(shown, { headers }))
      assert.equal((await kiosk.claim(shown)).status, 200)
      assert.equal((await kiosk.submit(shown.alias)).status, 200)
      assert.equal((await kiosk.claim(shown)).json.error_description, 'alias_invalid')
      assert.equal(service.bank.executions.length, 1)
    })
  }

  for (const step of ['after adopt', 'before forget', 'after forget']) {
    test(`${step}: it uses what it has seen, and then nobody has the account`, async () => {
      const kiosk = await service.page()
      const shown = await page.alias(ACCOUNT, { transferable: true })
      await crashAt(step, (headers) => kiosk.claim(shown, { headers }))
      assert.equal((await kiosk.submit(shown.alias)).status, 200)
      const [visit, name] = shown.handle.split('.')
      const held = await service.held(`visit/${visit}`)
      const { record } = held.find(({ id }) => id === `alias ${name}`)
      const { account, released } = JSON.parse(record)
      assert.equal(account, '', 'the account is not there any more')
      assert.ok(released, 'that it was claimed is')
    })
  }
})

describe('workerd is killed while an alias is closed', () => {
  for (const step of ['before close', 'after close']) {
    test(`${step}: closing it again is enough`, async () => {
      const { alias, handle, close } = await page.alias(ACCOUNT)
      const body = JSON.stringify({ handle, close })
      await crashAt(step, (headers) => service.post('/v1/aliases/close', { headers, body }))
      assert.equal((await service.post('/v1/aliases/close', { body })).status, 204)
      assert.equal((await page.submit(alias)).json.error_description, 'alias_invalid')
      assert.equal(service.bank.executions.length, 0)
    })
  }
})

describe('an execution that fails', () => {
  test('before anybody knows: in doubt, until it is found out', async () => {
    service.bank.fail = 'after'
    service.bank.resolve = () => undefined
    const { alias } = await page.alias(ACCOUNT)
    const key = randomId()
    const first = await page.submit(alias, { key })
    assert.deepEqual([first.status, first.json], [202, { state: 'in_doubt' }])
    service.bank.fail = undefined
    const found = await page.submit(alias, { key })
    assert.deepEqual(found.json, { state: 'done', result: { receipt: 1 } })
    assert.equal(service.bank.executions.length, 1)
  })

  test('to end in time: in doubt', async () => {
    let release
    service.bank.hold = new Promise((resolve) => (release = resolve))
    const { alias } = await page.alias(ACCOUNT)
    const late = await page.submit(alias)
    release()
    service.bank.hold = undefined
    assert.deepEqual([late.status, late.json], [202, { state: 'in_doubt' }])
    assert.equal(service.bank.executions.length, 1)
  })

  test('for a reason: that is the answer, for good', async () => {
    service.bank.outcome = () => ({ refused: 'insufficient_funds' })
    const { alias } = await page.alias(ACCOUNT)
    const key = randomId()
    const refused = { state: 'done', refused: 'insufficient_funds' }
    assert.deepEqual((await page.submit(alias, { key })).json, refused)
    service.bank.outcome = undefined
    assert.deepEqual((await page.submit(alias, { key })).json, refused)
    assert.equal(service.bank.executions.length, 1)
  })
})
