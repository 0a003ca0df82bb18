// Identities in real workerd: registered once, found where the caller says, moved with everything, erased everywhere.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { publicKey, verifyJws } from '@lingpai/edge/jose'
import { erasureSubject } from '@lingpai/edge/residency'

import { AREAS, startRegion } from './support/region.js'
import { until } from '../support/until.js'

let region
let ask
let numbers = 0

before(async () => {
  region = await startRegion()
  ask = region.ask
})
after(() => region?.stop())

const phone = (prefix = '+86') => `${prefix}1380000${String(++numbers).padStart(4, '0')}`
const refused = (code) => (error) => error.code === code
const where = async (id) => {
  const areas = await Promise.all(
    AREAS.map(async (area) => {
      const { identifiers = [] } = await region.identities(area)
      const { items } = await region.data(area)
      const has = (rows) => rows.some((row) => row.id === id)
      return [has(identifiers) && `${area}: identifier`, has(items) && `${area}: data`]
    }),
  )
  return areas.flat().filter(Boolean)
}

describe('a registration', () => {
  test('goes home by declared region, then by prefix, then by default', async () => {
    assert.equal((await ask('register', 'phone', phone('+86'))).area, 'cn')
    assert.equal((await ask('register', 'phone', phone('+86'), 'DE')).area, 'eu')
    assert.equal((await ask('register', 'email', 'Somebody@Example.org')).area, 'us')
    await assert.rejects(ask('register', 'phone', phone(), 'ZZ'), refused('invalid_request'))
    await assert.rejects(ask('register', 'phone', 'no number'), refused('invalid_request'))
    await assert.rejects(ask('register', 'passport', 'X'), refused('invalid_request'))
  })

  test('of fifty at once with one identifier gives one identity', async () => {
    const number = phone()
    const all = await Promise.all(
      Array.from({ length: 50 }, () =>
        ask('register', 'phone', number).catch((error) => ({ error })),
      ),
    )
    const ids = new Set(
      all.map(({ id, error }) => id ?? error.code).filter((id) => id !== 'moving'),
    )
    assert.equal(ids.size, 1, [...ids].join())
    assert.equal(all.filter(({ created }) => created).length, 1)
    await until('those that were given up to be forgotten', async () => {
      const { entries } = await region.identities('cn')
      return entries.every(({ entry }) => !entry.includes('staged'))
    })
    const { identifiers } = await region.identities('cn')
    assert.equal(identifiers.filter(({ id }) => ids.has(id)).length, 1)
  })

  test('that is repeated leaves nothing behind', async () => {
    const number = phone()
    const { id } = await ask('register', 'phone', number)
    const rows = async () => (await region.identities('cn')).entries.length
    const before = await rows()
    for (let at = 0; at < 5; at++) {
      const again = await ask('register', 'phone', number)
      assert.deepEqual([again.id, again.created], [id, false])
    }
    assert.equal(await rows(), before)
  })

  test('is found in the area that the caller names, however it is written, and in no other', async () => {
    const number = phone('+49')
    const { id } = await ask('register', 'phone', number)
    const spaced = number.replace('+49', '+49 ')
    assert.deepEqual(await ask('lookUp', 'eu', 'phone', spaced), {
      id,
      state: 'active',
      area: 'eu',
      writable: true,
    })
    for (const area of ['cn', 'us']) {
      await assert.rejects(ask('lookUp', area, 'phone', number), refused('identity_unknown'))
    }
    await assert.rejects(ask('lookUp', 'mars', 'phone', number), refused('invalid_target'))
  })
})

describe('data', () => {
  test('live with the identity or where they are pinned, sealed', async () => {
    const { id } = await ask('register', 'phone', phone())
    await ask('writeData', id, 'profile', '{"city":"Hangzhou"}')
    await ask('writeData', id, 'payments', '[1,2]')
    assert.deepEqual(await ask('readData', id, ['profile', 'orders', 'payments']), {
      profile: '{"city":"Hangzhou"}',
      payments: '[1,2]',
    })
    const [home, pinned] = await Promise.all([region.data('cn'), region.data('eu', true)])
    assert.deepEqual(rowsOf(home, id), ['profile'])
    assert.deepEqual(rowsOf(pinned, id), ['payments'])
    assert.ok(!JSON.stringify([home, pinned]).includes('Hangzhou'))
    await ask('deleteData', id, 'profile')
    assert.deepEqual(rowsOf(await region.data('cn'), id), [])
    await assert.rejects(ask('writeData', id, 'unknown', '1'), refused('invalid_request'))
  })

  test('a write with a name is done once, however late it comes again', async () => {
    const { id } = await ask('register', 'phone', phone())
    const name = Buffer.alloc(16, 1).toString('base64url')
    await ask('writeData', id, 'profile', '1', name)
    await ask('writeData', id, 'profile', '2')
    await ask('writeData', id, 'profile', '1', name)
    assert.deepEqual(await ask('readData', id, ['profile']), { profile: '2' })
  })

  test('too much of them is refused, and nothing is lost', async () => {
    const { id } = await ask('register', 'phone', phone())
    await ask('writeData', id, 'profile', '1')
    await assert.rejects(ask('writeData', id, 'profile', `"${'x'.repeat(8192)}"`))
    assert.deepEqual(await ask('readData', id, ['profile']), { profile: '1' })
  })

  const rowsOf = ({ items }, id) => items.filter((row) => row.id === id).map(({ type }) => type)
})

describe('an identifier', () => {
  test('is changed in place, and never to somebody else’s', async () => {
    const [mine, next, other] = [phone(), phone(), phone()]
    const { id } = await ask('register', 'phone', mine)
    await ask('register', 'phone', other)
    await ask('changeIdentifier', id, 'phone', next)
    assert.deepEqual(await ask('identifier', id), { type: 'phone', identifier: next })
    await assert.rejects(ask('changeIdentifier', id, 'phone', other), refused('already_registered'))
    await assert.rejects(ask('lookUp', 'cn', 'phone', mine), refused('identity_unknown'))
    assert.equal((await ask('lookUp', 'cn', 'phone', next)).id, id)
  })
})

describe('a move', () => {
  test('takes everything along, and the old area answers nobody', async () => {
    const number = phone()
    const { id } = await ask('register', 'phone', number)
    await ask('writeData', id, 'profile', '{"n":1}')
    await ask('writeData', id, 'payments', '7')
    assert.equal((await ask('move', id, 'eu')).area, 'eu')
    assert.deepEqual(await where(id), ['eu: identifier', 'eu: data'])
    assert.deepEqual(await ask('identifier', id), { type: 'phone', identifier: number })
    assert.deepEqual(await ask('readData', id, ['profile', 'payments']), {
      profile: '{"n":1}',
      payments: '7',
    })
    assert.equal((await ask('lookUp', 'eu', 'phone', number)).id, id)
    await assert.rejects(ask('lookUp', 'cn', 'phone', number), refused('identity_unknown'))
    // Whoever comes with what the directory said before gets `moved`.
    const late = await region.object('IDENTITIES', 'identity/cn', 'reveal', 'cn', id, 1)
    assert.deepEqual(late, { verdict: 'moved' })
    assert.equal((await ask('move', id, 'eu')).area, 'eu', 'the same again changes nothing')
    assert.equal((await ask('move', id, 'cn')).area, 'cn')
    assert.deepEqual(await where(id), ['cn: identifier', 'cn: data'])
  })

  test('takes the names of writes along: one whose answer was lost is not done over what came later', async () => {
    const [first, second] = [phone('+86'), phone('+86')]
    const { id } = await ask('register', 'phone', first)
    const [one, other] = [1, 2].map((byte) => Buffer.alloc(16, byte).toString('base64url'))
    await ask('writeData', id, 'profile', '1', one)
    await ask('writeData', id, 'profile', '2')
    await ask('changeIdentifier', id, 'phone', second, other)
    await ask('changeIdentifier', id, 'phone', first)
    for (const area of ['eu', 'us', 'cn']) {
      await ask('move', id, area)
      await ask('writeData', id, 'profile', '1', one)
      await ask('changeIdentifier', id, 'phone', second, other)
      assert.deepEqual(await ask('readData', id, ['profile']), { profile: '2' })
      assert.equal((await ask('identifier', id)).identifier, first)
    }
  })

  test('and an erasure leave a tombstone of id, epoch, count and time, and nothing else', async () => {
    const { id } = await ask('register', 'phone', phone('+86'))
    await ask('writeData', id, 'profile', '{"n":1}')
    await ask('writeData', id, 'payments', '7')
    await ask('changeIdentifier', id, 'phone', phone('+86'))
    const left = async () => {
      const all = []
      for (const area of AREAS) {
        for (const { entries = [] } of [
          await region.identities(area),
          await region.data(area),
          await region.data(area, true),
        ]) {
          all.push(...entries.filter((row) => row.id === id))
        }
      }
      return all.map(({ entry }) => JSON.parse(entry))
    }
    const bare = ({ fence, presence, items, at, ...more }) => {
      assert.ok(fence > 0 && items >= 0 && at > 0)
      assert.deepEqual([presence, more], ['deleted', {}])
    }
    await ask('move', id, 'eu')
    const moved = (await left()).filter(({ presence }) => presence === 'deleted')
    assert.equal(moved.length, 2)
    moved.forEach(bare)
    await ask('remove', id, 'person')
    const erased = await left()
    // Both kinds in each area, and what is pinned there.
    assert.equal(erased.length, 9)
    erased.forEach(bare)
  })

  test('to where the identifier is somebody else’s is undone, and loses nothing', async () => {
    const number = phone()
    const { id } = await ask('register', 'phone', number)
    await ask('writeData', id, 'profile', '1')
    await ask('register', 'phone', number, 'US')
    await assert.rejects(ask('move', id, 'us'), refused('already_registered'))
    assert.deepEqual(await where(id), ['cn: identifier', 'cn: data'])
    await ask('writeData', id, 'profile', '2')
    assert.equal((await ask('status', id)).undone, 'already_registered')
  })

  test('of nobody is refused', async () => {
    const nobody = Buffer.alloc(16, 9).toString('base64url')
    await assert.rejects(ask('move', nobody, 'eu'), refused('identity_unknown'))
    await assert.rejects(ask('move', 'not an id', 'eu'), refused('identity_unknown'))
  })
})

describe('an erasure', () => {
  test('leaves nothing anywhere but the opaque id, and a certificate of what was deleted', async () => {
    const number = phone()
    const { id } = await ask('register', 'phone', number)
    await ask('writeData', id, 'profile', '1')
    await ask('writeData', id, 'payments', '2')
    assert.equal((await ask('remove', id, 'person')).state, 'removed')
    assert.deepEqual(await where(id), [])
    assert.ok((await ask('ended')).includes(id), 'its sessions are ended')
    for (const method of ['status', 'identifier', 'readData', 'writeData']) {
      const call = ask(
        method,
        id,
        ...({ readData: [['profile']], writeData: ['profile', '1'] }[method] ?? []),
      )
      if (method === 'status') assert.equal((await call).state, 'removed')
      else await assert.rejects(call, refused('identity_erased'))
    }
    await assert.rejects(ask('move', id, 'us'), refused('identity_erased'))

    const jws = await ask('certificate', id)
    const { header, payload } = verifyJws(jws, publicKey(region.signingKey))
    assert.equal(header.typ, 'lp-erasure+jwt')
    const claims = JSON.parse(Buffer.from(payload))
    assert.equal(claims.sub_hash, erasureSubject(id))
    const count = (area, kind) =>
      claims.deleted.find((it) => it.area === area && it.kind === kind).items
    assert.deepEqual(
      AREAS.map((area) => [count(area, 'identity'), count(area, 'data')]),
      [
        [1, 1],
        [0, 1],
        [0, 0],
      ],
    )
    assert.equal(claims.vault.items, 2)
    assert.ok(claims.closed <= claims.sessions_ended && claims.sessions_ended <= claims.completed)
    assert.ok(!jws.includes(id) && !Buffer.from(payload).includes(number.slice(1)))
    assert.ok(!Buffer.from(payload).includes(id))

    const again = await ask('register', 'phone', number)
    assert.notEqual(again.id, id, 'whoever comes back is somebody new')
    await ask('remove', id, 'person')
    assert.deepEqual(await where(again.id), ['cn: identifier'])
  })

  test('of an identity alone is one without the vault, which can follow', async () => {
    const { id } = await ask('register', 'phone', phone())
    await assert.rejects(ask('certificate', id), refused('identity_unknown'))
    await ask('remove', id, 'identity')
    const claims = async () =>
      JSON.parse(Buffer.from((await ask('certificate', id)).split('.')[1], 'base64url'))
    assert.equal((await claims()).vault, undefined)
    await ask('remove', id, 'person')
    assert.equal((await claims()).vault.items, 2)
  })
})

describe('hosts', () => {
  test('never are of both kinds: neither class touches an object of the other', async () => {
    const table = 'CREATE TABLE host (kind TEXT, area TEXT)'
    const name = `confused/${++numbers}`
    await region.object('DATA', name, 'plant', table)
    await region.object('DATA', name, 'plant', "INSERT INTO host VALUES ('identity', 'cn')")
    const id = Buffer.alloc(16, 3).toString('base64url')
    const put = region.object('DATA', name, 'put', 'cn', id, 1, id, 'profile', '1')
    await assert.rejects(put, /another kind/)
    await region.object('IDENTITIES', name, 'plant', table)
    await region.object('IDENTITIES', name, 'plant', "INSERT INTO host VALUES ('data', 'cn')")
    const claim = region.object('IDENTITIES', name, 'claim', 'cn', id, 'phone', '+8613800000000')
    await assert.rejects(claim, /another kind/)
  })

  test('serve one area each', async () => {
    const id = Buffer.alloc(16, 4).toString('base64url')
    await ask('register', 'phone', phone())
    const claim = region.object(
      'IDENTITIES',
      'identity/cn',
      'claim',
      'eu',
      id,
      'phone',
      '+4930000000',
    )
    await assert.rejects(claim, /another area/)
  })

  test('have no table for what is not theirs', async () => {
    for (const area of AREAS) {
      const { host = [], ...identity } = await region.identities(area)
      assert.ok(host.every(({ kind }) => kind === 'identity'))
      assert.deepEqual(Object.keys(identity).sort(), ['entries', 'identifiers', 'versions'])
      for (const pinned of [false, true]) {
        const data = await region.data(area, pinned)
        assert.ok(data.host.every(({ kind }) => kind === 'data'))
        assert.deepEqual(data.others, [])
      }
    }
  })

  test('report counts, and nobody', async () => {
    const report = await ask('report')
    assert.deepEqual(
      report.map(({ area }) => area),
      AREAS,
    )
    for (const { area, identities, data } of report) {
      const { identifiers = [] } = await region.identities(area)
      const phones = identifiers.filter(({ type }) => type === 'phone').length
      assert.equal(identities.find(({ type }) => type === 'phone')?.count ?? 0, phones)
      const kept = await Promise.all([region.data(area), region.data(area, true)])
      const items = kept.flatMap(({ items }) => items).length
      assert.equal(
        data.reduce((sum, { count }) => sum + count, 0),
        items,
      )
    }
  })
})

describe('areas that are jurisdictions of the platform', () => {
  test('are not served where the platform cannot keep its promise, unless development says so', async () => {
    const places = { eu: { jurisdiction: 'eu' }, us: { locationHint: 'enam' } }
    const strict = await startRegion({ PLACES: places })
    try {
      await assert.rejects(
        strict.ask('register', 'phone', phone('+49')),
        refused('temporarily_unavailable'),
      )
      assert.equal((await strict.ask('register', 'phone', phone('+1'))).area, 'us')
    } finally {
      await strict.stop()
    }
    const lenient = await startRegion({ PLACES: places, JURISDICTIONS: 'ignore' })
    try {
      assert.equal((await lenient.ask('register', 'phone', phone('+49'))).area, 'eu')
    } finally {
      await lenient.stop()
    }
  })
})
