// Sealed texts that were tampered with: to the authority all of them look alike, the libraries say what is wrong.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { openJwe } from '@lingpai/edge/jose'
import { openAccessToken } from '@lingpai/edge/partner'

import * as deployed from '../support/deployment.js'
import { hostileJwe } from '../support/hostile_jwe.js'
import { encryptionKey, keySet, publicKey } from '../support/jose_keys.js'
import { sealRequest } from '../support/jose_party.js'
import { freePort } from '../support/processes.js'
import { assertRefusal, assertUnreadable, refusedWith } from '../support/refused.js'
import { startWorker } from '../support/worker.js'

const page = 'https://page.example'

for (const curve of ['X25519', 'P-256']) {
  describe(`a request sealed to ${curve} is refused by the authority:`, () => {
    let worker
    let deployment

    before(async () => {
      const port = await freePort()
      const issuer = `http://127.0.0.1:${port}`
      deployment = await deployed.createDeployment({ issuer, pages: [page], appCurve: curve })
      worker = await startWorker({ port, bindings: deployment.bindings })
    })

    after(() => worker?.stop())

    for (const { name, make } of hostileJwe.filter((row) => !row.curve || row.curve === curve)) {
      test(name, async () => assertUnreadable(await post(make(await good()))))
    }

    test('sealed to an unknown key', async () => {
      const appKey = { ...publicKey(deployment.app), kid: 'nobody' }
      const { request } = await sealRequest({ content: { at: 'x' }, appKey })
      assertUnreadable(await post(request), 'unknown_key')
    })

    test('sealed to another key under a known name', async () => {
      const appKey = publicKey(await encryptionKey(deployment.app.kid, curve))
      const { request } = await sealRequest({ content: { at: 'x' }, appKey })
      assertUnreadable(await post(request))
    })

    const contents = {
      'of another type': { header: { typ: 'lp-refresh+jwe' } },
      'with content of another type': { header: { cty: 'JWT' } },
      'without an access token': { content: {} },
      'with more than it should hold': { content: { at: 'x', admin: true } },
      'with an access token that is no string': { content: { at: 1 } },
      'with a thumbprint that is none': { content: { at: 'x', jkt: 'short' } },
    }
    for (const [name, change] of Object.entries(contents)) {
      test(name, async () => {
        const appKey = publicKey(deployment.app)
        const { request } = await sealRequest({ content: { at: 'x' }, appKey, ...change })
        assertUnreadable(await post(request))
      })
    }

    test('but a request that could be opened gets a sealed refusal', async () => {
      const { send } = await deployed.prepareVisit(deployment, { accessToken: 'no token' })
      assertRefusal(await send(), { status: 400, error: 'invalid_request', code: 'malformed' })
    })

    async function good() {
      const accessToken = await deployed.forgeAccessToken(deployment)
      return (await deployed.prepareVisit(deployment, { accessToken })).request
    }

    function post(body) {
      const headers = { 'content-type': 'application/jose', origin: page }
      return deployed.post(`${deployment.issuer}/v1/visits`, { body, headers })
    }
  })

  describe(`a JWE to ${curve} is refused by the library:`, () => {
    let key
    let jwe

    before(async () => {
      key = await encryptionKey('key', curve)
      jwe = (await sealRequest({ content: { hello: 'world' }, appKey: publicKey(key) })).request
    })

    for (const { name, code, make } of hostileJwe.filter(
      (row) => !row.curve || row.curve === curve,
    )) {
      test(name, () => refusedWith(code, () => openJwe(make(jwe), key), [jwe]))
    }

    test('and opens where nothing was changed', async () => {
      const { plaintext } = await openJwe(jwe, key)
      assert.deepEqual(JSON.parse(new TextDecoder().decode(plaintext)), { hello: 'world' })
    })
  })
}

test('the partner refuses an envelope for somebody else', async () => {
  const deployment = await deployed.createDeployment({
    issuer: 'https://gate.example',
    pages: [page],
  })
  const { issuer, signing, partner } = deployment
  const other = publicKey(await encryptionKey(partner.encryption.kid, 'P-256'))
  const { request } = await sealRequest({
    content: {},
    appKey: other,
    header: { typ: 'lp-at+jwe', cty: 'JWT' },
  })
  const options = { privateKey: partner.encryption, issuer, keys: keySet(signing) }
  await refusedWith('decryption_failed', () => openAccessToken(request, options))
})
