// Curve25519 is the browser's where it has it, and comes with another module where it has not. What is opened under one goes on under
// the other, and both refuse the same. One suite, run by each browser's test file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encryptionKey, keySet, signingKey } from '../support/jose_keys.js'
import { accessTokenClaims, sign } from '../support/jose_party.js'
import { session } from './session.js'
import { callApi } from './visits.js'

const POOR = { curves: 'P-256' }
const POOR_MODULE = 'lingpai_h5_curves_bg.wasm'

export function curvesIn(browserName) {
  describe(`Curve25519 in ${browserName}`, { timeout: 240_000 }, () => {
    const { open, openVisit, settled, world } = session(browserName)

    const renew = async (page) => {
      await page.evaluate(() => state.visit.token({ minValiditySeconds: 3600 }).then(() => {}))
      assert.equal((await page.evaluate(callApi)).status, 200)
    }

    test('one module is loaded, and it is known which before anything is sent', async () => {
      const usual = await open(world().pageUrl({ launch: 'fragment' }))
      assert.deepEqual(await modulesOf(usual), ['lingpai_h5_bg.wasm'])
      const poor = await open(world().pageUrl({ launch: 'fragment', ...POOR }))
      assert.deepEqual(await modulesOf(poor), [POOR_MODULE])
    })

    test('a browser without it opens a visit, refreshes it, and goes on after a reload', async () => {
      // Where a better key is kept, it would be taken.
      await (await open(`${world().page}/observe.js`)).evaluate(forgetKeys)
      const { page, claims, events, proofKey } = await openVisit(await world().fragmentUrl(POOR))
      assert.equal(proofKey, 'non-extractable')
      assert.equal(events.find(({ type }) => type === 'proof_key').algorithm, 'ES256')
      assert.equal((await page.evaluate(callApi)).status, 200)
      await renew(page)
      await page.reload()
      const resumed = await settled(page)
      assert.deepEqual([resumed.source, resumed.claims.sid], ['cached', claims.sid])
      assert.deepEqual(await modulesOf(page), [POOR_MODULE])
      await renew(page)
    })

    for (const [name, before, after] of [
      ['gets it', POOR, {}],
      ['loses it', {}, POOR],
    ]) {
      test(`a browser that ${name} goes on with its visit under the other module`, async () => {
        const { page, claims } = await openVisit(await world().fragmentUrl(before))
        await page.go(world().pageUrl({ launch: 'fragment', ...after }))
        const resumed = await settled(page)
        assert.equal(resumed.status, 'open', JSON.stringify(resumed))
        assert.deepEqual([resumed.source, resumed.claims.sid], ['cached', claims.sid])
        await renew(page)
        assert.equal(world().proxy.of('/v1/visits').length, 1)
      })
    }

    for (const [name, options] of [
      ['with', {}],
      ['without', POOR],
    ]) {
      test(`a browser ${name} it refuses forged access tokens, and AppKeys that force the result`, async () => {
        const page = await open(world().pageUrl({ launch: 'fragment', ...options }))
        await settled(page)
        const issuer = 'https://issuer.example'
        const [signing, forger, app] = await Promise.all([
          signingKey('sign'),
          signingKey('sign'),
          encryptionKey('app'),
        ])
        const seal = async (appKey, key) => {
          const claims = accessTokenClaims({ issuer, audience: issuer, page: issuer, appKey })
          const accessToken = await sign('lp-at+jwt', claims, key)
          const sealing = { accessToken, issuer, keys: keySet(signing) }
          return page.evaluate(outcomeOfSealing, sealing)
        }
        assert.equal(await seal(app, signing), 'sealed')
        assert.equal(await seal(app, forger), 'signature_invalid')
        assert.equal(await seal({ ...app, x: 'A'.repeat(43) }, signing), 'key_unusable')
      })
    }

    test('eight hundred requests in a row are sealed, whatever keys the browser draws', async () => {
      const page = await open(world().pageUrl({ launch: 'fragment' }))
      await settled(page)
      const issuer = 'https://issuer.example'
      const [signing, appKey] = await Promise.all([signingKey('sign'), encryptionKey('app')])
      const claims = accessTokenClaims({ issuer, audience: issuer, page: issuer, appKey })
      const accessToken = await sign('lp-at+jwt', claims, signing)
      const sealing = { accessToken, issuer, keys: keySet(signing) }
      for (let round = 0; round < 8; round++) {
        assert.deepEqual(await page.evaluate(outcomesOfSealing, sealing, 100), ['sealed'])
      }
    })

    /** The modules that a page has downloaded, once it has come to an end with opening. */
    async function modulesOf(page) {
      await settled(page)
      return page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .map(({ name }) => name.split('/').at(-1))
          .filter((name) => name.endsWith('.wasm')),
      )
    }
  })
}

/** Runs in a page of the same origin. */
function forgetKeys() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('lingpai')
    request.onsuccess = () => resolve(true)
    request.onerror = () => reject(request.error)
  })
}

/** Runs in the page. */
function outcomeOfSealing(options) {
  return state.sealVisit(options).then(
    () => 'sealed',
    (error) => error.code,
  )
}

/** Runs in the page. */
async function outcomesOfSealing(options, times) {
  const outcomes = new Set()
  for (let at = 0; at < times; at++) {
    outcomes.add(
      await state.sealVisit(options).then(
        () => 'sealed',
        (error) => error.code,
      ),
    )
  }
  return [...outcomes]
}
