// After an outage: whatever comes, however often and in whatever order, is taken once, and nobody can make it mean anything else.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { proofKey, signingKey } from '../support/jose_keys.js'
import { dpopProof, sign } from '../support/jose_party.js'
import {
  claimsOf,
  install,
  moveClock,
  person,
  phone,
  provisional,
  reconcile,
  startVault,
} from './support/world.js'

const DAY = 86_400

let world
before(async () => (world = await startVault({ fields: { name: { max: 3, maxPerSubject: 5 } } })))
after(() => world?.stop())

describe('an operation', () => {
  test('gives its value a canonical token, and its own token means the same', async () => {
    const me = await install(world)
    const number = phone()
    const op = await me.operation('phone', number)
    const { status, content } = await me.reconcile([op])
    assert.equal(status, 200, JSON.stringify(content))
    const [{ token, ...result }] = content.results
    assert.deepEqual(result, { op: op.op, status: 'done' })
    assert.match(token, /^11\d{9}$/)
    assert.deepEqual(await me.reveal('phone', [op.token, token]), Array(2).fill(`+86${number}`))
    assert.deepEqual(await me.canonical('phone', [op.token, token]), [token, token])
    assert.deepEqual(await me.tokenize('phone', [number]), [token])
  })

  test('of a value that was known gives the token that it has', async () => {
    const me = await install(world)
    const number = phone()
    const [token] = await me.tokenize('phone', [number])
    const ops = [await me.operation('phone', number), await me.operation('phone', `+86${number}`)]
    const { content } = await me.reconcile(ops)
    assert.deepEqual(
      content.results.map((it) => it.token),
      [token, token],
    )
  })

  test('is answered alike each time, in any order, in any company', async () => {
    const me = await install(world)
    const numbers = Array.from({ length: 20 }, phone)
    const ops = await Promise.all(numbers.map((number) => me.operation('phone', number)))
    const first = byOp(await me.reconcile(ops))
    for (const again of [ops.toReversed(), ops.slice(5, 9), [...ops, ...ops]]) {
      const answers = byOp(await me.reconcile(again))
      for (const [op, result] of answers) assert.deepEqual(result, first.get(op))
    }
    const many = await Promise.all(Array.from({ length: 20 }, () => me.reconcile(ops)))
    for (const answer of many) assert.deepEqual(byOp(answer), first)
    const tokens = await me.tokenize('phone', numbers)
    assert.deepEqual(
      tokens,
      [...first.values()].map((it) => it.token),
    )
  })

  test('that came from many installs at once makes one token', async () => {
    const number = phone()
    const installs = await Promise.all(Array.from({ length: 50 }, () => install(world)))
    const ops = await Promise.all(installs.map((it) => it.operation('phone', number)))
    const answers = await Promise.all(installs.map((it, at) => it.reconcile([ops[at]])))
    const tokens = answers.map(({ content }) => content.results[0].token)
    assert.equal(new Set(tokens).size, 1)
    assert.match(tokens[0], /^11/)
  })

  test('with the id of another one is refused, and changes nothing', async () => {
    const me = await install(world)
    const first = await me.operation('phone', phone())
    const done = byOp(await me.reconcile([first])).get(first.op)
    const number = phone()
    const other = await me.operation('phone', number, { op: first.op })
    await refused(me, other, 'op_conflict')
    assert.deepEqual(await me.reveal('phone', [other.token]), [null])
    assert.deepEqual(byOp(await me.reconcile([first])).get(first.op), done)
  })

  test('may come again after its policy has ended for new ones, as long as it is remembered', async () => {
    const me = await install(world)
    const op = await me.operation('phone', phone())
    const late = await me.operation('phone', phone())
    const done = byOp(await me.reconcile([op]))
    try {
      await moveClock(world, 2 * DAY) // the visit token and the policy's own time are over
      assert.deepEqual(byOp(await me.reconcile([op])), done)
      await moveClock(world, 7 * DAY + 60) // past rexp
      assert.deepEqual(byOp(await me.reconcile([op])), done)
      await refused(me, late, 'expired')
      await moveClock(world, 14 * DAY + 60)
      const { status, content } = await me.reconcile([op])
      assert.deepEqual([status, content.error_description], [401, 'token_expired'])
    } finally {
      await moveClock(world, 0)
    }
  })
})

describe('what does not belong together is refused for good', () => {
  const cases = {
    'another value than the token commits to': { under: { value: '13900000000' } },
    'another salt': { under: { salt: Buffer.alloc(32, 1).toString('base64url') } },
    'another tenant under the seal': { under: { tenant: 'another' } },
    'another field under the seal': { under: { field: 'name' } },
    'another policy': { under: { policy: 'another' } },
    'another token beside the seal': { beside: { token: `lpp1_${'A'.repeat(43)}` } },
    'another field beside the seal': { beside: { field: 'name' } },
    'no token of ours': { token: 'x' },
    'salt and lease': { under: { lease: 'x' } },
    'a member too many': { under: { more: 1 } },
    'a seal that is none': { beside: { sealed: 'e30.x.x.x.x' } },
    'an id of no form': { op: 'nonsense' },
  }
  for (const [what, change] of Object.entries(cases)) {
    test(what, async () => {
      const me = await install(world)
      const op = await me.operation('phone', phone(), change)
      await refused(me, op, 'bad_binding')
      assert.deepEqual(await me.reveal('phone', [op.token]), [null])
    })
  }

  test('an operation of another install', async () => {
    const [me, other] = [await install(world), await install(world)]
    await refused(me, await me.operation('phone', phone(), { op: other.nextOp() }), 'bad_binding')
  })

  test('an operation that was sealed for another policy', async () => {
    const [me, other] = [await install(world), await install(world)]
    await refused(me, await other.operation('phone', phone(), { op: me.nextOp() }), 'bad_binding')
  })

  test('a value that is none of its field, and a token in place of a value', async () => {
    const me = await install(world)
    await refused(me, await me.operation('phone', '12345'), 'bad_value')
    const [token] = await me.tokenize('phone', [phone()])
    await refused(me, await me.operation('name', token), 'bad_value')
  })

  test('a provisional token that somebody only saw, for another value', async () => {
    const [me, thief] = [await install(world), await install(world)]
    const mine = await me.operation('phone', phone())
    for (const salt of [provisional('', '', '').salt, Buffer.alloc(32).toString('base64url')]) {
      const theft = await thief.operation('phone', '13911111111', { token: mine.token, salt })
      await refused(thief, theft, 'bad_binding')
    }
    const number = phone()
    const own = await me.operation('phone', number)
    assert.equal(byOp(await me.reconcile([own])).get(own.op).status, 'done')
  })

  test('one bad operation leaves the others of its batch as they are', async () => {
    const me = await install(world)
    const ops = await Promise.all([
      me.operation('phone', phone()),
      me.operation('phone', '12345'),
      me.operation('phone', phone(), { op: 'nonsense' }),
      me.operation('phone', phone()),
    ])
    const { content } = await me.reconcile(ops)
    const statuses = content.results.map(({ status, error }) => error ?? status)
    assert.deepEqual(statuses, ['done', 'bad_value', 'bad_binding', 'done'])
  })
})

describe('a policy', () => {
  test('says what PROTOCOL §7 says', async () => {
    const me = await install(world)
    const { text, type, claims } = me.granted
    assert.equal(type, 'application/jwt')
    assert.deepEqual(JSON.parse(Buffer.from(text.split('.')[0], 'base64url')), {
      alg: 'EdDSA',
      kid: world.deployment.signing.kid,
      typ: 'lp-policy+jwt',
    })
    const { iss, aud, tenant, iat, exp, rexp, cnf, seal, fields } = claims
    assert.deepEqual([iss, aud, tenant], [world.issuer, `${world.issuer}/v1/reconcile`, 'partner'])
    assert.deepEqual([exp - iat, rexp - iat], [DAY, 7 * DAY])
    assert.deepEqual(cnf, { jkt: me.key.jkt })
    const { d: _, ...public_ } = world.seal
    assert.deepEqual(seal, public_)
    assert.deepEqual(fields[0], {
      name: 'phone',
      norm: 'digits.1',
      pool: 32,
      provisional: true,
      max: 1000,
    })
  })

  test('is given again in the first half of its life, and its install stays', async () => {
    const key = await proofKey()
    const me = await install(world, { key })
    assert.equal((await me.policy()).claims.jti, me.granted.claims.jti)
    try {
      await moveClock(world, DAY / 2 + 10)
      const later = await person(world, {
        key,
        subject: me.subject,
        claims: { iat: Math.floor(Date.now() / 1000) + world.offset, exp: farAway(world) },
      })
      const { claims } = await later.policy()
      assert.notEqual(claims.jti, me.granted.claims.jti)
      assert.equal(claims.iid, me.granted.claims.iid)
      assert.ok(claims.ver > me.granted.claims.ver)
    } finally {
      await moveClock(world, 0)
    }
  })

  test('covers the fields that its holder may tokenize, and no others', async () => {
    const me = await person(world, { scope: 'tokenize:phone reveal:name' })
    const { claims } = await me.policy()
    assert.deepEqual(
      claims.fields.map(({ name }) => name),
      ['phone'],
    )
    const none = await person(world, { scope: 'reveal:phone' })
    assert.equal((await none.call('/v1/policies', {})).status, 403)
  })

  test('is bound to the key that asked, and to no other', async () => {
    const me = await person(world)
    const { jkt } = await proofKey()
    assert.equal((await me.call('/v1/policies', { jkt })).status, 400)
  })

  test('allows as many operations as it says, however they are sent', async () => {
    const me = await install(world)
    const ops = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((it) => me.operation('name', it)))
    const statuses = async () => {
      const { content } = await me.reconcile(ops)
      return content.results.map(({ error, status }) => error ?? status)
    }
    const expected = ['done', 'done', 'done', 'over_cap', 'over_cap']
    assert.deepEqual(await statuses(), expected)
    assert.deepEqual(await statuses(), expected)
    const more = await me.operation('name', 'f')
    await refused(me, more, 'over_cap')
  })

  test('leaves something for the next install, however many pages a person opens', async () => {
    const subject = 'reloading'
    const given = []
    for (let at = 0; at < 40; at++) {
      const { granted } = await install(world, { subject })
      given.push(granted.claims.fields.find(({ name }) => name === 'phone').max)
    }
    assert.ok(
      given.every((max) => max > 0),
      given.join(),
    )
    assert.ok(given.reduce((sum, max) => sum + max) <= 4000, given.join())
  })

  test('gives no more to a subject with many installs than the subject may have', async () => {
    const subject = 'hoarder'
    const given = []
    for (let at = 0; at < 4; at++) {
      const { granted } = await install(world, { subject })
      given.push(granted.claims.fields.find(({ name }) => name === 'name').max)
    }
    // Whoever comes when half is gone gets little of what is left, and some of it stays for installs that come again.
    assert.deepEqual(given, [3, 1, 0, 0])
    const empty = await install(world, { subject })
    await refused(empty, await empty.operation('name', 'x'), 'over_cap')
  })

  test('without the proof key is worth nothing', async () => {
    const me = await install(world)
    const ops = [await me.operation('phone', phone())]
    const thief = await proofKey()
    const answers = [
      await reconcile(world, me.granted, thief, ops),
      await reconcile(world, me.granted, undefined, ops, { scheme: 'Bearer' }),
      await reconcile(world, me.granted, undefined, ops),
    ]
    for (const { status, headers } of answers) {
      assert.equal(status, 401)
      assert.match(headers.get('www-authenticate'), /^DPoP /)
    }
    assert.deepEqual(await me.reveal('phone', [ops[0].token]), [null])
  })

  test('needs a fresh proof each time', async () => {
    const me = await install(world)
    const ops = [await me.operation('phone', phone())]
    const url = `${world.issuer}/v1/reconcile`
    const proof = await dpopProof(me.key, { method: 'POST', url, token: me.granted.text })
    assert.equal((await me.reconcile(ops, { proof })).status, 200)
    assert.equal((await me.reconcile(ops, { proof })).status, 401)
  })

  test('that somebody made himself is none', async () => {
    const me = await install(world)
    const ops = [await me.operation('phone', phone())]
    const own = await signingKey(world.deployment.signing.kid)
    const forged = { text: await sign('lp-policy+jwt', me.granted.claims, own) }
    assert.equal((await me.reconcile(ops, { policy: forged })).status, 401)
    const wrong = {
      'a visit token': { text: me.token },
      'another audience': await resigned(me, { aud: `${world.issuer}/api` }),
      'another issuer': await resigned(me, { iss: 'https://elsewhere.example' }),
    }
    for (const [what, policy] of Object.entries(wrong)) {
      assert.equal((await me.reconcile(ops, { policy })).status, 401, what)
    }
  })
})

describe('hostile batches', () => {
  const bodies = {
    nothing: '{"ops":[]}',
    'no JSON': 'x',
    'an op that is none': '{"ops":[1]}',
    'a missing member': '{"ops":[{"op":"a","field":"phone","token":"x"}]}',
    'a name twice': '{"ops":[],"ops":[]}',
    'too many': JSON.stringify({
      ops: Array.from({ length: 101 }, () => ({ op: 'a', field: 'f', token: 't', sealed: 's' })),
    }),
    'too long': `{"ops":[${' '.repeat(300_000)}]}`,
  }
  for (const [what, body] of Object.entries(bodies)) {
    test(what, async () => {
      const me = await install(world)
      const { status, content } = await me.reconcile([], { body })
      assert.deepEqual([status, content.error], [400, 'invalid_request'])
    })
  }
})

function byOp({ status, content }) {
  assert.equal(status, 200, JSON.stringify(content))
  return new Map(content.results.map((result) => [result.op, result]))
}

async function refused(me, op, error) {
  const { status, content } = await me.reconcile([op])
  assert.equal(status, 200, JSON.stringify(content))
  assert.deepEqual(content.results, [{ op: op.op, status: 'refused', error }])
}

async function resigned(me, claims) {
  const text = await sign(
    'lp-policy+jwt',
    { ...me.granted.claims, ...claims },
    world.deployment.signing,
  )
  return { text, claims: claimsOf(text) }
}

const farAway = ({ offset }) => Math.floor(Date.now() / 1000) + offset + 900
