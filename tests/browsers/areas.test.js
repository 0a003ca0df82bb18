// The demo's areas in Chromium: somebody moves, somebody is erased, and the page shows what the edge says.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import puppeteer from 'puppeteer-core'

import { at } from '../support/paths.js'
import { freePort, run } from '../support/processes.js'
import { until } from '../support/until.js'
import { startWorker } from '../support/worker.js'

let worker
let browser
let page
const complaints = []

before(async () => {
  const port = await freePort()
  worker = await startWorker({ port, bindings: await developmentBindings(port) })
  browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  })
  page = await browser.newPage()
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`http://127.0.0.1:${port}/demo/launch?scene=areas`)
  await page.waitForSelector('body[data-stage=open]')
  await press('[data-language=en]')
})

after(async () => {
  await browser?.close()
  await worker?.stop()
})

test('everybody is at home by the rules', async () => {
  assert.deepEqual(await held(), {
    us: { identity: ['sam'], data: ['sam', 'sam'] },
    eu: { identity: ['anna'], data: ['lin', 'anna', 'anna', 'anna', 'sam'] },
    cn: { identity: ['lin'], data: ['lin', 'lin'] },
  })
  assert.deepEqual(await counts(), ['1', '2', '1', '5', '1', '2'])
})

test('a move takes identifier and data along, under the same id', async () => {
  const id = await text('.card[data-name=lin] code')
  await press('.card[data-name=lin] .move-us')
  await until('the move', async () => /Lin Qiao is in USA/.test(await text('#said')))
  const { us, cn } = await held()
  assert.deepEqual(us, { identity: ['lin', 'sam'], data: ['lin', 'lin', 'sam', 'sam'] })
  assert.deepEqual(cn, { identity: [], data: [] })
  assert.deepEqual(await counts(), ['2', '4', '1', '5', '0', '0'])
  assert.equal(await text('.card[data-name=lin] code'), id)
  await press('.card[data-name=lin] .reveal')
  await until('the identifier', async () => (await text('.identifier'))?.startsWith('+86138'))
})

test('an erasure leaves nothing and gives a certificate that verifies', async () => {
  await press('.card[data-name=lin] .erase')
  await until('the certificate', async () => /verified/.test((await text('.paper .valid')) ?? ''))
  assert.deepEqual(await counts(), ['1', '2', '1', '4', '0', '0'])
  const id = await text('.card[data-name=lin] code')
  await press('.card[data-name=lin] .again')
  await until('another id', async () => (await text('.card[data-name=lin] code')) !== id)
  assert.deepEqual(await counts(), ['1', '2', '1', '5', '1', '2'])
})

test('addresses hold no number, and the page complains about nothing', async () => {
  assert.ok(!/\+|138/.test((await text('#log')).replaceAll(/\/users\/\S+…/g, '')))
  assert.deepEqual(complaints, [])
})

/** Who is in which host of which area. */
function held() {
  return page.evaluate(() => {
    const names = (area, kind) =>
      [...area.querySelectorAll(`.${kind} li[data-name]`)].map((row) => row.dataset.name)
    const all = [...document.querySelectorAll('.area')].map((area) => [
      area.dataset.area,
      { identity: names(area, 'identity'), data: names(area, 'data') },
    ])
    return Object.fromEntries(all)
  })
}

/** What the edge counts, host by host. */
async function counts() {
  await until('the end of what is under way', () =>
    page.evaluate(() => ![...document.querySelectorAll('.card button')].some((it) => it.disabled)),
  )
  return page.evaluate(() =>
    [...document.querySelectorAll('.host-name span')].map((it) => it.textContent.split(' ')[0]),
  )
}

function text(selector) {
  return page.evaluate((it) => document.querySelector(it)?.textContent, selector)
}

function press(selector) {
  return page.evaluate((it) => document.querySelector(it).click(), selector)
}

async function developmentBindings(port) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-areas-'))
  const file = join(home, 'vars')
  try {
    const script = at('worker-example/scripts/dev-keys.mjs')
    await run(process.execPath, [script, '--port', String(port), '--file', file])
    const lines = readFileSync(file, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
