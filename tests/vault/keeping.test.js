// What the vault keeps: values under the data key alone, a trail of who saw them, nothing longer than it has to, and all of it
// over crashes.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { secret } from '../support/jose_keys.js'
import { until } from '../support/until.js'
import { startFaulty } from './support/faulty.js'
import { ALL, install, moveClock, person, phone } from './support/world.js'

const DAY = 86_400

let world
before(async () => (world = await startFaulty()))
after(() => world?.stop())

describe('at rest', () => {
  test('no value and no fingerprint that could be tried is on the disk', async () => {
    const me = await install(world)
    const name = '欧阳青霞在此'
    const number = '13977889966'
    const op = await me.operation('name', name)
    await me.tokenize('phone', [number])
    await me.reconcile([op])
    await me.reveal('name', [op.token])
    const disk = Buffer.concat(files(world.state).map((path) => readFileSync(path)))
    const hash = (text) => createHash('sha256').update(text).digest('base64url')
    for (const text of [name, number, `+86${number}`, hash(number), hash(`+86${number}`)]) {
      assert.equal(disk.includes(Buffer.from(text)), false, text)
    }
    // The search finds what is there.
    assert.ok(disk.includes(Buffer.from(op.token)))
  })
})

describe('the data key', () => {
  test('rotates: values follow it by alarms, over a crash, and the old key may go', async () => {
    const me = await person(world, { claims: { client_id: 'rotating' } })
    const numbers = Array.from({ length: 1000 }, phone)
    const tokens = []
    for (let at = 0; at < numbers.length; at += 100) {
      tokens.push(...(await me.tokenize('phone', numbers.slice(at, at + 100))))
    }
    const [old] = JSON.parse(world.bindings.VAULT_DATA_KEYS)
    const fresh = { key: { kty: 'oct', kid: 'data-2', k: secret() } }
    const began = { ...fresh, activeFromSeconds: 1 }
    await world.crash({ VAULT_DATA_KEYS: JSON.stringify([old, began]) })
    const first = await world.ask('vault', 'rotate', 'rotating')
    assert.ok(first.left < 1000 && first.busyShards > 0, JSON.stringify(first))
    await world.crash()
    await until('the rotation', async () => {
      let left = 0
      for (let shard = 0; shard < 4; shard++) left += await leftIn(shard, 'data-2')
      return left === 0
    })
    await world.crash({ VAULT_DATA_KEYS: JSON.stringify([fresh]) })
    const revealed = await me.reveal('phone', tokens.slice(0, 100))
    assert.deepEqual(
      revealed,
      numbers.slice(0, 100).map((number) => `+86${number}`),
    )
    assert.deepEqual(await me.tokenize('phone', numbers.slice(0, 100)), tokens.slice(0, 100))
    assert.deepEqual(await world.ask('vault', 'rotate', 'rotating'), { left: 0, busyShards: 0 })
  })

  test('that is missing makes values unreadable and loses none', async () => {
    const me = await person(world, { claims: { client_id: 'keyless' } })
    const number = phone()
    const tokens = await me.tokenize('phone', [number])
    const ring = world.bindings.VAULT_DATA_KEYS
    const other = [{ key: { kty: 'oct', kid: 'data-3', k: secret() } }]
    await world.crash({ VAULT_DATA_KEYS: JSON.stringify(other) })
    const items = tokens.map((token) => ({ field: 'phone', token }))
    const { status, content } = await me.call('/v1/tokens/reveal', { items })
    assert.deepEqual([status, content.error], [500, 'server_error'])
    assert.deepEqual(await me.tokenize('phone', [number]), tokens)
    assert.equal((await world.ask('vault', 'rotate', 'keyless')).left, 1)
    await world.crash({ VAULT_DATA_KEYS: ring })
    assert.deepEqual(await me.reveal('phone', tokens), [`+86${number}`])
  })

  test('is looked for in no value by an alarm, unless it rotates; and then once in each', async () => {
    const me = await person(world, { claims: { client_id: 'counted' } })
    await me.tokenize('phone', Array.from({ length: 40 }, phone))
    const shard = ['shard', 'counted', 0]
    const values = 4_000
    // Their key is gone, so that they stay as they are, however often they are gone through.
    await world.ask(shard, 'sql', [
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${values})
        INSERT INTO values_ (value, field, count, record, kid)
        SELECT printf('v%05d', n), 'phone', 1000000 + n, 'data-0.x', 'data-0' FROM numbers`,
    ])
    const alarms = async (enough) => {
      const reads = []
      await until('alarms', async () => {
        reads.push(...(await world.ask(shard, 'alarmReads')))
        return enough(reads)
      })
      return reads
    }
    await world.ask(shard, 'alarmReads')
    await world.ask(shard, 'wake')
    const [idle] = await alarms((reads) => reads.length > 0)
    assert.ok(idle < 100, `an alarm has read ${idle} rows`)

    assert.ok((await world.ask(shard, 'rotate')).more)
    const batches = await alarms((reads) => reads.length >= values / 200)
    const rows = batches.reduce((sum, number) => sum + number, 0)
    assert.ok(rows < 4 * values, `${batches.length} alarms have read ${rows} rows`)
    await world.ask(shard, 'wake')
    const [after] = await alarms((reads) => reads.length > 0)
    assert.ok(after < 100, `an alarm has read ${after} rows once it has rotated`)
  })

  async function leftIn(shard, kid) {
    const rows = await world.ask(['shard', 'rotating', shard], 'recordKeys')
    return rows.filter((row) => row.kid !== kid).reduce((sum, { number }) => sum + number, 0)
  }
})

describe('erasure', () => {
  test('takes the value from all of its tokens, for ever, and makes room for a new one', async () => {
    const me = await install(world)
    const number = phone()
    const op = await me.operation('phone', number)
    const [token] = await me.tokenize('phone', [number])
    await me.reconcile([op])
    const erase = (token) => world.ask('vault', 'erase', 'partner', [{ field: 'phone', token }])
    assert.deepEqual(await erase(op.token), [{ token: op.token, erased: true }])
    assert.deepEqual(await erase(token), [{ token, erased: false }])
    assert.deepEqual(await me.reveal('phone', [token, op.token]), [null, null])
    // The operation that comes once more brings nothing back.
    const { content } = await me.reconcile([op])
    assert.deepEqual(content.results, [{ op: op.op, status: 'done', token }])
    assert.deepEqual(await me.reveal('phone', [token, op.token]), [null, null])
    const [next] = await me.tokenize('phone', [number])
    assert.notEqual(next, token)
    assert.deepEqual(await me.reveal('phone', [next, token, op.token]), [
      `+86${number}`,
      null,
      null,
    ])
    assert.deepEqual(await me.canonical('phone', [op.token]), [token])
  })

  test('holds against an operation that was under way', async () => {
    const me = await install(world)
    const number = phone()
    const op = await me.operation('phone', number)
    await me.reconcile([op], { faults: 'settle:before' })
    await world.ask('vault', 'erase', 'partner', [{ field: 'phone', token: op.token }])
    await me.reconcile([op])
    assert.deepEqual(await me.reveal('phone', [op.token]), [null])
  })

  test('leaves neither record nor fingerprint behind', async () => {
    const me = await person(world, { claims: { client_id: 'erasing' } })
    const [token] = await me.tokenize('name', ['to be erased'])
    const rows = async () => {
      const counts = []
      for (let shard = 0; shard < 4; shard++) {
        counts.push(...(await world.ask(['shard', 'erasing', shard], 'recordKeys')))
      }
      return counts
    }
    assert.equal((await rows()).length, 1)
    await world.ask('vault', 'erase', 'erasing', [{ field: 'name', token }])
    assert.deepEqual(await rows(), [])
  })
})

describe('what an erasure leaves of a value', () => {
  test('is its id and its tokens: nothing that it could be tried against, and nobody', async () => {
    const tenant = 'erased rows'
    const me = await install(world, { claims: { client_id: tenant } })
    const [pooled, offline] = [phone(), phone()]
    const { lease, tokens } = (await me.lease('phone', 2)).content
    const ops = [
      await me.operation('phone', pooled, { token: tokens[0], lease }),
      await me.operation('phone', offline),
    ]
    const before = (await me.reconcile(ops)).content.results
    assert.ok(before.every(({ status }) => status === 'done'))
    for (const { token } of ops) {
      const [{ erased }] = await world.ask('vault', 'erase', tenant, [{ field: 'phone', token }])
      assert.equal(erased, true)
    }
    const rows = { values_: [], tokens: [], owners: [] }
    for (const shard of [0, 1, 2, 3]) {
      for (const { name, rows: found } of await world.ask(['shard', tenant, shard], 'dump')) {
        rows[name]?.push(...found)
      }
    }
    const told = (row) => Object.keys(row).filter((name) => row[name] !== null)
    assert.deepEqual(rows.owners, [])
    assert.deepEqual(rows.values_.map(told), Array(2).fill(['value', 'field', 'count']))
    const mine = rows.tokens.filter(({ token }) => ops.some((op) => op.token === token))
    assert.deepEqual(mine.map((row) => told(row).join()).sort(), [
      'field,token,lease,value,shard',
      'field,token,value,shard',
    ])
    // What was answered is answered again.
    assert.deepEqual((await me.reconcile(ops)).content.results, before)
  })

  test('of a token of a pool lets an operation that was under way come to its end', async () => {
    const me = await install(world)
    const { lease, tokens } = (await me.lease('phone', 1)).content
    const op = await me.operation('phone', phone(), { token: tokens[0], lease })
    await me.reconcile([op], { faults: 'settle:before' })
    await world.ask('vault', 'erase', 'partner', [{ field: 'phone', token: op.token }])
    const { content } = await me.reconcile([op])
    assert.equal(content.results[0].status, 'done')
    assert.deepEqual(await me.reveal('phone', [op.token, content.results[0].token]), [null, null])
  })
})

describe('erasure of a person', () => {
  const eraseSubject = ({ subject }) => world.ask('vault', 'eraseSubject', 'partner', subject)

  test('takes the values that nobody else has had tokenized, and counts them once', async () => {
    const [me, other] = [await install(world), await person(world)]
    const [mine, alsoTheirs, offline] = [phone(), phone(), phone()]
    const [own, shared] = await me.tokenize('phone', [mine, alsoTheirs])
    await other.tokenize('phone', [alsoTheirs])
    const op = await me.operation('phone', offline)
    await me.reconcile([op])
    const [named] = await me.tokenize('name', ['Lin Qiao of keeping'])
    assert.equal(await eraseSubject(me), 3)
    assert.deepEqual(await other.reveal('phone', [own, op.token, shared]), [
      null,
      null,
      `+86${alsoTheirs}`,
    ])
    assert.deepEqual(await other.reveal('name', [named]), [null])
    assert.equal(await eraseSubject(me), 3, 'the answer may have been lost')
    assert.equal(await eraseSubject(other), 1)
  })

  test('lets nothing come back: neither what is under way nor what waits in an install', async () => {
    const me = await install(world)
    const [waiting, begun] = [
      await me.operation('phone', phone()),
      await me.operation('phone', phone()),
    ]
    await me.reconcile([begun], { faults: 'register:before' })
    assert.equal(await eraseSubject(me), 0)
    // For good, and not as in an outage, in which tokenizers would go on.
    const { status, content } = await me.reconcile([waiting, begun])
    assert.equal(status, 200)
    assert.deepEqual(
      content.results.map(({ status, error }) => [status, error]),
      Array(2).fill(['refused', 'expired']),
    )
    const items = [{ op: 'a', field: 'phone', value: phone() }]
    for (const [path, body] of [
      ['/v1/tokens', { items }],
      ['/v1/policies', {}],
    ]) {
      const { status, content } = await me.call(path, body)
      assert.deepEqual([status, content.error], [410, 'identity_erased'], path)
    }
    assert.equal(await eraseSubject(me), 0)
    const other = await person(world)
    assert.deepEqual(await other.reveal('phone', [waiting.token, begun.token]), [null, null])
  })

  test('of more values than fit into one step', async () => {
    const me = await person(world)
    for (let at = 0; at < 24; at++) await me.tokenize('phone', Array.from({ length: 100 }, phone))
    assert.equal(await eraseSubject(me), 2400)
  })

  test('is in the audit trail, by field', async () => {
    const client = 'trail of a person'
    const me = await person(world, { claims: { client_id: client } })
    await me.tokenize('phone', [phone()])
    await me.tokenize('name', ['somebody in a trail'])
    await world.ask('vault', 'eraseSubject', client, me.subject, { subject: 'officer' })
    const { entries } = await world.ask('vault', 'auditTrail', client)
    assert.deepEqual(
      entries.map(({ what, field, found, by }) => [what, field, found, by.subject]).sort(),
      [
        ['erase', 'name', true, 'officer'],
        ['erase', 'phone', true, 'officer'],
      ],
    )
  })
})

describe('the audit trail', () => {
  test('says who revealed what field when, without the value, and shows what is missing', async () => {
    const scope = `${ALL} audit:export`
    const me = await person(world, { scope, claims: { client_id: 'audited', sid: sid(3) } })
    const numbers = Array.from({ length: 5 }, phone)
    const tokens = await me.tokenize('phone', numbers)
    await me.reveal('phone', tokens.slice(0, 3))
    await me.reveal('phone', ['11000000000'])
    await world.ask('vault', 'erase', 'audited', [{ field: 'phone', token: tokens[4] }], {
      subject: 'officer',
    })
    await me.reveal('phone', [tokens[4]])
    const entries = await exported(me)
    assert.deepEqual(entries.map(({ what, found }) => `${what} ${found}`).sort(), [
      'erase true',
      'reveal false',
      'reveal true',
      'reveal true',
      'reveal true',
    ])
    const one = entries.find(({ what, found }) => what === 'reveal' && found)
    assert.deepEqual(one.by, {
      subject: me.subject,
      client: 'audited',
      visit: sid(3),
      token: claims(me.token).jti,
    })
    assert.deepEqual([one.field, one.tenant], ['phone', 'audited'])
    assert.ok(Math.abs(one.at - Date.now() / 1000) < 60)
    const text = JSON.stringify(entries)
    for (const number of numbers) assert.equal(text.includes(number), false)
    assertLinked(entries)
  })

  test('is for those who may have it, and for one tenant', async () => {
    const me = await person(world)
    assert.equal((await me.call('/v1/audit', undefined, { method: 'GET' })).status, 403)
    const other = await person(world, { scope: 'audit:export', claims: { client_id: 'nobody' } })
    assert.deepEqual(await exported(other), [])
    const bad = await other.call('/v1/audit?after=x', undefined, { method: 'GET' })
    assert.equal(bad.status, 400)
  })

  test('comes in pages', async () => {
    const scope = `${ALL} audit:export`
    const fields = JSON.parse(world.bindings.VAULT_FIELDS)
    const more = fields.map((field) => ({ ...field, revealsPerHour: 10_000 }))
    await world.crash({ VAULT_FIELDS: JSON.stringify(more) })
    const me = await person(world, { scope, claims: { client_id: 'paged' } })
    const tokens = await me.tokenize('phone', Array.from({ length: 100 }, phone))
    for (let at = 0; at < 6; at++) await me.reveal('phone', tokens)
    const entries = await exported(me)
    assert.equal(entries.length, 600)
    assertLinked(entries)
  })

  async function exported(me) {
    const entries = []
    let after = '0.0'
    for (let pages = 0; after !== undefined; pages++) {
      assert.ok(pages < 10)
      const path = `/v1/audit?after=${after}`
      const { status, content } = await me.call(path, undefined, { method: 'GET' })
      assert.equal(status, 200, JSON.stringify(content))
      entries.push(...content.entries)
      after = content.next
    }
    return entries
  }

  function assertLinked(entries) {
    const last = new Map()
    for (const { shard, link, ...entry } of entries) {
      const before = last.get(shard) ?? { seq: 0, link: '' }
      assert.equal(entry.seq, before.seq + 1)
      const text = before.link + JSON.stringify(entry)
      assert.equal(link, createHash('sha256').update(text).digest('base64url'))
      last.set(shard, { seq: entry.seq, link })
    }
  }
})

describe('crashes', () => {
  test('in the middle of batches lose nothing and double nothing', async () => {
    const me = await install(world)
    const numbers = Array.from({ length: 200 }, phone)
    const values = numbers.flatMap((number) => [number, `+86${number}`])
    const ops = await Promise.all(values.map((value) => me.operation('phone', value)))
    const answered = new Map()
    for (let round = 0; round < 6; round++) {
      const batches = [0, 1, 2, 3].map((at) => me.reconcile(ops.slice(at * 100, at * 100 + 100)))
      const heard = batches.map((batch) => batch.then(hear, () => undefined))
      // Somewhere in the middle: after the first of them, or before any.
      if (round % 2 === 0) await Promise.race(heard)
      await world.crash()
      await Promise.all(heard)
    }
    for (let at = 0; at < ops.length; at += 100) hear(await me.reconcile(ops.slice(at, at + 100)))
    assert.equal(answered.size, ops.length)
    const tokens = ops.map(({ op }) => answered.get(op))
    for (let at = 0; at < tokens.length; at += 2) assert.equal(tokens[at], tokens[at + 1])
    assert.equal(new Set(tokens).size, numbers.length)
    const sample = await me.reveal(
      'phone',
      ops.slice(0, 100).map(({ token }) => token),
    )
    assert.deepEqual(
      sample,
      values.slice(0, 100).map((value) => `+86${value.replace('+86', '')}`),
    )

    /** Nothing that was said once is ever said otherwise. */
    function hear({ status, content }) {
      if (status !== 200) return
      for (const result of content.results) {
        if (result.status !== 'done') assert.equal(result.status, 'retry', JSON.stringify(result))
        else if (answered.has(result.op)) assert.equal(answered.get(result.op), result.token)
        else answered.set(result.op, result.token)
      }
    }
  })
})

describe('what has an end', () => {
  test('is gone after it: policies, operations, leases', async () => {
    await moveClock(world, -60 * DAY)
    const times = { iat: at(-60 * DAY), exp: at(-60 * DAY) + 900 }
    const me = await install(world, { claims: times })
    const holder = me.granted.claims.iid.slice(0, 12)
    const op = await me.operation('phone', phone())
    await me.reconcile([op])
    const { content } = await me.lease('phone', 3)
    const rows = () => world.ask(['holder', 'partner', holder], 'rowCounts')
    assert.deepEqual(await rows(), { policies: 1, used: 1, ops: 1, leases: 1, rates: 3 })
    await moveClock(world, 0)
    await until('its end', async () => {
      const counts = await rows()
      return Object.values(counts).every((count) => count === 0)
    })
    const later = await person(world)
    assert.deepEqual(await later.canonical('phone', content.tokens), [null, null, null])
    // What was tokenized stays.
    assert.match((await later.reveal('phone', [op.token]))[0], /^\+86139/)
  })
})

const at = (offset) => Math.floor(Date.now() / 1000) + offset
const sid = (byte) => Buffer.alloc(16, byte).toString('base64url')
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

function files(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
}
