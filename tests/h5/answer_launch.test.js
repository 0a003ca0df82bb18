// The app's side of a bound launch: whom it answers, and when it no longer does.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { answerLaunch } from '@lingpai/h5/app'

const pageOrigin = 'https://page.example'
const thumbprint = 'x'.repeat(43)

let host
let posted
let page

// A window, as far as the app's side needs one.
beforeEach(() => {
  host = new EventTarget()
  for (const name of ['addEventListener', 'removeEventListener']) {
    globalThis[name] = host[name].bind(host)
  }
  posted = []
  page = { postMessage: (message, origin) => posted.push({ message, origin }) }
})
afterEach(() => {
  delete globalThis.addEventListener
  delete globalThis.removeEventListener
})

function ask({ origin = pageOrigin, source = page, id = 'id-1' } = {}) {
  const data = { type: 'lingpai:launch-request', id, thumbprint }
  host.dispatchEvent(Object.assign(new Event('message'), { source, origin, data }))
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('answerLaunch', () => {
  test('gives the framed page its access token, once', async () => {
    const stop = answerLaunch({ contentWindow: page }, { pageOrigin, accessToken: () => 'at' })
    ask()
    ask()
    await settle()
    const message = { type: 'lingpai:launch-answer', id: 'id-1', accessToken: 'at' }
    assert.deepEqual(posted, [{ message, origin: pageOrigin }])
    stop()
  })

  test('answers nobody else', async () => {
    const stop = answerLaunch({ contentWindow: page }, { pageOrigin, accessToken: () => 'at' })
    ask({ origin: 'https://other.example' })
    ask({ source: { ...page } })
    await settle()
    assert.deepEqual(posted, [])
    stop()
  })

  for (const [name, start] of [
    ['stop()', (options) => answerLaunch({ contentWindow: page }, options)],
    [
      'its signal',
      (options) => {
        const controller = new AbortController()
        answerLaunch({ contentWindow: page }, { ...options, signal: controller.signal })
        return () => controller.abort()
      },
    ],
  ]) {
    test(`posts nothing after ${name}, not even what was being fetched`, async () => {
      let give
      const accessToken = () => new Promise((resolve) => (give = resolve))
      const stop = start({ pageOrigin, accessToken })
      ask()
      stop()
      give('at')
      await settle()
      ask({ id: 'id-2' })
      await settle()
      assert.deepEqual(posted, [])
    })
  }
})
