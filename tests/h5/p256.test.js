// Keys on P-256, which the module leaves to WebCrypto: what is refused stays refused.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'

import { openVisit } from '@lingpai/h5'

import { signingKey } from '../support/jose_keys.js'
import { refusedWith } from '../support/refused.js'
import { createGateway } from './support/gateway.js'

let gateway
beforeEach(async () => {
  gateway = await createGateway({ signingCurve: 'P-256', appCurve: 'P-256' })
})

describe('an issuer with a key on P-256', () => {
  test('opens visits and refreshes them', async () => {
    const visit = await openVisit(gateway.options())
    const first = await visit.token()
    assert.notEqual(await visit.token({ minValiditySeconds: 3600 }), first)
    assert.equal(visit.claims.sub, 'subject')
    await visit.close()
  })

  test('is not spoken for by another key of its name: access tokens', async () => {
    const { signing } = gateway.deployment
    const options = gateway.options()
    gateway.deployment.signing = await signingKey(signing.kid, 'P-256')
    await refusedWith('signature_invalid', () => openVisit(options))
    assert.equal(gateway.seen.length, 0)
  })

  test('is not spoken for by another key of its name: visit tokens', async () => {
    const visit = await openVisit(gateway.options())
    const token = await visit.token()
    gateway.deployment.signing = await signingKey(gateway.deployment.signing.kid, 'P-256')
    await refusedWith('signature_invalid', () => visit.token({ minValiditySeconds: 3600 }))
    assert.equal(await visit.token(), token)
    await visit.close()
  })

  test('takes no signature of another length', async () => {
    const cut = ({ proofKeyThumbprint: jkt }) =>
      gateway.accessToken({ jkt }).then((token) => token.slice(0, -2))
    await refusedWith('signature_invalid', () =>
      openVisit(gateway.options({ requestAccessToken: cut })),
    )
  })

  test('with a point off the curve is of no use', async () => {
    const keys = gateway.options().keys.keys.map((key) => ({ ...key, x: key.y }))
    await refusedWith('signature_invalid', () => openVisit(gateway.options({ keys: { keys } })))
  })
})

test('a gateway’s key off the curve is refused before anything is sent', async () => {
  const { app } = gateway.deployment
  gateway.deployment.app = { ...app, x: app.y }
  await refusedWith('key_unusable', () => openVisit(gateway.options()))
  assert.equal(gateway.seen.length, 0)
})
