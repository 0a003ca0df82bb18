// After use, close, cancel and expiry nothing of the account is left: the store itself is asked, and every byte on disk read.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { randomId, startService } from './support/service.js'

const ACCOUNT = 'user-13800138000'

let service
let page

before(async () => (service = await startService()))
after(() => service?.stop())
beforeEach(async () => {
  service.bank.executions.length = 0
  page = await service.page()
})

/** What the object of a visit keeps, by the first word of its ids. */
async function heldOf({ handle }) {
  const held = await service.held(`visit/${handle.split('.')[0]}`)
  return (kind) => held.filter(({ id }) => id.startsWith(`${kind} `))
}

const close = ({ handle, close }, type = 'text/plain;charset=UTF-8') =>
  service.post('/v1/aliases/close', {
    headers: { 'content-type': type },
    body: type.startsWith('text')
      ? JSON.stringify({ handle, close })
      : new URLSearchParams({ handle, close }).toString(),
  })

test('while it is open, the store keeps the account sealed and the alias under a name', async () => {
  const alias = await page.alias(ACCOUNT)
  const [row] = (await heldOf(alias))('alias')
  const { account, ...rest } = JSON.parse(row.record)
  assert.match(account, /^[\w-]{40,}$/)
  const text = JSON.stringify([row.id, rest])
  for (const secret of [ACCOUNT, '13800138000', alias.alias, alias.close]) {
    assert.ok(!text.includes(secret), secret)
  }
})

describe('the mapping is gone', () => {
  test('when the alias was used', async () => {
    const alias = await page.alias(ACCOUNT)
    assert.equal((await page.submit(alias.alias)).status, 200)
    const held = await heldOf(alias)
    assert.deepEqual(held('alias'), [])
    assert.deepEqual(
      held('audit').map(({ record }) => JSON.parse(record).event),
      ['opened', 'used'],
    )
  })

  test('already while the operation is being executed', async () => {
    let release
    service.bank.hold = new Promise((resolve) => (release = resolve))
    const alias = await page.alias(ACCOUNT)
    const answer = page.submit(alias.alias)
    await until('the execution', () => service.bank.executions.length === 1)
    assert.deepEqual((await heldOf(alias))('alias'), [])
    release()
    service.bank.hold = undefined
    assert.equal((await answer).status, 200)
  })

  for (const type of ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded']) {
    test(`when its page closed it by a beacon of type ${type}`, async () => {
      const alias = await page.alias(ACCOUNT)
      assert.equal((await close(alias, type)).status, 204)
      assert.deepEqual((await heldOf(alias))('alias'), [])
      assert.equal((await close(alias, type)).status, 204, 'again')
      assert.equal((await page.submit(alias.alias)).json.error_description, 'alias_invalid')
    })
  }

  test('when its time has run out, by an alarm that nobody has to call', async () => {
    const brief = await startService()
    try {
      const own = await brief.page()
      const { status, json } = await own.open(ACCOUNT, { headers: { 'x-lifetime': '1' } })
      assert.equal(status, 201)
      const object = `visit/${json.handle.split('.')[0]}`
      const ids = async () => (await brief.held(object)).map(({ id }) => id)
      await until('the alarm', async () => !(await ids()).some((id) => id.startsWith('alias ')))
      assert.ok((await ids()).some((id) => id.endsWith('expired')))
      assert.equal((await own.submit(json.alias)).json.error_description, 'alias_invalid')
    } finally {
      await brief.stop()
    }
  })

  test('and with it every trace of the account in logs, audits, answers and on disk', async () => {
    const { bank } = service
    const names = ['leaky-24681357911', 'leaky-99887766554', 'leaky-31415926535']
    const [used, doubtful, closed] = await Promise.all(names.map((name) => page.alias(name)))
    bank.outcome = ({ account }) => ({ result: { from: account, to: 'x' } })
    const { json } = await page.submit(used.alias)
    assert.deepEqual(json.result, { from: used.alias, to: 'x' }, 'the page knows the alias alone')
    bank.fail = 'after'
    const { json: answer } = await page.submit(doubtful.alias)
    assert.equal(answer.state, 'in_doubt')
    bank.fail = bank.outcome = undefined
    await close(closed)
    const refused = await page.open('leaky-12121212121', { operation: 'fly' })
    const texts = [service.log.join(''), service.disk(), JSON.stringify(await service.events())]
    texts.push(refused.text, JSON.stringify(json), JSON.stringify(answer))
    for (const name of [...names, 'leaky-12121212121']) {
      for (const part of [name, name.slice(6)]) {
        for (const text of texts) assert.ok(!text.includes(part), part)
      }
    }
    // The search finds what is there.
    assert.ok(service.disk().includes(`alias`))
    assert.ok(texts[2].includes('"in_doubt"'))
  })
})

describe('an execution under way', () => {
  test('is not cancelled by closing its alias', async () => {
    let release
    service.bank.hold = new Promise((resolve) => (release = resolve))
    const alias = await page.alias(ACCOUNT)
    const answer = page.submit(alias.alias)
    await until('the execution', () => service.bank.executions.length === 1)
    assert.equal((await close(alias)).status, 204)
    release()
    service.bank.hold = undefined
    assert.deepEqual((await answer).json, { state: 'done', result: { receipt: 1 } })
  })
})

describe('a wrong secret', () => {
  test('closes nothing, and does not say so', async () => {
    const alias = await page.alias(ACCOUNT)
    assert.equal((await close({ ...alias, close: randomId() })).status, 204)
    assert.equal(
      (await close({ handle: `${randomId()}.${randomId()}`, close: randomId() })).status,
      204,
    )
    assert.equal((await page.submit(alias.alias)).status, 200)
  })
})

describe('another terminal of the same user', () => {
  test('takes an alias over by the secret that the first one shows, and uses it', async () => {
    const kiosk = await service.page()
    const shown = await page.alias(ACCOUNT, { transferable: true, limits: { amount: 10 } })
    const { status, json } = await kiosk.claim(shown)
    assert.equal(status, 200)
    assert.deepEqual([json.operation, json.limits], ['transfer', { amount: 10 }])
    assert.equal((await page.submit(shown.alias)).json.error_description, 'alias_invalid')
    const first = JSON.parse((await heldOf(shown))('alias')[0].record)
    assert.equal(first.account, '', 'the first terminal keeps no account')
    const again = await kiosk.claim(shown)
    assert.equal(again.status, 200, 'the answer may have been lost')
    const beyond = await kiosk.submit(shown.alias, { details: { amount: 11 } })
    assert.deepEqual([beyond.status, beyond.json.error_description], [403, 'access_denied'])
    assert.equal((await kiosk.submit(shown.alias, { details: { amount: 10 } })).status, 200)
    assert.equal(service.bank.executions[0].account, ACCOUNT)
    assert.equal((await kiosk.claim(shown)).json.error_description, 'alias_invalid', 'used up')
    assert.equal(service.bank.executions.length, 1)
  })

  test('loses it when the first one closes it', async () => {
    const kiosk = await service.page()
    const shown = await page.alias(ACCOUNT, { transferable: true })
    const { json } = await kiosk.claim(shown)
    await close(shown)
    assert.deepEqual((await heldOf(json))('alias'), [])
    assert.equal((await kiosk.submit(shown.alias)).json.error_description, 'alias_invalid')
    assert.equal((await kiosk.claim(shown)).json.error_description, 'alias_invalid')
  })

  for (const step of ['after release', 'before adopt']) {
    test(`does not get it when the first one closes it while it is being taken over: ${step}`, async () => {
      const kiosk = await service.page()
      const shown = await page.alias(ACCOUNT, { transferable: true })
      const reached = service.bank.reached()
      // Never answered: it ends with the service.
      kiosk.claim(shown, { headers: { 'x-stop-at': step } }).catch(() => {})
      assert.equal(await reached, step)
      assert.equal((await close(shown)).status, 204)
      assert.deepEqual((await heldOf(shown))('alias'), [])
      // Whether it asks again or its first request goes on after all, the alias is gone.
      assert.equal((await kiosk.claim(shown)).json.error_description, 'alias_invalid')
      // Another alias of the kiosk tells which object is its own.
      const held = await service.held(`visit/${(await kiosk.alias()).handle.split('.')[0]}`)
      const name = shown.handle.split('.')[1]
      assert.deepEqual(
        held.filter(({ id }) => id.endsWith(name)).map(({ id, record }) => [id, record]),
        [[`gone ${name}`, '']],
      )
      assert.equal((await kiosk.submit(shown.alias)).json.error_description, 'alias_invalid')
    })
  }

  test('loses it also when it could not be told at once, and the first one closes it again', async () => {
    const kiosk = await service.page()
    const shown = await page.alias(ACCOUNT, { transferable: true })
    const { json } = await kiosk.claim(shown)
    const reached = service.bank.reached()
    const { handle, close: secret } = shown
    const body = JSON.stringify({ handle, close: secret })
    const headers = { 'content-type': 'text/plain', 'x-stop-at': 'before bury' }
    service.post('/v1/aliases/close', { headers, body }).catch(() => {})
    assert.equal(await reached, 'before bury')
    assert.equal((await heldOf(json))('alias').length, 1)
    await close(shown)
    assert.deepEqual((await heldOf(json))('alias'), [])
    assert.deepEqual((await heldOf(shown))('alias'), [])
  })

  test('is refused without that secret, as another user, and a second time as a third terminal', async () => {
    const stranger = await service.page({ sub: 'user-2' })
    const [kiosk, third] = [await service.page(), await service.page()]
    const shown = await page.alias(ACCOUNT, { transferable: true })
    const texts = [
      await stranger.claim(shown),
      await kiosk.claim({ ...shown, claim: shown.close }),
      await kiosk.claim({ ...shown, alias: 'user-00000000000' }),
      await page.claim(shown),
      await kiosk.claim({ ...(await page.alias(ACCOUNT)), claim: randomId() }),
    ].map(({ text }) => text)
    assert.equal((await kiosk.claim(shown)).status, 200)
    texts.push((await third.claim(shown)).text)
    assert.equal(new Set(texts).size, 1)
    assert.equal(JSON.parse(texts[0]).error_description, 'alias_invalid')
  })

  test('of a thousand that claim at once, one has it', async () => {
    const shown = await page.alias(ACCOUNT, { transferable: true })
    const kiosks = await Promise.all(Array.from({ length: 50 }, () => service.page()))
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, nth) => kiosks[nth % 50].claim(shown)),
    )
    const winners = new Set(
      answers.flatMap(({ status }, nth) => (status === 200 ? [nth % 50] : [])),
    )
    assert.equal(winners.size, 1)
  })
})
