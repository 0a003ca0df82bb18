// One code, many hands and a bad network: the platform is asked once, its holder is answered alike for a minute, everybody else
// hears that the code was used. Also when workerd is killed in between.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { proofKey } from '../support/jose_keys.js'
import { until } from '../support/until.js'
import {
  callMe,
  claimsOf,
  loginForm,
  lpRequest,
  refreshForm,
  send,
  startWorld,
} from './support/world.js'

const CROWD = 50

let world
let key
let other

before(async () => {
  world = await startWorld()
  key = await proofKey()
  other = await proofKey()
})
after(() => world?.stop())

const wechat = () => world.platforms.wechat
const logins = () => wechat().calls.filter(({ path }) => path === '/sns/jscode2session').length
const granted = (answers) => answers.filter(({ status }) => status === 200)

/** All were granted, and the tokens say the same. */
function assertSame(answers) {
  for (const { status, body, content } of answers) {
    assert.equal(status, 200, body)
    const { iat, exp } = claimsOf(content)
    assert.ok(content.expires_in <= exp - iat, 'no more is left of it than it ever had')
  }
  const values = answers.map(({ content }) =>
    JSON.stringify([claimsOf(content), content.refresh_token, content.scope]),
  )
  assert.deepEqual([...new Set(values)], [values[0]])
}

function assertUsed({ status, content }) {
  assert.deepEqual([status, content.error_description], [400, 'code_used'])
}

describe('a crowd', () => {
  test(`${CROWD} times the same request at once: one call to the platform, one answer`, async () => {
    for (const [mark, proofKey] of [
      [lpRequest(), key],
      [lpRequest(), undefined],
      [undefined, key],
    ]) {
      const form = loginForm(world, 'wechat', mark && { lp_request: mark })
      const before = logins()
      const answers = await Promise.all(
        Array.from({ length: CROWD }, () => send(world, form, { proofKey })),
      )
      assertSame(answers)
      assert.equal(logins() - before, 1)
    }
  })

  test('the platform takes its time: who comes meanwhile waits for the same answer', async () => {
    wechat().fail('held')
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const before = logins()
    const first = send(world, form, { proofKey: key })
    await until('the platform is asked', () => logins() > before)
    const others = Array.from({ length: 9 }, () => send(world, form, { proofKey: key }))
    const thief = await send(world, { ...form, lp_request: lpRequest() }, { proofKey: other })
    assertUsed(thief)
    wechat().release()
    assertSame(await Promise.all([first, ...others]))
    assert.equal(logins() - before, 1)
  })

  test('of two holders exactly one wins, and the other one takes nothing from it', async () => {
    for (let race = 0; race < 20; race++) {
      const code = wechat().login()
      const attempt = (proofKey) =>
        send(world, loginForm(world, 'wechat', { code, lp_request: lpRequest() }), { proofKey })
      const answers = await Promise.all([attempt(key), attempt(other)])
      assert.equal(granted(answers).length, 1)
      assertUsed(answers.find(({ status }) => status !== 200))
      const [winner] = granted(answers)
      const holder = claimsOf(winner.content).cnf.jkt === key.jkt ? key : other
      assert.equal((await callMe(world, winner.content, holder)).status, 200)
    }
  })

  test('without a mark and without a key nothing is repeated', async () => {
    const form = loginForm(world, 'wechat')
    const before = logins()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(world, form)))
    assert.equal(granted(answers).length, 1)
    for (const answer of answers.filter(({ status }) => status !== 200)) assertUsed(answer)
    assert.equal(logins() - before, 1)
  })
})

describe('the holder repeats itself', () => {
  test('within a minute it gets the same again, by its mark or by its key', async () => {
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const first = await send(world, form, { proofKey: key })
    const before = logins()
    const another = { ...form, lp_request: lpRequest() }
    assertSame([
      first,
      await send(world, form, { proofKey: key }),
      await send(world, another, { proofKey: key }),
    ])
    assert.equal(logins(), before)
  })

  test('with its mark but another key, or none, it is somebody else', async () => {
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    assert.equal((await send(world, form, { proofKey: key })).status, 200)
    assertUsed(await send(world, form, { proofKey: other }))
    assertUsed(await send(world, form))
    assert.equal((await send(world, form, { proofKey: key })).status, 200)
  })

  test('after more than a minute the code was used', async () => {
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const first = await send(world, form, { proofKey: key })
    await world.worker.setClock(70)
    try {
      assertUsed(await send(world, form, { proofKey: key, clockSeconds: 70 }))
      // Nothing is taken from the login for that.
      const { refresh_token: token } = first.content
      const next = await send(world, refreshForm('wechat', token), {
        proofKey: key,
        clockSeconds: 70,
      })
      assert.equal(next.status, 200, next.body)
    } finally {
      await world.worker.setClock(0)
    }
  })

  test('a client that hangs up loses nothing: the answer is there when it comes again', async () => {
    wechat().fail('held')
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const before = logins()
    const controller = new AbortController()
    const hungUp = fetch(`${world.deployment.issuer}/v1/exchange`, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal: controller.signal,
    }).catch((error) => error)
    await until('the platform is asked', () => logins() > before)
    controller.abort()
    assert.ok((await hungUp) instanceof Error)
    wechat().release()
    const again = await send(world, form)
    assert.equal(again.status, 200, again.body)
    assert.equal(logins() - before, 1)
  })
})

describe('workerd is killed and started again on what it left on disk', () => {
  test('after the answer: the same request gets the same again', async () => {
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const first = await send(world, form, { proofKey: key })
    const before = logins()
    await world.worker.crash()
    assertSame([first, await send(world, form, { proofKey: key })])
    assertUsed(await send(world, form, { proofKey: other }))
    assert.equal(logins(), before)
  })

  test('while the platform is asked: the code is lost, the client hears it, and logs in anew', async () => {
    wechat().fail('held')
    const form = loginForm(world, 'wechat', { lp_request: lpRequest() })
    const before = logins()
    const cut = send(world, form, { proofKey: key }).catch((error) => error)
    await until('the platform is asked', () => logins() > before)
    await world.worker.crash()
    assert.ok((await cut) instanceof Error)
    wechat().release()
    await until('the platform has served the code', () => wechat().isRedeemed(form.subject_token))
    const again = await send(world, form, { proofKey: key })
    assertUsed(again)
    assert.equal(again.content.provider_code, '40163')
    const refusedHere = await send(world, form, { proofKey: other })
    assertUsed(refusedHere)
    assert.equal(refusedHere.content.provider_code, undefined, 'the platform was not asked for it')
    const anew = await send(world, loginForm(world, 'wechat'), { proofKey: key })
    assert.equal(anew.status, 200, anew.body)
  })
})

test('a claim that was forgotten is no more: whoever comes with the code then, the platform is asked about it', async () => {
  const form = loginForm(world, 'wechat', { code: 'a-code-that-nobody-knows' })
  // Ten seconds before it is forgotten.
  await world.worker.setClock(-590)
  const first = await send(world, form, { proofKey: key, clockSeconds: -590 })
  assert.equal(first.content.error_description, 'invalid_code')
  await world.worker.setClock(0)
  const before = logins()
  assertUsed(await send(world, form, { proofKey: key }))
  const again = await until(
    'the claim to be forgotten',
    async () => {
      const answer = await send(world, form, { proofKey: other })
      return answer.content.error_description !== 'code_used' && answer
    },
    { timeoutMs: 120_000, everyMs: 500 },
  )
  assert.equal(again.content.error_description, 'invalid_code')
  assert.equal(logins(), before + 1)
})
