// A browser with a world around it, for one suite.
import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'

import { launch } from '../support/browsers/index.js'
import { until } from '../support/until.js'
import { startWorld } from './world.js'

/** Starts both before the suite that calls this and stops them after it; pages are closed after each test. `options`: of the world. */
export function session(browserName, options) {
  let world
  let browser
  let opened = []

  before(async () => {
    world = await startWorld(options)
    browser = await launch(browserName)
  })

  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  afterEach(async () => {
    for (const page of opened) await page.close().catch(() => {})
    opened = []
    world.proxy.exchanges.length = 0
  })

  async function open(url) {
    const page = await browser.open(url)
    opened.push(page)
    return page
  }

  /** The page's account of itself, once it has come to an end with opening. */
  async function settled(page) {
    return until('the visit to open or fail', () => page.evaluate(outcome))
  }

  async function openVisit(url) {
    const page = await open(url)
    const result = await settled(page)
    assert.equal(result.status, 'open', JSON.stringify(result))
    return { page, ...result }
  }

  return {
    world: () => world,
    browser: () => browser,
    opened: () => opened,
    open,
    openVisit,
    settled,
  }
}

/** Runs in the page: null while the visit is opening, then what became of it. */
export function outcome() {
  if (!globalThis.state || state.status === 'opening') return null
  const { status, code, message, events, conflicts, visit } = state
  return {
    status,
    code,
    message,
    events,
    conflicts,
    claims: visit?.claims,
    source: visit?.source,
    proofKey: visit?.proofKey,
    durability: visit?.durability,
  }
}
