// A lab with one browser for a suite, and pages in which our store is open.
import { after, afterEach, before } from 'node:test'

import { INSECURE_HOST, startLab } from './lab.js'

/** `preferences`: of Firefox. Starts both before the suite that calls this and stops them after it; pages are closed after each test. */
export function storeSession(browserName, { preferences } = {}) {
  let lab
  let browser
  let opened = []

  before(async () => {
    lab = await startLab({ subjects: { lingpai: 'subjects/lingpai.js' } })
    browser = await lab.launch(browserName, {
      preferences,
      // How a name that is not loopback's reaches the lab all the same.
      hostRules: [`MAP ${INSECURE_HOST} 127.0.0.1`],
      proxyPort: lab.port,
      ...(browserName === 'webkit' && { profile: lab.profile() }),
    })
  })

  after(() => lab?.close())

  afterEach(async () => {
    for (const page of opened) await page.close().catch(() => {})
    opened = []
  })

  /** A page with the module loaded; nothing is opened yet. */
  async function visit({ in: where = browser, origin = lab.freshOrigin(), ...query } = {}) {
    const page = await where.open(lab.urlOf(origin, { subject: 'lingpai', ...query }))
    if (where === browser) opened.push(page)
    return { page, origin }
  }

  /** A page in which the store is open. */
  async function open({ openTimeoutMs, ...options } = {}) {
    const { page, origin } = await visit(options)
    const state = await page.evaluate((options) => subject.open(options), { openTimeoutMs })
    return { page, origin, ...state }
  }

  /** Calls the subject in the page: { status: kept | reported | hung, value, error }. */
  function call(page, method, ...args) {
    return page.evaluate(
      (method, args) => lab.outcome(() => subject[method](...args), 8_000),
      method,
      args,
    )
  }

  return {
    lab: () => lab,
    browser: () => browser,
    visit,
    open,
    call,
    put: (page, key, value, durability) => call(page, 'put', key, value, durability),
    get: async (page, key) => (await call(page, 'get', key)).value,
    reports: (page, type) =>
      page.evaluate((type) => subject.reports.filter((event) => event.type === type), type),
  }
}

/** Runs in the page: does with every row of the store's database what `change` (the body of a function of value and key) says. */
export async function changeRows(change, storeName = 'lab') {
  const changed = new Function('value', 'key', 'rows', change)
  const database = await lab.settle(indexedDB.open('lingpai'))
  const keys = database.transaction('keys', 'readwrite').objectStore('keys')
  const names = (await lab.settle(keys.getAllKeys())).filter((name) =>
    name.startsWith(`row ${storeName} `),
  )
  const rows = {}
  for (const name of names) rows[name] = await lab.settle(keys.get(name))
  for (const name of names) {
    const value = changed(rows[name], name, rows)
    if (value === undefined) await lab.settle(keys.delete(name))
    else await lab.settle(keys.put(value, name))
  }
  database.close()
  return rows
}
