// Hosts and directories whose tables are older or newer than the package that opens them, in real workerd.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startRegion } from './support/region.js'

let region
let ask
before(async () => {
  region = await startRegion()
  ask = region.ask
})
after(() => region?.stop())

const write = (byte) => Buffer.alloc(16, byte).toString('base64url')

const tombstones = (dumps) =>
  dumps
    .flatMap(({ entries = [] }) => entries)
    .map(({ entry }) => JSON.parse(entry))
    .filter(({ presence }) => presence === 'deleted')

/** Tables as they were at first: of writes the name alone was kept, and no version was noted. */
const FIRST = `DROP TABLE versions;
  UPDATE entries SET entry = json_set(entry, '$.recent', json((
    SELECT json_group_array(substr(value, 1, 22)) FROM json_each(entry, '$.recent'))))`

const plant = (binding, name, statements) => region.object(binding, name, 'plant', statements)
const shards = Array.from({ length: 16 }, (_, shard) => `data/cn/home/${shard}`)

/** The data hosts that have anything. */
async function dataHosts() {
  const found = []
  for (const name of shards) {
    if ((await region.object('DATA', name, 'dump')).entries) found.push(name)
  }
  return found
}

const oldHosts = async () => {
  await plant('IDENTITIES', 'identity/cn', FIRST)
  for (const name of await dataHosts()) await plant('DATA', name, FIRST)
}

describe('tables of the first version', () => {
  let id
  before(async () => {
    id = (await ask('register', 'phone', '+8613900000001')).id
    await ask('writeData', id, 'profile', '{"name":"Lin"}', write(1))
    await ask('changeIdentifier', id, 'phone', '+8613900000002', write(2))
    await oldHosts()
    await region.crash()
  })

  test('serve what they have', async () => {
    assert.equal((await ask('lookUp', 'cn', 'phone', '+8613900000002')).id, id)
    assert.deepEqual(await ask('readData', id, ['profile']), { profile: '{"name":"Lin"}' })
    assert.equal((await ask('identifier', id)).identifier, '+8613900000002')
  })

  test('take writes, and know from now on what each wrote', async () => {
    await ask('writeData', id, 'profile', '{"name":"Lan"}', write(3))
    await ask('writeData', id, 'profile', '{"name":"Lan"}', write(3))
    await assert.rejects(ask('writeData', id, 'profile', '{}', write(3)), {
      code: 'idempotency_conflict',
    })
    assert.deepEqual(await ask('readData', id, ['profile']), { profile: '{"name":"Lan"}' })
  })

  test('are brought forward once, and again where nobody noted it', async () => {
    const all = async () => {
      const dumps = [await region.object('IDENTITIES', 'identity/cn', 'dump')]
      for (const name of await dataHosts()) dumps.push(await region.object('DATA', name, 'dump'))
      return dumps
    }
    const once = await all()
    await region.crash()
    assert.deepEqual(await all(), once)
    await plant('IDENTITIES', 'identity/cn', 'DROP TABLE versions')
    await region.crash()
    assert.deepEqual(await all(), once)
  })

  test('are moved and erased like others', async () => {
    await oldHosts()
    await region.crash()
    assert.equal((await ask('move', id, 'eu')).area, 'eu')
    assert.deepEqual(await ask('readData', id, ['profile']), { profile: '{"name":"Lan"}' })
    assert.match((await ask('remove', id, 'person')).state, /^remov/)
  })
})

describe('tables of the second version', () => {
  test('lose the digests that what was deleted had left', async () => {
    const { id } = await ask('register', 'phone', '+8613900000003')
    await ask('writeData', id, 'profile', '{"name":"Wu"}', write(4))
    await ask('remove', id, 'person')
    const hosts = await dataHosts()
    const old = `UPDATE versions SET version = 2;
      UPDATE entries SET entry = json_set(entry, '$.recent', json_array('AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA'))
        WHERE json_extract(entry, '$.presence') = 'deleted'`
    await plant('IDENTITIES', 'identity/cn', old)
    for (const name of hosts) await plant('DATA', name, old)
    await region.crash()
    const dumps = [await region.object('IDENTITIES', 'identity/cn', 'dump')]
    for (const name of hosts) dumps.push(await region.object('DATA', name, 'dump'))
    const left = tombstones(dumps)
    assert.ok(left.length >= 2)
    for (const entry of left) {
      assert.deepEqual(Object.keys(entry), ['fence', 'presence', 'items', 'at'])
    }
  })
})

describe('tables of a newer version', () => {
  const createVersions = `CREATE TABLE versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
    INSERT INTO versions VALUES ('directory', 2)`
  for (const [kind, binding, nameOf, newer, own] of [
    [
      'identity host',
      'IDENTITIES',
      () => 'identity/cn',
      'UPDATE versions SET version = version + 1',
      'UPDATE versions SET version = version - 1',
    ],
    // Its tables are in their first version, which is not noted.
    ['directory', 'DIRECTORY', (id) => `identity/${id}`, createVersions, 'DROP TABLE versions'],
  ]) {
    test(`of a ${kind} are not served, and serve when the newer package is back`, async () => {
      const { id } = await ask('register', 'phone', `+86139000000${kind.length}`)
      const name = nameOf(id)
      await plant(binding, name, newer)
      await region.crash()
      await assert.rejects(ask('identifier', id), { code: 'temporarily_unavailable' })
      await plant(binding, name, own)
      await region.crash()
      assert.equal((await ask('identifier', id)).type, 'phone')
    })
  }
})
