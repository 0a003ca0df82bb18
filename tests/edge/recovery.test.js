// After a trap in the module the request is refused, and the next one works on a new instance.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import * as glue from '../../npm/edge/dist/wasm/lingpai_verify_bg.js'
import { audience, clockAt, issuer, start, visit, world } from './support/world.js'

/** Lets the next call of the verifier's module trap. */
function sabotage() {
  const trap = () => {
    throw new WebAssembly.RuntimeError('unreachable')
  }
  glue.__wbg_set_wasm(new Proxy({}, { get: () => trap }))
}

test('a trap refuses one request, and what was configured works again', async () => {
  const key = generateKey('Ed25519', { kid: 'k1' })
  const options = { issuer, audience, keys: [publicKey(key)], cacheSize: 0, now: clockAt() }
  const [one, two] = [createVerifier(options), createVerifier(options)]
  const claims = { iss: issuer, aud: audience, iat: start / 1000, exp: start / 1000 + 900 }
  const token = signJws(JSON.stringify(claims), key, { typ: 'vt+jwt' })
  const place = world()
  for (let round = 0; round < 3; round++) {
    sabotage()
    await assert.rejects(one.verify(token), (error) => {
      assert.deepEqual([error.code, error.status], ['internal', 500])
      assert.ok(error.cause instanceof WebAssembly.RuntimeError)
      return true
    })
    assert.equal((await one.verify(token)).claims.iss, issuer)
    assert.equal((await two.verify(token)).claims.iss, issuer)
    assert.ok((await visit(place)).vt)
  }
})
