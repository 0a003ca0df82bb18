// What follows a login: refreshes in a chain, each token once, and the end of the family where one is used again.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { proofKey } from '../support/jose_keys.js'
import { PLATFORMS } from '../support/platforms/index.js'
import {
  callMe,
  claimsOf,
  login,
  lpRequest,
  refreshForm,
  send,
  startWorld,
} from './support/world.js'

let world
let key
let other

before(async () => {
  world = await startWorld({
    register: (registrations) => [
      ...registrations,
      {
        ...registrations.find(({ platform }) => platform === 'wechat'),
        clientId: 'short',
        visitLifetimeSeconds: 60,
        refreshLifetimeSeconds: 600,
      },
      {
        ...registrations.find(({ platform }) => platform === 'wechat'),
        clientId: 'never',
        refreshLifetimeSeconds: 0,
      },
    ],
  })
  key = await proofKey()
  other = await proofKey()
})
after(() => world?.stop())

const enter = (platform = 'wechat', more = {}) => login(world, platform, { proofKey: key, ...more })
const refresh = (token, { mark, proofKey = key, client, ...options } = {}) =>
  send(
    world,
    refreshForm('wechat', token, {
      ...(mark && { lp_request: mark }),
      ...(client && { client_id: client }),
    }),
    { proofKey, ...options },
  )

function assertRefused({ status, content }, [expected, error, description]) {
  assert.deepEqual(
    [status, content.error, content.error_description],
    [expected, error, description],
  )
}

const ENDED = [400, 'invalid_grant', 'visit_ended']
const REPLAYED = [409, 'replayed', 'replayed']
const INVALID = [400, 'invalid_grant', 'invalid_grant']

describe('a chain', () => {
  for (const platform of PLATFORMS) {
    test(`${platform}: each refresh gives the next token, and asks no platform`, async () => {
      let granted = await enter(platform)
      const { sub, sid } = claimsOf(granted)
      const before = world.platforms[platform].calls.length
      const seen = new Set([granted.access_token, granted.refresh_token])
      for (let turn = 0; turn < 3; turn++) {
        const form = refreshForm(platform, granted.refresh_token)
        const answer = await send(world, form, { proofKey: key })
        assert.equal(answer.status, 200, answer.body)
        granted = answer.content
        assert.deepEqual([claimsOf(granted).sub, claimsOf(granted).sid], [sub, sid])
        assert.equal(granted.token_type, 'DPoP')
        assert.equal((await callMe(world, granted, key)).status, 200)
        assert.equal(seen.has(granted.access_token) || seen.has(granted.refresh_token), false)
        seen.add(granted.access_token).add(granted.refresh_token)
      }
      assert.equal(world.platforms[platform].calls.length, before)
    })
  }

  test('goes on after the visit token has expired, until its own end', async () => {
    const granted = await enter('wechat', { client_id: 'short' })
    assert.ok(granted.expires_in <= 60)
    await world.worker.setClock(300)
    try {
      const expired = await callMe(world, granted, key)
      assert.equal(expired.status, 401)
      const options = { client: 'short', clockSeconds: 300 }
      const next = await refresh(granted.refresh_token, options)
      assert.equal(next.status, 200, next.body)
      assert.ok(next.content.expires_in <= 60)
      await world.worker.setClock(601)
      const late = { client: 'short', clockSeconds: 601 }
      assertRefused(await refresh(next.content.refresh_token, late), ENDED)
    } finally {
      await world.worker.setClock(0)
    }
  })

  test('does not begin where the registration has none', async () => {
    const granted = await enter('wechat', { client_id: 'never' })
    assert.equal(granted.refresh_token, undefined)
  })
})

describe('a repetition', () => {
  const values = ({ content }) => JSON.stringify([claimsOf(content), content.refresh_token])

  test('with the same mark gives the same values, twenty times at once', async () => {
    const { refresh_token: token } = await enter()
    const mark = lpRequest()
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(token, { mark })))
    for (const { status, body } of answers) assert.equal(status, 200, body)
    assert.equal(new Set(answers.map(values)).size, 1)
  })

  test('survives a crash of workerd', async () => {
    const { refresh_token: token } = await enter()
    const mark = lpRequest()
    const first = await refresh(token, { mark })
    await world.worker.crash()
    assert.equal(values(await refresh(token, { mark })), values(first))
  })

  test('by a client that was killed before it saved the answer gets the same successor', async () => {
    const { refresh_token: token } = await enter()
    const first = await refresh(token, { mark: lpRequest() })
    const again = await refresh(token, { mark: lpRequest() })
    assert.equal(again.content.refresh_token, first.content.refresh_token)
    assert.equal((await refresh(again.content.refresh_token)).status, 200)
  })

  test('of a token whose successor was used ends the family', async () => {
    const { refresh_token: token } = await enter()
    const { content: second } = await refresh(token, { mark: lpRequest() })
    const { content: third } = await refresh(second.refresh_token, { mark: lpRequest() })
    assertRefused(await refresh(token, { mark: lpRequest() }), REPLAYED)
    assertRefused(await refresh(third.refresh_token), ENDED)
    const call = await callMe(world, third, key)
    assert.equal(call.status, 401)
    assert.equal(JSON.parse(call.body).error_description, 'token_revoked')
  })
})

describe('a thief', () => {
  test('with another key, without one, as another client, or with an altered token gets nothing', async () => {
    const { refresh_token: token } = await enter()
    assertRefused(await refresh(token, { proofKey: other }), INVALID)
    assertRefused(await refresh(token, { proofKey: undefined, proof: null }), [
      400,
      'invalid_dpop_proof',
      'proof_required',
    ])
    assertRefused(await refresh(token, { client: 'short' }), [
      400,
      'invalid_grant',
      'origin_mismatch',
    ])
    const end = token.endsWith('A') ? 'B' : 'A'
    assertRefused(await refresh(token.slice(0, -1) + end), INVALID)
    assertRefused(await refresh('rt'), INVALID)
    assert.equal((await refresh(token)).status, 200, 'the holder is not harmed')
  })
})
