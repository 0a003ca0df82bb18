// The demo's vault in Chromium: it fails in every way there is while orders are taken, and is asked afterwards what they mean.
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

const LONG = { timeoutMs: 90_000 }

let worker
let browser
let page
const thrown = []

before(async () => {
  const port = await freePort()
  worker = await startWorker({ port, bindings: await developmentBindings(port) })
  browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  })
  page = await browser.newPage()
  page.on('pageerror', (error) => thrown.push(error.message))
  await page.goto(`http://127.0.0.1:${port}/demo/launch?scene=vault`)
  await page.waitForSelector('body[data-stage=open]', { timeout: 60_000 })
  await press('[data-language=en]')
})

after(async () => {
  await browser?.close()
  await worker?.stop()
})

test('while the vault works, orders have its tokens', async () => {
  await until('the policy', async () => /policy/.test(await text('#log')), LONG)
  const order = await takeOrder()
  assert.match(order.token, /^11\d{9}$/)
  assert.deepEqual(await meaning(), { value: `+86${order.number}`, canonical: order.token })
})

test('whatever the vault does, the next order is taken, and in the end every one is made good', async () => {
  const orders = []
  const faults = ['refuse', 'hang', 'reset', 'error', 'away', 'limited', 'portal', 'drip', 'lost']
  for (const fault of faults) {
    await turn(fault)
    orders.push(await takeOrder())
  }
  assert.match(await text('#mode'), /On its own/)
  await press('#many')
  await until('fifty more', async () => (await text('#log')).includes('50 tokenized'), LONG)
  const waiting = await numbers()
  assert.ok(waiting.pending >= 50, JSON.stringify(waiting))

  await turn('none')
  await until(
    'the end of it',
    async () => {
      await press('#flush')
      return (await numbers()).pending === 0
    },
    LONG,
  )
  const { dead, lost, done } = await numbers()
  assert.deepEqual({ dead, lost }, { dead: 0, lost: 0 })
  assert.ok(done >= waiting.pending, `${done} of ${waiting.pending}`)
  await until('the vault', async () => /Online/.test(await text('#mode')), LONG)
  for (const { number } of orders.slice(0, 2)) {
    // The same number again: one value, one canonical token, whatever it was given in the outage.
    await takeOrder(number)
    const { value, canonical } = await meaning()
    assert.equal(value, `+86${number}`)
    assert.match(canonical, /^11\d{9}$/)
  }
  assert.deepEqual(thrown, [])
})

/** Takes an order and gives what the list shows of it. */
async function takeOrder(number) {
  if (number) await page.$eval('#phone', (input, value) => (input.value = value), number)
  const taken = await page.$eval('#phone', (input) => input.value)
  const before = await tokenizedLines()
  await press('button[type=submit]')
  await until('the order', async () => (await tokenizedLines()) > before, LONG)
  await until('the list', () => page.$('#list li code[title]'), LONG)
  await until('rest', idle, LONG)
  const token = await page.$eval('#list li:first-child code', (code) => code.title)
  return { number: taken, token }
}

const tokenizedLines = () =>
  page.$$eval('#log li', (lines) => lines.filter((it) => /tokenized/.test(it.textContent)).length)

const idle = () => page.$eval('#many', (button) => !button.disabled)

/** What the vault says of the newest order. */
async function meaning() {
  await press('#list li:first-child .resolve')
  const line = '#list li:first-child .meaning'
  await until('the vault’s word', () => page.$(line), LONG)
  const shown = await page.$eval(line, (node) => node.firstChild.textContent)
  const canonical = await page.$eval(`${line} code`, (node) => node.textContent)
  return { value: shown.replace(/^means /, ''), canonical }
}

async function turn(fault) {
  await page.$eval(`#faults input[value=${fault}]`, (input) => input.click())
  const switched = () =>
    page.$eval(`#faults input[value=${fault}]`, (input) => input.checked && !input.disabled)
  await until(fault, switched)
}

async function numbers() {
  const entries = await page.$$eval('#numbers div', (all) =>
    all.map((it) => [it.dataset.number, Number(it.querySelector('dd').textContent)]),
  )
  return Object.fromEntries(entries)
}

const text = (selector) => page.$eval(selector, (node) => node.textContent)

async function press(selector) {
  await until(selector, () => page.$eval(selector, (button) => !button.disabled), LONG)
  await page.$eval(selector, (button) => button.click())
}

async function developmentBindings(port) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-vault-'))
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
