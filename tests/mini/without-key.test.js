// Platforms where no key can be made: no documented WebAssembly, no random source. Logins and requests work; what needs a proof says so.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { keys, url } from './support/gateway.js'
import { refused, service, world } from './support/world.js'

const CALLS = {
  'tokenizer()': (mini) => mini.tokenizer({ issuer: url, keys }),
  'beginOperation()': (mini) => mini.beginOperation('transfer', {}, { account: 'a' }),
  'claimOperation()': (mini) => mini.claimOperation('lp1.YQ.v.n.c'),
  'openVisit()': (mini) => mini.openVisit('an access token'),
}

for (const platform of ['baidu', 'qq', 'kuaishou', 'alipay']) {
  describe(`on ${platform}`, () => {
    const start = () => {
      const it = world(platform)
      it.start({ mini: { issuer: url, keys } })
      return it
    }

    for (const [name, call] of Object.entries(CALLS)) {
      test(`${name} is refused before anything is asked, and nothing is left in pieces`, async () => {
        const it = start()
        const { proof } = await it.run(it.mini.status())
        assert.equal(proof, 'none')
        const asked = it.gateway.log.length
        for (let time = 0; time < 2; time++) {
          await it.run(
            assert.rejects(call(it.mini), refused('proof_required', { retryable: false })),
          )
        }
        assert.equal(it.gateway.log.length, asked)
        const answer = await it.run(it.mini.request({ url: service }))
        assert.equal(answer.status, 200)
        assert.equal(answer.json().bound, false)
      })
    }

    test('there is no visit to go on with', async () => {
      const it = start()
      assert.equal(await it.run(it.mini.resumeVisit()), undefined)
    })
  })
}
