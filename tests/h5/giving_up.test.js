// Aborting and closing while something is waited for: it ends at once, and nothing is sent or kept afterwards.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'

import { openVisit } from '@lingpai/h5'

import { refusedWith } from '../support/refused.js'
import { createGateway } from './support/gateway.js'

let gateway

beforeEach(async () => {
  gateway = await createGateway()
})

const never = () => new Promise(() => {})
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Something that can be waited for, with the promise that it has begun. */
function gate(wait = never) {
  let begin
  const begun = new Promise((resolve) => (begin = resolve))
  return { begun, run: (...given) => (begin(given), wait(...given)) }
}

describe('the signal of openVisit', () => {
  test('ends the wait for another visit’s turn, and the visit is not opened after it', async () => {
    const first = gate()
    const blocking = new AbortController()
    const blocked = openVisit(
      gateway.options({ requestAccessToken: first.run, signal: blocking.signal }),
    )
    await first.begun
    const controller = new AbortController()
    const waiting = openVisit(gateway.options({ signal: controller.signal }))
    controller.abort('left')
    await assert.rejects(waiting, (reason) => reason === 'left')
    blocking.abort('left, too')
    await assert.rejects(blocked, (reason) => reason === 'left, too')
    await (await openVisit(gateway.options())).close()
    assert.equal(gateway.seen.length, 1)
  })

  test('ends the wait for an app that does not answer', async () => {
    const app = gate()
    const controller = new AbortController()
    const opening = openVisit(
      gateway.options({ requestAccessToken: app.run, signal: controller.signal }),
    )
    const [{ signal }] = await app.begun
    controller.abort('left')
    await assert.rejects(opening, (reason) => reason === 'left')
    assert.equal(signal.aborted, true)
  })

  test('that is aborted already opens nothing', async () => {
    const opening = openVisit(gateway.options({ signal: AbortSignal.abort('early') }))
    await assert.rejects(opening, (reason) => reason === 'early')
    assert.equal(gateway.seen.length, 0)
  })
})

describe('closing', () => {
  const forced = { minValiditySeconds: 3600 }

  test('ends the wait for a refresh whose turn has not come; it is never sent', async () => {
    const visit = await openVisit(gateway.options())
    const app = gate()
    const blocking = new AbortController()
    const other = openVisit(
      gateway.options({ requestAccessToken: app.run, signal: blocking.signal }),
    )
    await app.begun
    const pending = visit.token(forced)
    await visit.close()
    await refusedWith('closed', () => pending)
    blocking.abort('done')
    await other.catch(() => {})
    await settle()
    assert.equal(gateway.seen.length, 1)
  })

  test('ends a refresh under way, and keeps nothing of its answer', async () => {
    const events = []
    const visit = await openVisit(gateway.options({ onEvent: ({ type }) => events.push(type) }))
    const request = gate()
    let answer
    gateway.plan = [
      (given) => {
        request.run()
        return new Promise((resolve) => (answer = () => resolve(gateway.grant(given))))
      },
    ]
    const pending = visit.token(forced)
    await request.begun
    await visit.close()
    await refusedWith('closed', () => pending)
    answer()
    await settle()
    assert.equal(events.at(-1), 'closed')
    assert.equal(events.filter((type) => type === 'granted').length, 1)
  })

  test('while the app is asked for another launch sends nothing', async () => {
    let asked = 0
    const app = gate(async ({ proofKeyThumbprint: jkt }) => {
      await settle()
      return gateway.accessToken({ jkt })
    })
    const visit = await openVisit(
      gateway.options({
        requestAccessToken: (request) => {
          if (asked++) return app.run(request)
          return gateway.accessToken({ jkt: request.proofKeyThumbprint })
        },
      }),
    )
    gateway.plan = [gateway.refuse('invalid_grant', 'visit_ended')]
    const pending = visit.token(forced)
    await app.begun
    await visit.close()
    await refusedWith('closed', () => pending)
    for (let turn = 0; turn < 5; turn++) await settle()
    assert.equal(gateway.seen.length, 2)
  })

  test('ends a call of the app’s own way to the network before it is made', async () => {
    const visit = await openVisit(gateway.options())
    const pending = visit.token(forced)
    const closing = visit.close()
    await refusedWith('closed', () => pending)
    await closing
    await settle()
    assert.equal(gateway.seen.length, 1)
  })
})
