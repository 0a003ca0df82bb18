// Status lists read the same in every runtime, although the runtimes inflate differently: one takes what is cut off for
// whole, another does not mind what follows the data.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { generateKey, publicKey } from '@lingpai/edge/jose'
import { browserNames } from '../support/browsers/index.js'
import { runtimeNames, startRuntime } from '../support/runtimes/index.js'
import { packed, signed } from './support/status_lists.js'
import { issuer, start } from './support/world.js'

const key = { ...generateKey('Ed25519', { kid: 'lists' }), alg: 'EdDSA' }
const uri = 'https://lists.example/1'
const statuses = Array.from({ length: 100_000 }, (_, index) => (index * index) % 4)
const data = deflateSync(packed(2, statuses))
const wrongSum = Buffer.from(data)
wrongSum[data.length - 1] ^= 1

const indexes = [0, 1, 2, 3, 49_999, 99_998, 99_999, 100_000]
const meaning = ['valid', 'revoked', 'token_suspended', 'revoked']
const none = (code) => indexes.map(() => `temporarily_unavailable ${code}`)
const cases = {
  'a good list': [data, indexes.map((index) => meaning[statuses[index]] ?? 'claim_invalid')],
  'a list cut off in the middle': [data.subarray(0, data.length >> 1), none('malformed')],
  'a list cut off before its checksum': [data.subarray(0, -4), none('malformed')],
  'a list cut off in its checksum': [data.subarray(0, -1), none('malformed')],
  'a list with a wrong checksum': [wrongSum, none('malformed')],
  'a list that something follows': [Buffer.concat([data, Buffer.from('x')]), none('malformed')],
  'no zlib data': [Buffer.from('no zlib data'), none('malformed')],
  'a list that inflates without end': [deflateSync(Buffer.alloc(2 ** 26)), none('limit_exceeded')],
}

for (const name of runtimeNames.filter((name) => !browserNames.includes(name))) {
  describe(`in ${name}`, () => {
    let runtime
    before(async () => {
      const reader = new URL('support/status_list_reader.js', import.meta.url)
      runtime = await startRuntime(name, fileURLToPath(reader))
    })
    after(() => runtime?.stop())

    for (const [what, [bytes, outcomes]] of Object.entries(cases)) {
      test(what, async () => {
        const lst = bytes.toString('base64url')
        const claims = { sub: uri, iat: start / 1000, status_list: { bits: 2, lst } }
        const token = signed(claims, key)
        const question = { token, keys: [publicKey(key)], issuer, uri, now: start, indexes }
        assert.deepEqual(await runtime.call('read', question), outcomes)
      })
    }
  })
}
