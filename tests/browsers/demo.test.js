// The demo as people see it: the Worker's own pages, under their own policy, in a real browser.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import puppeteer from 'puppeteer-core'

import { at } from '../support/paths.js'
import { freePort, run } from '../support/processes.js'
import { until } from '../support/until.js'
import { startWorker } from '../support/worker.js'

let worker
let browser
let app
let h5

before(async () => {
  const port = await freePort()
  app = `http://127.0.0.1:${port}`
  h5 = `http://localhost:${port}`
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

describe('in the app: a bound launch', () => {
  test('a visit is opened, used, refreshed, reloaded, attacked in vain, and closed', async () => {
    const { page, complaints } = await open(`${app}/?lang=en`)
    await press(page, '#open')
    const frame = await until('the frame', () => framed(page))
    const status = statusOf(frame)
    const result = resultOf(frame)
    await until('the visit', async () => /is open/.test(await status()))

    await press(frame, '#me')
    await until('the answer', async () => /Granted.*knows you as/.test(await result()))
    await press(frame, '#refresh')
    await until('the refresh', async () => /Granted.*new visit token/.test(await result()))

    await press(frame, '#reload')
    await until('the page again', async () => /goes on/.test(await status()))
    const handed = () => count(page, 'Hands the access token')
    await until('the trace', async () => (await handed()) > 0)
    assert.equal(await handed(), 1, 'no second access token')

    await press(frame, '#thief')
    await until('the thief', async () => /stopped: proof_required/.test(await result()))
    await press(frame, '#me')
    await until('the answer', async () => /Granted.*knows you as/.test(await result()))

    await press(frame, '#close')
    await until('the end', async () => /closed/.test(await status()))
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the trace tells who acted and what the edge decided, and holds no token', async () => {
    const { page } = await open(`${app}/?lang=en`)
    await press(page, '#open')
    await until('the last step', async () => (await count(page, 'Opens the answer with R')) === 1)
    const text = await page.$eval('#trace', (trace) => trace.textContent)
    for (const told of [
      'Page → Partner',
      'Partner → Edge',
      'Edge → Page',
      'Granted',
      'under key',
    ]) {
      assert.ok(text.includes(told), told)
    }
    assert.doesNotMatch(text, /eyJ[\w-]+\.[\w-]+\./)
    await page.close()
  })
})

describe('by link: a fragment launch', () => {
  test('the token leaves the address, and works once: its replay ends the whole family', async () => {
    const { page } = await open(`${app}/?lang=en`)
    const opened = browser.waitForTarget(
      (target) => target.type() === 'page' && target.url().startsWith(`${h5}/h5/`),
    )
    await press(page, '#link')
    const target = await opened
    const tab = await until('the tab', () => target.page())
    const status = statusOf(tab)
    const result = resultOf(tab)
    await until('the visit', async () => /is open/.test(await status()))
    assert.equal(await tab.evaluate(() => location.hash), '')

    await tab.bringToFront()
    await press(tab, '#thief')
    await until('the thief', async () => /stopped: replayed/.test(await result()))
    await press(tab, '#me')
    await until('the end', async () => /ended this visit/.test(await status()))
    assert.match(await result(), /Refused.*token_revoked/)
    await tab.close()
    await page.close()
  })

  test('the plain link needs no script', async () => {
    const { page, complaints } = await open(`${app}/demo/launch`)
    await until('the visit', async () => /is open|已开始/.test(await statusOf(page)()))
    assert.equal(new URL(page.url()).origin, h5)
    assert.equal(new URL(page.url()).hash, '')
    assert.deepEqual(complaints, [])
    await page.close()
  })
})

describe('both languages, both sizes', () => {
  for (const [language, title] of [
    ['en', 'What is happening'],
    ['zh', '正在发生什么'],
  ]) {
    for (const width of [390, 1440]) {
      test(`${language} at ${width} px fits the screen`, async () => {
        const { page } = await open(`${app}/?lang=${language}`, width)
        await until('the words', () =>
          page.evaluate(
            (want) => document.querySelector('#story-title')?.textContent === want,
            title,
          ),
        )
        const wide = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
        assert.equal(await wide(), false)
        await press(page, '#open')
        await until('the steps', async () => (await page.$$('.step')).length > 9)
        if (width < 960) await page.click('[data-show=trace]')
        assert.equal(await wide(), false)
        await page.close()
      })
    }
  }
})

describe('the pages’ policy', () => {
  const policyOf = async (url) => (await fetch(url)).headers.get('content-security-policy')

  test('no inline script, nothing from elsewhere, framed by the app alone', async () => {
    const page = await policyOf(`${h5}/h5/`)
    assert.match(page, /default-src 'none'/)
    assert.match(page, /script-src 'self' 'wasm-unsafe-eval'(;|$)/)
    assert.match(page, new RegExp(`frame-ancestors ${app}(;|$)`))
    const own = await policyOf(`${app}/`)
    assert.match(own, /script-src 'self'(;|$)/)
    assert.match(own, /frame-ancestors 'none'(;|$)/)
  })

  test('another site gets no access token from the demo’s back-end', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Content-Type': 'application/json' }
    const response = await fetch(`${app}/demo/launch`, { method: 'POST', headers, body: '{}' })
    assert.equal(response.status, 403)
  })

  test('without the demo partner’s key there is no demo', async () => {
    const port = await freePort()
    const { DEMO_PARTNER_KEY: _, ...bindings } = await developmentBindings(port)
    const production = await startWorker({ port, bindings })
    try {
      for (const path of ['/', '/h5/', '/app.js', '/demo/config', '/demo/launch']) {
        assert.equal((await fetch(production.url + path)).status, 404, path)
      }
    } finally {
      await production.stop()
    }
  })
})

async function open(url, width = 1280) {
  const page = await browser.newPage()
  const complaints = []
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.setViewport({ width, height: 900 })
  await page.goto(url, { waitUntil: 'networkidle0' })
  return { page, complaints }
}

/** Presses a button as soon as it can be pressed. */
async function press(where, selector) {
  await until(`${selector} to be ready`, () =>
    where.$eval(selector, (button) => !button.disabled && !button.closest('[hidden]')),
  )
  await where.$eval(selector, (button) => button.click())
}

const framed = (page) => page.frames().find((frame) => frame.url().startsWith(`${h5}/h5/`))
const textOf = (where, selector) => () =>
  where.$eval(selector, (node) => node.textContent).catch(() => '')
const statusOf = (where) => textOf(where, '#status')
const resultOf = (where) => textOf(where, '#result')
const count = (page, title) =>
  page.$$eval(
    '.step h4',
    (titles, want) => titles.filter((h4) => h4.textContent.includes(want)).length,
    title,
  )

/** What a developer has in `.dev.vars`, made by the Worker's own script. */
async function developmentBindings(port) {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-demo-'))
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
