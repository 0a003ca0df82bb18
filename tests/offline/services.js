// A gateway that is away in every way there is, under a visit that is open: what it has serves until it ends, and when the gateway is
// back the visit goes on, the same one, whatever became of the requests in between.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'

import { session } from '../browsers/session.js'
import { callApi } from '../browsers/visits.js'
import { until } from '../support/until.js'
import { FAULTS, startFaultyGateway } from '../tokenizer/support/faulty_gateway.js'

const visits = /^\/v1\/visits\b/

export function servicesIn(browserName) {
  describe(`a gateway that fails under a visit in ${browserName}`, { timeout: 300_000 }, () => {
    const { open, openVisit, settled, world } = session(browserName, {
      before: async (port) => {
        const gateway = await startFaultyGateway({ targetPort: port })
        gateway.state.only = visits
        return gateway
      },
    })
    const fail = (fault) => void (world().front.state.fault = fault)

    afterEach(async () => {
      fail(undefined)
      world().front.state.requests.length = 0
      await world().worker.setClock(0)
    })

    const refreshes = () => world().front.of('/v1/visits/refresh').length

    for (const fault of Object.keys(FAULTS)) {
      test(`it ${fault}: the token that is there serves, and the visit goes on afterwards`, async () => {
        const { page, claims } = await openVisit(
          await world().fragmentUrl({ storage: 'persistent' }),
        )
        fail(fault)
        // Due for a refresh, and good for a while.
        const lifeSeconds = claims.exp - claims.iat
        await world().worker.setClock(lifeSeconds - 60)
        const served = await page.evaluate(
          async (skewMs) => {
            state.skewMs = skewMs
            const before = state.visit.claims.jti
            await state.visit.token()
            return state.visit.claims.jti === before
          },
          (lifeSeconds - 60) * 1000,
        )
        assert.ok(served, 'what is good is served without waiting')
        await until('a refresh to be tried', async () => refreshes() > 0)
        assert.equal((await page.evaluate(callApi)).status, 200)
        fail(undefined)
        const next = await until(
          'the next token',
          () =>
            page.evaluate(() =>
              state.visit.token({ minValiditySeconds: 120 }).then(
                () => state.visit.claims,
                () => null,
              ),
            ),
          { timeoutMs: 60_000, everyMs: 500 },
        )
        assert.equal(next.sid, claims.sid, 'the same visit')
        assert.notEqual(next.jti, claims.jti)
        assert.equal((await page.evaluate(callApi)).status, 200)
        assert.ok(!(await page.evaluate(() => state.events.some(({ type }) => type === 'ended'))))
        await page.evaluate(() => state.visit.close())
      })
    }

    test('it loses the answer to the launch after the commit: one visit comes of it', async () => {
      fail('loses the answer after the commit')
      const page = await open(await world().fragmentUrl())
      await until('the request', async () => world().front.of('/v1/visits').length > 0)
      fail(undefined)
      const result = await settled(page)
      assert.equal(result.status, 'open', JSON.stringify(result))
      const asked = world().front.of('/v1/visits')
      assert.ok(asked.length > 1)
      assert.equal(new Set(asked.map(({ body }) => body.toString())).size, 1, 'the same bytes')
      assert.equal((await page.evaluate(callApi)).status, 200)
    })

    test('it is away for longer than a token lives: the caller hears that, and nothing expired is served', async () => {
      const { page, claims } = await openVisit(await world().fragmentUrl())
      fail('refuses')
      const goneSeconds = claims.exp - claims.iat + 5
      await world().worker.setClock(goneSeconds)
      const failure = await page.evaluate(async (skewMs) => {
        state.skewMs = skewMs
        return state.visit.token().then(
          () => 'served',
          ({ code, retryable }) => ({ code, retryable }),
        )
      }, goneSeconds * 1000)
      assert.deepEqual(failure, { code: 'network_unavailable', retryable: true })
      fail(undefined)
      await until(
        'the visit',
        () =>
          page.evaluate(() =>
            state.visit.token().then(
              () => true,
              () => false,
            ),
          ),
        { timeoutMs: 60_000, everyMs: 500 },
      )
      assert.equal((await page.evaluate(callApi)).status, 200)
    })
  })
}
