// Session keys, codes, secrets of apps and ids of people: what goes through the Worker and must turn up nowhere, neither in an answer,
// nor in what it writes, nor in clear on its disk.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { proofKey } from '../support/jose_keys.js'
import { PLATFORMS } from '../support/platforms/index.js'
import {
  callWithJson,
  loginForm,
  lpRequest,
  refreshForm,
  send,
  startWorld,
} from './support/world.js'

let world
let output = ''
const answers = []

before(async () => {
  world = await startWorld({ onOutput: (text) => (output += text) })
  await livelyDay()
})
after(() => world?.stop())

/** Everything that can go well or badly, once on each platform. */
async function livelyDay() {
  const key = await proofKey()
  const record = async (answer) => {
    const { status, headers, body, content } = await answer
    answers.push(`${status} ${JSON.stringify([...headers])} ${body}`)
    return { status, content }
  }
  for (const platform of PLATFORMS) {
    const { fail, login, encrypted, signed, phone, phoneCode, refusals } = world.platforms[platform]
    const form = () => loginForm(world, platform, { lp_request: lpRequest() })
    const granted = await record(send(world, form(), { proofKey: key }))
    assert.equal(granted.status, 200)
    await record(
      send(world, refreshForm(platform, granted.content.refresh_token), { proofKey: key }),
    )
    const slow = platform === 'wechat' ? ['hang'] : []
    for (const failure of ['reset', 'garbage', 'huge', 'redirect', 'answer_lost', ...slow]) {
      fail(failure)
      const failing = form()
      await record(send(world, failing))
      await record(send(world, failing))
    }
    for (const words of Object.values(refusals)) {
      fail(() => words)
      await record(send(world, form()))
    }
    const used = form()
    await record(send(world, used))
    await record(send(world, used, { proofKey: key }))
    await record(send(world, { ...form(), subject_token: login({ expired: true }) }))
    const payloads = [
      encrypted?.({ nickName: 'n' }),
      encrypted?.({ nickName: 'n' }, { appId: 'another-app' }),
      encrypted && { ...encrypted({ nickName: 'n' }), iv: Buffer.alloc(16).toString('base64') },
      signed?.({ nickName: 'n' }),
    ]
    const call = (path, members) => record(callWithJson(world, path, granted.content, key, members))
    for (const members of payloads.filter(Boolean)) await call('/api/mini/payload', members)
    for (const members of [phone?.(), phoneCode && { code: phoneCode() }, { code: 'none' }]) {
      if (members) await call('/api/mini/phone', members)
    }
  }
}

const spellings = (secret) => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2),
]

function assertAbsent(where, text) {
  for (const secret of world.secrets()) {
    for (const spelling of spellings(secret)) {
      // Not the secret itself in the message: that would be a leak too.
      assert.ok(!text.includes(spelling), `${where} holds ${spelling.slice(0, 6)}…`)
    }
  }
}

test('there was something to leak', () => {
  assert.ok(world.secrets().length > 60)
  assert.ok(answers.length > 100)
})

test('no answer holds any of it', () => {
  for (const answer of answers) assertAbsent('an answer', answer)
})

test('nothing that the Worker writes holds any of it, though it writes what an operator needs', () => {
  assert.match(output, /"type":"platform_refused".*"providerCode":"40029"/)
  assertAbsent('the log', output)
})

test('nothing of it is on disk in clear', async () => {
  // Killed: what it had written is there, and no file comes or goes.
  await world.worker.crash()
  const files = readdirSync(world.worker.state, { recursive: true })
    .map((name) => join(world.worker.state, name))
    .filter((path) => statSync(path).isFile())
  assert.ok(files.length > 20)
  for (const path of files) assertAbsent('the disk', readFileSync(path, 'latin1'))
})
