// An issuer that signs by ES256 and a gateway with a key on P-256: the browser does the arithmetic. One suite, run by each
// browser's test file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { session } from './session.js'
import { callApi } from './visits.js'

export const P256 = { signingCurve: 'P-256', appCurve: 'P-256' }

export function p256In(browserName) {
  describe(`a visit with keys on P-256 in ${browserName}`, { timeout: 120_000 }, () => {
    const { openVisit, settled, world } = session(browserName, P256)

    test('is opened, refreshed, and goes on after a reload', async () => {
      const { page, claims, source } = await openVisit(await world().fragmentUrl())
      assert.equal(source, 'issued')
      assert.equal((await page.evaluate(callApi)).status, 200)
      await page.evaluate(() => state.visit.token({ minValiditySeconds: 3600 }))
      assert.equal(world().proxy.of('/v1/visits/refresh').length, 1)
      assert.equal((await page.evaluate(callApi)).status, 200)
      await page.reload()
      const resumed = await settled(page)
      assert.equal(resumed.status, 'open', JSON.stringify(resumed))
      assert.deepEqual([resumed.source, resumed.claims.sid], ['cached', claims.sid])
    })
  })
}
