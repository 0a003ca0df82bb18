// A vault whose tables were made by older versions of the package, and one whose tables were made by a newer one: in real workerd,
// on the old tables, with values that were registered in earnest.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { until } from '../support/until.js'
import { startFaulty } from './support/faulty.js'
import { install, person, phone } from './support/world.js'

const SHARDS = [0, 1, 2, 3]

/** The tables as they were when a token had a digest over its value, also after an erasure, and the key that it was leased to. */
const THIRD = [
  'UPDATE versions SET version = 3',
  'ALTER TABLE tokens ADD COLUMN mark TEXT',
  `UPDATE tokens SET mark = 'a mark of ' || token, holder = iif(lease IS NULL, NULL, 'a thumbprint') WHERE value IS NOT NULL`,
]

/** The tables as they were before values had owners. */
const SECOND = [...THIRD, 'DROP TABLE owners', 'DROP TABLE erased', 'DROP TABLE versions']

/** The tables as they were at first: a value's canonical token was counted or one of a pool, and a token was known by its text alone. */
const FIRST = [
  ...SECOND,
  'CREATE TABLE v (value TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, field TEXT NOT NULL, count INTEGER, token TEXT, bound INTEGER NOT NULL, record TEXT, kid TEXT)',
  'INSERT INTO v SELECT value, fingerprint, field, count, NULL, 1, record, kid FROM values_',
  // A value that came with a token of a pool had that one.
  `UPDATE v SET count = NULL, token = tokens.token FROM tokens WHERE tokens.value = v.value AND tokens.lease IS NOT NULL`,
  'DROP TABLE values_',
  'ALTER TABLE v RENAME TO values_',
  'CREATE UNIQUE INDEX values_by_count ON values_ (field, count)',
  'CREATE INDEX values_by_kid ON values_ (kid)',
  'CREATE TABLE t (token TEXT PRIMARY KEY, field TEXT NOT NULL, lease TEXT, holder TEXT, mark TEXT, value TEXT, shard INTEGER, until INTEGER) WITHOUT ROWID',
  'INSERT INTO t SELECT token, field, lease, holder, mark, value, shard, until FROM tokens',
  'DROP TABLE tokens',
  'ALTER TABLE t RENAME TO tokens',
  'CREATE INDEX tokens_by_end ON tokens (until)',
]

let world
before(async () => (world = await startFaulty()))
after(() => world?.stop())

for (const [name, statements] of [
  ['of the first version', FIRST],
  ['of the second version', SECOND],
  ['of the third version', THIRD],
  ['whose version nobody has noted', ['DROP TABLE versions']],
]) {
  describe(`tables ${name}`, () => {
    const tenant = `client ${name}`
    let me
    let known
    let pooled
    let waiting

    before(async () => {
      me = await install(world, { claims: { client_id: tenant } })
      known = Array.from({ length: 30 }, phone).map((number) => ({ number }))
      const tokens = await me.tokenize('phone', numbers(known))
      known.forEach((it, at) => (it.token = tokens[at]))
      const provisional = await me.operation('phone', phone())
      const { lease, tokens: leased } = (await me.lease('phone', 24)).content
      pooled = []
      for (const token of leased.slice(0, 12)) pooled.push({ number: phone(), token })
      const ops = [provisional]
      for (const { number, token } of pooled)
        ops.push(await me.operation('phone', number, { token, lease }))
      const { content } = await me.reconcile(ops)
      assert.ok(content.results.every(({ status }) => status === 'done'))
      // Leased, and not given out yet.
      waiting = await me.operation('phone', phone(), { token: leased.at(-1), lease })
      for (const shard of await existing(tenant)) await on(tenant, shard, 'sql', statements)
      await world.crash()
    })

    test('serve: every token stands for its value, and no value has lost its own', async () => {
      const all = [...known, ...pooled]
      const revealed = await me.reveal(
        'phone',
        all.map(({ token }) => token),
      )
      assert.deepEqual(
        revealed,
        all.map(({ number }) => `+86${number}`),
      )
      assert.deepEqual(
        await me.tokenize('phone', numbers(known)),
        known.map(({ token }) => token),
      )
      const canonical = await me.tokenize('phone', numbers(pooled))
      assert.equal(new Set([...canonical, ...known.map(({ token }) => token)]).size, 42)
      assert.deepEqual(
        await me.canonical(
          'phone',
          pooled.map(({ token }) => token),
        ),
        canonical,
      )
    })

    test('keep nothing beside a token that its value could be tried against', async () => {
      for (const shard of await existing(tenant)) {
        const tokens = (await on(tenant, shard, 'dump')).find(({ name }) => name === 'tokens').rows
        assert.doesNotMatch(JSON.stringify(tokens), /a mark of|"mark"|a thumbprint/)
      }
    })

    test('take new values, and operations that were made before', async () => {
      const { content } = await me.reconcile([waiting])
      assert.equal(content.results[0].status, 'done')
      const more = Array.from({ length: 30 }, phone)
      const tokens = await me.tokenize('phone', more)
      assert.equal(new Set([...tokens, ...known.map(({ token }) => token)]).size, 60)
      assert.match((await me.reveal('phone', [waiting.token]))[0], /^\+86139/)
    })

    test('do not go with a person of whom it is not known whether they were the only one', async () => {
      const other = await person(world, { claims: { client_id: tenant } })
      await other.tokenize('phone', [known[0].number])
      const [own] = await other.tokenize('phone', [phone()])
      assert.equal(await world.ask('vault', 'eraseSubject', tenant, other.subject), 1)
      assert.deepEqual(await me.reveal('phone', [known[0].token, own]), [
        `+86${known[0].number}`,
        null,
      ])
    })

    test('are brought forward once: whatever comes after it changes nothing', async () => {
      const dumps = async () => {
        const all = []
        for (const shard of await existing(tenant)) all.push(await on(tenant, shard, 'dump'))
        return all
      }
      const once = await dumps()
      await world.crash()
      assert.deepEqual(await dumps(), once)
      for (const shard of await existing(tenant)) {
        await on(tenant, shard, 'sql', ['DROP TABLE versions'])
      }
      await world.crash()
      const sorted = (all) => all.map((dump) => dump.map(({ name, rows }) => [name, rows]))
      assert.deepEqual(sorted(await dumps()), sorted(once))
    })
  })
}

describe('tables that cannot be brought forward', () => {
  test('are not served and not touched, and serve as soon as they can be', async () => {
    const tenant = 'in the way'
    const me = await person(world, { claims: { client_id: tenant } })
    const number = phone()
    const tokens = await me.tokenize('phone', [number])
    const [shard] = await existing(tenant)
    // What a step makes is there already: it fails half way, with much of it done.
    await on(tenant, shard, 'sql', [...FIRST, 'CREATE TABLE by_field (in_the_way TEXT)'])
    const untouched = await on(tenant, shard, 'dump')
    await world.crash()
    const refusal = /storage_unavailable \(tables "shard" could not be brought to version 4\)/
    await assert.rejects(on(tenant, shard, 'canonical', ['x']), refusal)
    assert.deepEqual(await on(tenant, shard, 'dump'), untouched)
    const items = tokens.map((token) => ({ field: 'phone', token }))
    const { status, content } = await me.call('/v1/tokens/reveal', { items })
    assert.deepEqual([status, content.error], [503, 'temporarily_unavailable'])
    // The alarm tries again, in the same object.
    await on(tenant, shard, 'wake')
    await until('the alarm to be put off', async () => {
      return (await on(tenant, shard, 'alarmIn')) > 1_800_000
    })
    await on(tenant, shard, 'sql', ['DROP TABLE by_field'])
    await on(tenant, shard, 'wake')
    await until('the tables of today', async () =>
      on(tenant, shard, 'canonical', ['x']).then(
        () => true,
        (error) => {
          assert.match(String(error), refusal)
          return false
        },
      ),
    )
    assert.deepEqual(await me.reveal('phone', tokens), [`+86${number}`])
  })
})

describe('tables of a newer version', () => {
  test('are not served and not touched, and serve when the newer package is back', async () => {
    const tenant = 'rolled back'
    const me = await person(world, { claims: { client_id: tenant } })
    const values = Array.from({ length: 20 }, phone)
    const tokens = await me.tokenize('phone', values)
    const [shard] = await existing(tenant)
    await on(tenant, shard, 'sql', ['UPDATE versions SET version = version + 1'])
    const untouched = await on(tenant, shard, 'dump')
    await world.crash()
    await assert.rejects(
      on(tenant, shard, 'canonical', ['x']),
      /storage_unavailable \(tables "shard" of version 5, later than 4\)/,
    )
    const items = tokens.map((token) => ({ field: 'phone', token }))
    const { status, content } = await me.call('/v1/tokens/reveal', { items })
    assert.deepEqual([status, content.error], [503, 'temporarily_unavailable'])
    // What has an end does not miss it.
    await on(tenant, shard, 'wake')
    await until('the alarm to be put off', async () => {
      return (await on(tenant, shard, 'alarmIn')) > 1_800_000
    })
    assert.deepEqual(await on(tenant, shard, 'dump'), untouched)
    await on(tenant, shard, 'sql', ['UPDATE versions SET version = version - 1'])
    await world.crash()
    assert.deepEqual(
      await me.reveal('phone', tokens),
      values.map((value) => `+86${value}`),
    )
  })
})

const on = (tenant, shard, method, ...parameters) =>
  world.ask(['shard', tenant, shard], method, ...parameters)

/** The shards in which there is anything. */
async function existing(tenant) {
  const found = []
  for (const shard of SHARDS) {
    if ((await on(tenant, shard, 'dump')).length > 0) found.push(shard)
  }
  return found
}

const numbers = (all) => all.map(({ number }) => number)
