// The demo's scene as people use it: money is sent under an alias, on this device or on another.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import puppeteer from 'puppeteer-core'

import { at } from '../support/paths.js'
import { freePort, run } from '../support/processes.js'
import { startWorker } from '../support/worker.js'

let worker
let browser
let app

before(async () => {
  const port = await freePort()
  app = `http://127.0.0.1:${port}`
  worker = await startWorker({ port, bindings: await developmentBindings(port) })
  browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  })
})

after(async () => {
  await browser?.close()
  await worker?.stop()
})

async function open(scene) {
  const page = await browser.newPage()
  page.complaints = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') {
      page.complaints.push(message.text())
    }
  })
  page.on('pageerror', ({ message }) => page.complaints.push(message))
  await page.goto(`${app}/demo/launch?scene=${scene}`)
  await page.locator('[data-language=en]').click()
  return page
}

const textOf = (page, selector) => page.$eval(selector, ({ textContent }) => textContent)
const says = (page, selector, part) =>
  page.waitForFunction(
    (selector, part) => document.querySelector(selector)?.textContent.includes(part),
    { timeout: 20_000 },
    selector,
    part,
  )

describe('money under an alias', () => {
  test('is sent once, and each party sees what the page says it sees', async () => {
    const page = await open('operations')
    await says(page, '#accounts', '¥12,500.00')
    const account = await textOf(page, '#accounts code')
    await page.locator('#begin').click()
    await page.waitForSelector('#order:not([hidden])')
    const alias = await page.$eval('#cells', (cells) => cells.getAttribute('aria-label'))
    assert.equal(alias.length, account.length)
    assert.notEqual(alias, account)
    assert.ok((await textOf(page, '#seen .wire')).includes(alias))
    await page.locator('#submit').click()
    await says(
      page,
      '#result',
      '¥35.00 sent to Qingshan Tea Club. Left on the account: ¥12,465.00.',
    )
    await says(page, '#seen .store', 'the mapping is deleted')
    await says(page, '#accounts', '¥12,465.00')
    assert.deepEqual(page.complaints, [])
    await page.close()
  })

  test('is not sent when it is given up', async () => {
    const page = await open('operations')
    await says(page, '#accounts', '¥')
    await page.locator('#begin').click()
    await page.locator('#cancel').click()
    await says(page, '#result', 'Nothing was sent')
    await says(page, '#seen .bank', 'never asked')
    await page.close()
  })

  test('is sent by a second terminal, which takes the code of the first', async () => {
    const page = await open('operations')
    await says(page, '#accounts', '¥')
    await page.locator('#begin').click()
    await page.waitForSelector('#qr path')
    await page.evaluate(() => {
      navigator.clipboard.writeText = async (text) => void (globalThis.copied = text)
    })
    await page.locator('summary').click()
    await page.locator('#copy').click()
    const code = await page.evaluate(() => globalThis.copied)
    const terminal = await open('terminal')
    await terminal.locator('#code').fill(code)
    await terminal.locator('form .main').click()
    await says(terminal, '#limits', '¥35.00 at most, to Qingshan Tea Club')
    await terminal.locator('#submit').click()
    await says(terminal, '#result', '¥35.00 sent to Qingshan Tea Club')
    await page.bringToFront()
    await page.locator('#submit').click()
    await says(page, '#result', 'alias_invalid')
    assert.deepEqual(terminal.complaints, [])
    await Promise.all([page.close(), terminal.close()])
  })

  test('is led to from the app', async () => {
    const page = await browser.newPage()
    await page.goto(`${app}/?lang=en`)
    await page.waitForSelector('a[href="/demo/launch?scene=operations"]')
    await page.close()
  })
})

async function developmentBindings(port) {
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-scene-'))
  const file = join(directory, 'vars')
  const script = at('worker-example/scripts/dev-keys.mjs')
  await run(process.execPath, [script, '--port', String(port), '--file', file])
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(directory, { recursive: true, force: true })
  return Object.fromEntries(lines.map((line) => /^(\w+)='(.*)'$/.exec(line).slice(1)))
}
