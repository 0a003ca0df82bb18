// A page on plain http: no secure context, so no key that the browser could keep from the page. It works all the same,
// says what it is, and writes nothing.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { launch } from '../support/browsers/index.js'
import { until } from '../support/until.js'
import { P256 } from './p256.js'
import { outcome } from './session.js'
import { dumpStorage } from './traces.js'
import { callApi } from './visits.js'
import { INSECURE_HOST, startWorld } from './world.js'

describe('a visit on plain http', { timeout: 120_000 }, () => {
  let world
  let browser

  before(async () => {
    world = await startWorld()
    browser = await launch('chromium', { hostRules: [`MAP ${INSECURE_HOST} 127.0.0.1`] })
  })

  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  test('keeps its proof key in memory and says so', async () => {
    const url = await world.fragmentUrl({}, { origin: world.insecurePage })
    const page = await browser.open(url)
    assert.equal(await page.evaluate(() => isSecureContext), false)
    const result = await until('the visit to open', () => page.evaluate(outcome))
    assert.equal(result.status, 'open', JSON.stringify(result))
    assert.equal(result.proofKey, 'memory')
    const { status, body } = await page.evaluate(callApi)
    assert.equal(status, 200, body)
    assert.equal(JSON.parse(body).proof_key, result.claims.cnf.jkt)
    const { session, local, databases, keys } = await page.evaluate(dumpStorage)
    assert.deepEqual(
      { session, local, databases, keys },
      { session: {}, local: {}, databases: {}, keys: [] },
    )
  })

  for (const [curves, code] of [
    [P256, 'algorithm_not_allowed'],
    [{ appCurve: 'P-256' }, 'key_unusable'],
  ]) {
    test(`is refused where it needs P-256 (${Object.keys(curves)}), for want of WebCrypto`, async () => {
      const other = await startWorld(curves)
      try {
        const page = await browser.open(await other.fragmentUrl({}, { origin: other.insecurePage }))
        const result = await until('the visit to fail', () => page.evaluate(outcome))
        assert.deepEqual([result.status, result.code], ['failed', code])
        assert.match(result.message, /https/)
        assert.equal(other.proxy.of('/v1/visits').length, 0)
      } finally {
        await other.stop()
      }
    })
  }
})
