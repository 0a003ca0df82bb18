// Seeded schedules against real workerd: at a step that the seed chooses the process is killed, a host cannot be reached, or an
// answer is lost, while callers read, write, move and erase. In the end the stores themselves are looked at.
//
// One schedule again, alone: RESIDENCY_KILL_SEED=<seed> npm run test:residency --workspace tests
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { AREAS, startRegion } from './support/region.js'
import { until } from '../support/until.js'

const only = process.env.RESIDENCY_KILL_SEED
const SEEDS = only ? [Number(only)] : Array.from({ length: 100 }, (_, seed) => seed)

// Each method that a plan calls, before and after it.
const MOVE = [
  ['directory', 'move'],
  ['identity', 'freeze'],
  ['data', 'freeze'],
  ['identity', 'copyFor'],
  ['identity', 'stage'],
  ['data', 'copyFor'],
  ['data', 'stage'],
  ['identity', 'activate'],
  ['data', 'activate'],
  ['data', 'remove'],
  ['identity', 'remove'],
  ['data', 'put'],
]
const REMOVE = [
  ['directory', 'remove'],
  ['data', 'remove'],
  ['identity', 'remove'],
]
const REGISTER = [
  ['directory', 'register'],
  ['identity', 'claim'],
  ['directory', 'confirm'],
]

let region
const people = []

before(async () => {
  region = await startRegion()
})
after(() => region?.stop())

describe(`${SEEDS.length} schedules with kills`, () => {
  test('run', async (context) => {
    for (const seed of SEEDS) await schedule(seed)
    const kills = people.filter(({ killed }) => killed).length
    context.diagnostic(`${kills} kills in ${SEEDS.length} schedules`)
    assert.ok(only || kills >= 60, `${kills} kills`)
  })

  test('everything half done comes to its end by itself', async () => {
    for (const { id, seed } of people) {
      if (id === undefined) continue
      await until(`the end of schedule ${seed}`, async () => {
        const { state } = await region.ask('status', id)
        return state === 'active' || state === 'removed'
      })
    }
    // Registrations that nobody ended are rolled back.
    await until('no identifier without a directory', async () => {
      const rows = await identifiers()
      const records = await Promise.all(rows.map(({ id }) => region.directory(id)))
      return records.every((record) => record?.state === 'active')
    })
  })

  test('each identifier and all data are in one area, the same one; erased means gone', async () => {
    const [rows, items] = [await identifiers(), await data()]
    for (const { id, seed, erased, written, tried } of people) {
      if (id === undefined) continue
      const record = await region.directory(id)
      const why = `seed ${seed}: ${JSON.stringify(record)}`
      const mine = rows.filter((row) => row.id === id).map(({ area }) => area)
      const kept = items.filter((row) => row.id === id)
      if (record.state === 'removed') {
        assert.deepEqual([mine, kept], [[], []], why)
        continue
      }
      assert.ok(!erased, why)
      assert.deepEqual(mine, [record.area], why)
      assert.ok(
        kept.every(({ area, pinned }) => pinned || area === record.area),
        why,
      )
      const { profile } = await region.ask('readData', id, ['profile'])
      const value = Number(profile ?? 0)
      assert.ok(value >= written && value <= tried, `${why}: ${value} is not ${written}…${tried}`)
    }
    for (const { id, area, pinned } of items) {
      const record = await region.directory(id)
      assert.equal(record?.state, 'active', `data of ${id} without its identity`)
      assert.ok(pinned || record.area === area)
      assert.ok(rows.some((row) => row.id === id))
    }
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  })

  test('no host has anything half done, and none has both kinds', async () => {
    for (const area of AREAS) {
      const { host = [], entries = [], versions, ...identity } = await region.identities(area)
      assert.ok(versions.length > 0)
      assert.deepEqual(Object.keys(identity), ['identifiers'])
      assert.ok(host.every((row) => row.kind === 'identity' && row.area === area))
      const home = await region.data(area)
      const pinned = await region.data(area, true)
      for (const it of [home, pinned]) {
        assert.deepEqual(it.others, [])
        assert.ok(it.host.every((row) => row.kind === 'data' && row.area === area))
      }
      for (const { id, entry } of [...entries, ...home.entries]) {
        assert.match(entry, /"presence":"(active|deleted)"/, `${id} in ${area}`)
      }
    }
  })

  test('no byte on disk is an identifier or a value', () => {
    const clear = people.flatMap(({ number, profile }) => [number, number.slice(1), profile])
    for (const { path, bytes } of region.bytes()) {
      for (const text of clear) assert.ok(!bytes.includes(text), `${path} has ${text}`)
      // Nor is there a table of the other kind.
      if (path.includes('RegionDataHost')) assert.ok(!bytes.includes('TABLE identifiers'), path)
      if (path.includes('RegionIdentityHost')) assert.ok(!bytes.includes('TABLE items'), path)
    }
  })
})

async function schedule(seed) {
  const random = draws(seed)
  const pick = (list) => list[random(list.length)]
  const number = `+86139${String(10_000_000 + seed)}`
  const person = { seed, number, profile: `secret-of-${seed}`, written: 0, tried: 0 }
  people.push(person)

  const way = pick(['register', 'move', 'move', 'move', 'move', 'remove'])
  const [kind, method] = pick({ register: REGISTER, move: MOVE, remove: REMOVE }[way])
  const effect = pick(['kill', 'kill', 'kill', 'unreachable'])
  const moment = pick(['before', 'after'])
  const fault = { kind, method, moment, effect, skip: method === 'remove' ? random(3) : 0 }
  const to = pick(['eu', 'us'])

  if (way === 'register') await region.ask('fault', fault)
  let death = region.death()
  const registered = await attempt(region.ask('register', 'phone', number), death)
  if (registered === 'dead') {
    person.killed = true
    await region.crash()
    death = region.death()
  }
  // Whoever gets no answer asks again, and finds what there is.
  if (way === 'register') await region.ask('fault', null)
  const again = await until(`registration of ${seed}`, () =>
    region.ask('register', 'phone', number).catch(() => undefined),
  )
  person.id = again.id
  await write(person, death)
  await region.ask('writeData', person.id, 'payments', `"${person.profile}"`)
  if (way === 'register') return

  await region.ask('fault', fault)
  const writer = writes(person, death)
  const action =
    way === 'move'
      ? region.ask('move', person.id, to)
      : region.ask('remove', person.id, 'person').then((it) => {
          person.erased = it.state === 'removed'
        })
  const rival = random(4) === 0 ? region.ask('move', person.id, pick(AREAS)) : undefined
  const outcomes = await Promise.all([
    attempt(action, death),
    writer,
    ...(rival ? [attempt(rival, death)] : []),
  ])
  if (outcomes.includes('dead')) {
    person.killed = true
    await region.crash()
  } else {
    await region.ask('fault', null)
  }
}

/** Some writes in a row: each is a higher number, so that in the end it shows which were lost. */
async function writes(person, death) {
  for (let n = 0; n < 4; n++) {
    if ((await write(person, death)) === 'dead') return 'dead'
  }
}

async function write(person, death) {
  const value = ++person.tried
  const outcome = await attempt(
    region.ask('writeData', person.id, 'profile', String(value)).then(() => {
      person.written = value
    }),
    death,
  )
  return outcome
}

/** `done`, `refused`, or `dead` where the process was killed. */
async function attempt(call, death) {
  const asked = call.then(
    () => 'done',
    (error) => (error.code !== undefined ? 'refused' : 'broken'),
  )
  const outcome = await Promise.race([asked, death.then(() => 'dead')])
  // A connection that breaks is a process that has died.
  return outcome === 'broken' ? death.then(() => 'dead') : outcome
}

async function identifiers() {
  const all = AREAS.map(async (area) => {
    const { identifiers = [] } = await region.identities(area)
    return identifiers.map(({ id }) => ({ id, area }))
  })
  return (await Promise.all(all)).flat()
}

async function data() {
  const all = AREAS.flatMap((area) =>
    [false, true].map(async (pinned) => {
      const { items } = await region.data(area, pinned)
      return items.map(({ id }) => ({ id, area, pinned }))
    }),
  )
  return (await Promise.all(all)).flat()
}

/** Draws that a seed determines (mulberry32). */
function draws(seed) {
  let state = seed * 0x9e3779b1
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % bound
  }
}
