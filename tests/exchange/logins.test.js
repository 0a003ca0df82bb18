// A login code of each platform becomes a visit token that the verifier accepts; what it carries, and what it does not.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { proofKey } from '../support/jose_keys.js'
import { PLATFORMS } from '../support/platforms/index.js'
import { callMe, claimsOf, login, loginForm, lpRequest, send, startWorld } from './support/world.js'

let world
let key

before(async () => {
  world = await startWorld()
  key = await proofKey()
})
after(() => world?.stop())

for (const platform of PLATFORMS) {
  describe(platform, () => {
    test('with a proof key: a bound token, a refresh token, and a verified call', async () => {
      const granted = await login(world, platform, { proofKey: key, lp_request: lpRequest() })
      assert.equal(granted.token_type, 'DPoP')
      assert.equal(granted.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
      // A second may have begun meanwhile.
      assert.ok(granted.expires_in > 890 && granted.expires_in <= 900)
      const scope = 'profile orders:read orders:write platform:payload platform:phone'
      assert.equal(granted.scope, scope)
      assert.match(granted.refresh_token, /^[\w-]{60,}$/)
      const claims = claimsOf(granted)
      assert.equal(claims.cnf.jkt, key.jkt)
      assert.equal(claims.client_id, `mini-${platform}`)
      const response = await callMe(world, granted, key)
      assert.equal(response.status, 200, response.body)
      assert.equal(JSON.parse(response.body).sub, claims.sub)
    })

    test('without one: a bearer token for 300 s, less scope, no refresh token', async () => {
      const granted = await login(world, platform)
      assert.equal(granted.token_type, 'Bearer')
      assert.ok(granted.expires_in > 290 && granted.expires_in <= 300)
      assert.equal(granted.scope, 'profile')
      assert.equal(granted.refresh_token, undefined)
      assert.equal(claimsOf(granted).cnf, undefined)
      assert.equal((await callMe(world, granted)).status, 200)
    })

    test('the same user is the same subject, another one is not, and neither is an id of the platform', async () => {
      const { platforms } = world
      const subject = async (user) => {
        const code = platforms[platform].login({ user })
        return claimsOf(await login(world, platform, { code })).sub
      }
      const [one, again, other] = [await subject('u-1'), await subject('u-1'), await subject('u-2')]
      assert.equal(one, again)
      assert.notEqual(one, other)
      assert.match(one, /^[\w-]{43}$/)
    })

    test('a byte order mark and the wrong content type spoil no answer', async () => {
      for (const oddity of ['bom', 'text_plain']) {
        world.platforms[platform].fail(oddity)
        assert.equal((await login(world, platform)).token_type, 'Bearer')
      }
    })
  })
}

describe('what a client may have', () => {
  test('less scope, if it asks for less', async () => {
    const granted = await login(world, 'wechat', { proofKey: key, scope: 'orders:read' })
    assert.equal(granted.scope, 'orders:read')
  })

  test('the refusals travel with 200 where the host hides the bodies of errors', async () => {
    const form = loginForm(world, 'alipay', { code: 'none', lp_error_status: '200' })
    const { status, content } = await send(world, form)
    assert.equal(status, 200)
    assert.equal(content.error, 'invalid_request')
    assert.equal(content.status, 400)
  })
})
