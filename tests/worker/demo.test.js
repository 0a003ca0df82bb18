// The demo as a newcomer meets it: freshly made development keys, the page in real browsers, the visit on the console.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { browserNames, launch } from '../support/browsers/index.js'
import { post } from '../support/deployment.js'
import { at } from '../support/paths.js'
import { freePort, run } from '../support/processes.js'
import { until } from '../support/until.js'
import { startWorker } from '../support/worker.js'

describe('the demo', { timeout: 180_000 }, () => {
  let directory
  let file
  let port
  let bindings
  let worker

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lingpai-demo-'))
    file = join(directory, 'vars')
    port = await freePort()
    await script('dev-keys.mjs')
    bindings = read(file)
    worker = await startWorker({ port, bindings })
  })

  after(async () => {
    await worker?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const script = (name) =>
    run(process.execPath, [
      at('worker-example/scripts', name),
      '--port',
      String(port),
      '--file',
      file,
    ])

  test('keys that exist are kept', async () => {
    const before = readFileSync(file, 'utf8')
    await script('dev-keys.mjs')
    assert.equal(readFileSync(file, 'utf8'), before)
  })

  test('one visit from the command line, without a token on the screen', async () => {
    const { output } = await script('visit.mjs')
    assert.doesNotMatch(output, /[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/)
  })

  test('without the demo partner’s key there is no demo back-end', async () => {
    const { DEMO_PARTNER_KEY: _, ...deployed } = bindings
    const other = await startWorker({ bindings: deployed })
    try {
      for (const method of ['GET', 'POST']) {
        const { status } = await post(`${other.url}/demo/launch`, { method })
        assert.equal(status, 404)
      }
    } finally {
      await other.stop()
    }
  })

  test('what is no JSON object is refused as such', async () => {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    for (const path of ['/demo/launch', '/demo/vault']) {
      for (const body of ['', 'none', 'null', '7', '{"thumbprint":1,"fault":1}']) {
        const answer = await post(`${worker.url}${path}`, { headers, body })
        assert.deepEqual([answer.status, JSON.parse(answer.body).error], [400, 'invalid_request'])
      }
    }
  })

  for (const name of browserNames) {
    test(`the page in ${name}: a visit, a call, every step beside it, in two languages`, async () => {
      const browser = await launch(name)
      try {
        const page = await browser.open(`${worker.url}/`)
        await page.click('#open')
        await until('the framed page', () =>
          page.evaluate(() => Boolean(document.querySelector('iframe'))),
        )
        const frame = await page.frame('iframe')
        const state = () =>
          frame.evaluate(() => document.body?.dataset.state ?? null).catch(() => null)
        await until('the visit to open', async () => (await state()) === 'open')
        await frame.evaluate(() => document.querySelector('#me').click())
        await until('the answer', () =>
          frame.evaluate(() => document.querySelector('#result').textContent.trim() !== ''),
        )
        const steps = () => page.evaluate(() => document.querySelectorAll('#trace li').length)
        await until('the steps beside it', async () => (await steps()) >= 8)
        const text = await page.evaluate(() => document.body.innerText)
        assert.doesNotMatch(
          text,
          /eyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/,
          'a whole token on the screen',
        )
        for (const language of ['zh', 'en']) {
          // Another language moves what is to be clicked.
          await until(`the page in ${language}`, async () => {
            await page.click(`.masthead [data-language="${language}"]`)
            return (await page.evaluate(() => document.documentElement.lang)).startsWith(language)
          })
        }
        assert.deepEqual(
          page.console.filter((line) => /error/i.test(line)),
          [],
        )
        await page.close()
      } finally {
        await browser.close()
      }
    })
  }
})

function read(file) {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => /^(\w+)='(.*)'$/.exec(line).slice(1)))
}
