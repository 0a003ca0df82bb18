// Objects whose tables are older or newer than the package that opens them, in real workerd: ledgers, aliases, sessions of
// mini-programs. The vault's are in `vault/versions.test.js`, those of regions in `residency/versions.test.js`.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { post } from '../support/deployment.js'
import { until } from '../support/until.js'
import { startWorker } from '../support/worker.js'
import { bundleWorker } from '../support/workerd_server.js'

/** The table as it was before versions were noted. */
const OLD =
  'CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT) WITHOUT ROWID'
const LATER = Math.floor(Date.now() / 1000) + 3600

/** What was kept of each, and that it still counts. */
const OBJECTS = {
  VISIT_LEDGER: {
    row: `('burned proof', ${LATER}, NULL)`,
    check: async (object) => assert.equal(await object.burn('proof', LATER), false),
    use: async (object) => assert.equal(await object.burn('another', LATER), true),
  },
  ALIASES: {
    row: `('name n', ${LATER}, NULL)`,
    check: async (object) => assert.equal(await object.reserve('n', LATER), false),
    use: async (object) => assert.equal(await object.reserve('m', LATER), true),
  },
  PLATFORM_SESSIONS: {
    row: `('link', ${LATER}, 'somebody')`,
    check: async (object) => assert.equal(await object.link('somebody else'), 'somebody'),
    use: async (object) => {
      const times = { nowSeconds: 1, untilSeconds: LATER, previousUntilSeconds: LATER }
      await object.keep('sealed', times)
      assert.deepEqual(await object.sessions(1), ['sealed'])
    },
  },
}

let bundle
let worker
before(async () => {
  const path = fileURLToPath(new URL('support/tables_worker.js', import.meta.url))
  bundle = await bundleWorker(path, 'index.js')
  worker = await startWorker({ bindings: {}, bundle: bundle.directory })
})
after(async () => {
  await worker?.stop()
  bundle?.remove()
})

/** An object by its name, whose methods are called by their names. */
const named = (binding, name) =>
  new Proxy(
    {},
    {
      get:
        (_, method) =>
        async (...all) => {
          const body = JSON.stringify([binding, name, method, ...all])
          const { result, error } = JSON.parse((await post(worker.url, { body })).body)
          if (error !== undefined) throw new Error(error)
          return result
        },
    },
  )

for (const [binding, { row, check, use }] of Object.entries(OBJECTS)) {
  describe(`an object of ${binding}`, () => {
    test('that is asked about something unknown has no tables for it', async () => {
      const object = named(binding, 'asked')
      if (binding === 'VISIT_LEDGER') assert.equal(await object.isRevoked(), false)
      else assert.equal((await object.dump()).length, 0)
      assert.equal((await object.dump()).length, 0)
    })

    test('of an older version keeps what it has and goes on, also when it starts again', async () => {
      await named(binding, 'old').sql([OLD, `INSERT INTO entries VALUES ${row}`])
      await worker.crash()
      const object = named(binding, 'old')
      await check(object)
      await use(object)
      const dump = await object.dump()
      assert.deepEqual(
        dump.map(({ name }) => name),
        ['entries'],
        'a first version is not noted',
      )
      await worker.crash()
      const again = named(binding, 'old')
      assert.deepEqual(await again.dump(), dump)
      await check(again)
    })

    test('of a newer version refuses, changes nothing, and has its alarm come later', async () => {
      const object = named(binding, 'new')
      await use(object)
      await object.sql([
        'CREATE TABLE versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL)',
        "INSERT INTO versions VALUES ('entries', 2)",
        'UPDATE entries SET until = 1',
      ])
      const before = await object.dump()
      await worker.crash()
      const refused = named(binding, 'new')
      await assert.rejects(check(refused), {
        message: 'LingpaiError: storage_unavailable (tables "entries" of version 2, later than 1)',
      })
      await refused.wake()
      await until('the alarm', async () => (await refused.alarmIn()) > 1_800_000)
      assert.deepEqual(await refused.dump(), before)
    })
  })
}

test('an object that has forgotten everything begins anew', async () => {
  const object = named('VISIT_LEDGER', 'over')
  assert.equal(await object.burn('a', 1), true)
  await until('its end', async () => (await object.dump()).length === 0)
  assert.equal(await object.burn('a', LATER), true)
  assert.equal(await object.burn('a', LATER), false)
})
