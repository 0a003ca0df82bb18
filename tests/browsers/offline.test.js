// The demo's offline scene in Chromium, in two tabs beside each other: network and database are taken away and come back.
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
let other
const thrown = []

before(async () => {
  const port = await freePort()
  worker = await startWorker({ port, bindings: await developmentBindings(port) })
  browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  })
  page = await open(`http://127.0.0.1:${port}/demo/launch?scene=offline`)
  other = await open(new URL('/h5/offline/', page.url()).href)
})

after(async () => {
  await browser?.close()
  await worker?.stop()
})

test('a second tab has the same visit and the same notes, and one of both leads', async () => {
  await keep(page, 'from the first')
  await until('the note in the other tab', async () => (await notes(other)).length === 1)
  assert.deepEqual((await notes(page))[0], { value: 'from the first', durability: 'strict' })
  const leaders = () => page.$$eval('#tabs [data-leads=true]', (tabs) => tabs.length)
  await until('two tabs', async () => (await page.$$('#tabs li')).length === 2)
  await until('one leader', async () => (await leaders()) === 1)
  assert.match(await fact(other, 'source'), /what was kept/)
})

test('all tabs refresh at once: one asks, the other takes over what it got', async () => {
  await press(page, '#refresh')
  const counts = async () => [await fact(page, 'asked'), await fact(other, 'asked')].sort()
  await until('both to have it', async () => (await counts()).join() === '0 / 1,1 / 0')
})

test('without a network the visit serves what it has, also after a reload', async () => {
  await press(page, '#network')
  const lamp = (tab) => tab.$eval('.lamp', (node) => node.dataset.lamp)
  await until('the other tab to know', async () => (await lamp(other)) === 'away')
  await press(page, '#refresh')
  // Not before it was tried a few times.
  const failed = async () => (await types(page)).includes('served_from_cache')
  await until('the failure', failed, { timeoutMs: 90_000 })
  await other.reload()
  await other.waitForSelector('body[data-stage=open]')
  assert.match(await fact(other, 'source'), /what was kept/)
  await press(other, '#call')
  await until('the refusal', async () => /network_unavailable/.test(await text(other, '#said')))
  await press(page, '#network')
  await press(other, '#call')
  await until('the answer', async () => /knows you as/.test(await text(other, '#said')))
})

test('a database that hangs: notes are kept elsewhere and say so, and move up when it is back', async () => {
  await press(other, '#database')
  // What is under way goes on until the store has found out.
  await until('localStorage', async () => (await tier(page)) === 'localstorage')
  await keep(page, 'in between')
  const kept = async () => (await notes(page)).find(({ value }) => value === 'in between')
  assert.equal((await kept()).durability, 'best_effort')
  await press(other, '#database')
  await until('the database', async () => (await tier(page)) === 'indexeddb')
  assert.ok((await types(page)).includes('tier_changed'))
  await until('the note in the other tab', async () => (await notes(other)).length === 2)
})

test('evicted notes are missed', async () => {
  await press(page, '#evict')
  await until('the loss', async () => (await types(page)).includes('storage_lost'))
  await until('no notes', async () => (await notes(page)).length === 0)
})

test('a tab that leads is closed: the other one takes over', async () => {
  const leads = (tab) =>
    tab.$eval('#tabs', (tabs) => Boolean(tabs.querySelector('[data-leads=true] small')))
  const leader = (await until('a leader', () => leads(other))) ? other : page
  await leader.close()
  await until('the successor', () => leads(leader === other ? page : other))
  assert.deepEqual(thrown, [])
})

async function open(url) {
  const tab = await browser.newPage()
  tab.on('pageerror', (error) => thrown.push(error.message))
  await tab.setViewport({ width: 1240, height: 1000 })
  await tab.goto(url)
  await tab.waitForSelector('body[data-stage=open]', { timeout: 60_000 })
  await press(tab, '[data-language=en]')
  return tab
}

async function keep(tab, value) {
  const before = (await notes(tab)).length
  await tab.$eval('#text', (input, value) => (input.value = value), value)
  await press(tab, '#note button')
  await until('the note', async () => (await notes(tab)).length > before)
}

const notes = (tab) =>
  tab.$$eval('#rows tr[data-durability]', (rows) =>
    rows.map((row) => ({
      value: row.querySelector('.value').textContent,
      durability: row.dataset.durability,
    })),
  )

const tier = (tab) => tab.$eval('#tiers [aria-current]', (node) => node.dataset.tier)
const fact = (tab, name) => text(tab, `[data-fact=${name}] dd`)
const types = (tab) => tab.$$eval('#log li', (lines) => lines.map((line) => line.dataset.type))
const text = (tab, selector) => tab.$eval(selector, (node) => node.textContent)

async function press(tab, selector) {
  await until(selector, () => tab.$eval(selector, (button) => !button.disabled))
  await tab.$eval(selector, (button) => button.click())
}

async function developmentBindings(port) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-offline-'))
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
