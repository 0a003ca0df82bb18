// A tokenizer's decisions from a policy to a reconciled operation: with the same draws of randomness every engine seals the same.
'use strict'

const { fromUtf8 } = require('./border.js')

/** An issuer's keys, and a policy of it that was signed for this suite: three phone numbers, from 1700000000 on, for a day. */
const keys =
  '{"keys":[{"crv":"Ed25519","x":"Ka_mEAO32lBvpp-7G1OcPcW2e6e3mCi0AvlsoJwDXyw","kty":"OKP",' +
  '"kid":"s1","use":"sig","alg":"EdDSA"}]}'
const policy =
  'eyJhbGciOiJFZERTQSIsImtpZCI6InMxIiwidHlwIjoibHAtcG9saWN5K2p3dCJ9.eyJpc3MiOiJodHRwczovL2F' +
  '1dGguZXhhbXBsZSIsImF1ZCI6Imh0dHBzOi8vZ2F0ZS5leGFtcGxlL3YxL3JlY29uY2lsZSIsImp0aSI6InBvbGl' +
  'jeS0xIiwidGVuYW50IjoiYmFuayIsImlpZCI6IkJRVUZCUVVGQlFVRkJRVUZCUVVGQlEiLCJ2ZXIiOjMsImlhdCI' +
  '6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDg2NDAwLCJyZXhwIjoxNzAwNjA0ODAwLCJzZWFsIjp7Imt0eSI6Ik9LUCI' +
  'sImNydiI6IlgyNTUxOSIsIngiOiJTeWxybzFsSzdROVFHWm5jNFRhek1nVWlNTlF1ZWtZSzMyNmhpcTFEd2dVIiw' +
  'ia2lkIjoic2VhbC0xIiwidXNlIjoiZW5jIiwiYWxnIjoiRUNESC1FUytBMjU2S1cifSwiZmllbGRzIjpbeyJuYW1' +
  'lIjoicGhvbmUiLCJub3JtIjoiZGlnaXRzLjEiLCJwb29sIjoyLCJwcm92aXNpb25hbCI6dHJ1ZSwibWF4IjozfV1' +
  '9.bLXHcg6nNu1pTQFcIvXuBt1sWX2lrLiCLi1BKOJIx2zEQHXHOVfbmCFw5V3tmRZjZqw3edRBHyvSDrEsSVrJAA'

const START = 1700000000
const reconcileUrl = 'https://gate.example/v1/reconcile'
const account = (text, revision) => ['account', text, revision]
const none = (key) => [key, undefined, 0]

exports.tokenizer = function (build, call, note) {
  const read = (...all) => {
    const result = call.apply(undefined, all)
    return result.refused === undefined ? fromUtf8(result) : 'refused: ' + result.refused
  }
  const say = (name, text) => (note(build + ': ' + name, text), text)
  const verify = (text) => read(40, text, reconcileUrl, 'https://auth.example', keys)

  say('a policy', verify(policy))
  say('a policy that was changed', verify(policy.slice(0, -8) + 'AAAAAAAA'))
  say(
    'the same number, written otherwise',
    read(41, 'policy-1', 'phone', '138 0013 8000') === read(41, 'policy-1', 'phone', '13800138000'),
  )
  const opened = JSON.parse(say('a first account', read(45, 'policy-1', 1, ...none('account'))))
  const row = opened.put.filter(({ key }) => key === 'account')[0].value
  const degrade = (durable, count) => {
    const values = []
    for (let at = 0; at < count; at++) values.push('phone', '1380013800' + at)
    const rows = account(row, 1).concat(none('pool/phone'))
    return read(42, 'policy-1', durable, 1, START + 60, count, ...values, ...rows)
  }
  say('more than the policy allows', degrade(1, 4))
  say('in a store that keeps nothing', degrade(0, 1))
  const made = JSON.parse(say('two numbers, sealed', degrade(1, 2)))
  const ops = made.batch.put.filter(({ key }) => key.indexOf('op/') === 0)
  const listed = [ops.length].concat(...ops.map(({ key, value }) => [key, value, 2]))
  const going = [100, 0].concat(listed)
  const sent = JSON.parse(say('the request', read(52, ...going)))
  const taken = JSON.parse(say('the fence', read(51, 'me', START, 0, ...none('fence'))))
  const fence = taken.batch.put[0].value
  const held = ['me', 'fence', fence, 3]
  const results = JSON.parse(sent.body).ops.map(({ op, token }) => ({ op, status: 'done', token }))
  const after = made.batch.put.filter(({ key }) => key === 'account')[0].value
  const rows = [...account(after, 2), 'fence', fence, 3]
  say('settled', read(53, JSON.stringify({ results }), START + 90, ...held, ...going, ...rows))
  say(
    'settled by who has lost the fence',
    read(
      53,
      JSON.stringify({ results }),
      START + 90,
      ...held,
      ...going,
      ...account(after, 2),
      'fence',
      fence,
      4,
    ),
  )
  const failed = read(50, 503, 0, undefined, 0, 0, START, 0, ...none('breaker'))
  say('the circuit', failed)
}
