// What happens to a row of each library under the same fault. A scenario gives one word and, where it helps, a remark:
// `kept`, `lost` (it was acknowledged, is gone, and nobody said so), `reported` (the caller was told), `hung` (the caller
// waits for ever), `believed` (something that was never written is read), `legible` and `sealed`.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import * as faults from '../faults/index.js'

const PATIENCE_MS = 5_000
const VALUE = 'a visit token that nobody else may have'

/** name -> { title, run(context), only?(name) }; `context`: lab, browser (started for all), browserName, subject. */
export const scenarios = {
  quota: {
    title: 'there is no room left (400 kB)',
    async run({ open, browser }) {
      const { page, origin } = await open({ unopened: true })
      const quota = await faults.limitQuota(browser, page)
      await page.evaluate(() => subject.open())
      await quota.exhaust()
      try {
        const written = await page.evaluate(
          (ms) => lab.outcome(() => subject.put('a', lab.noise(400_000)), ms),
          PATIENCE_MS,
        )
        return await verdict(written, page, () => open({ origin }))
      } finally {
        await quota.release()
      }
    },
  },
  kill: {
    title: 'the browser is killed as soon as a row is acknowledged',
    run: (context) => repeated(5, () => killedAt(context)),
  },
  navigation: {
    title: 'the page is left as soon as a row is acknowledged',
    run: (context) =>
      repeated(5, async () => {
        const { page, origin } = await context.open()
        await page
          .evaluate(
            (value) => subject.put('a', value).then(() => location.replace('about:blank')),
            VALUE,
          )
          .catch(() => {})
        return readBack(context, origin)
      }),
  },
  crash: {
    title: 'the page’s process ends as soon as a row is acknowledged',
    run: (context) =>
      repeated(3, async () => {
        const { page, origin } = await context.open()
        const crashed = context.lab.once('ack', await faults.crashing(context.browser, page))
        const writing = page.evaluate(
          (value) => subject.put('a', value).then(() => lab.tell('ack')),
          VALUE,
        )
        writing.catch(() => {})
        await crashed
        return readBack(context, origin)
      }),
  },
  hung: {
    title: 'the database cannot be opened, and does not say so',
    only: usesDatabases,
    async run(context) {
      const { page, name } = await hung(context)
      return wrote(context, page, `${name}: `)
    },
  },
  newer: {
    title: 'the database is of a newer version than the library knows',
    only: usesDatabases,
    async run(context) {
      const { page, hang, origin } = await hung(context)
      await hang.release()
      await page.close()
      const { page: next } = await context.open({ origin, unopened: true })
      return wrote(context, next)
    },
  },
  closed: {
    title: 'its databases are cleared under an open connection; it writes again',
    only: usesDatabases,
    async run(context) {
      const { page } = await context.open()
      await page.evaluate((value) => subject.put('a', value), VALUE)
      const cleared = faults.clearDatabases(context.browser, page).then(() => true)
      if (!(await cleared.catch(() => false)))
        return { word: 'holds it', remark: 'nobody can clear it' }
      const written = await page.evaluate(
        (value, ms) => lab.outcome(() => subject.put('b', value), ms),
        VALUE,
        PATIENCE_MS,
      )
      return verdict(written, page)
    },
  },
  evicted: {
    title: 'its databases were cleared while nobody looked',
    only: usesDatabases,
    async run(context) {
      const { page, origin } = await context.open()
      await page.evaluate((value) => subject.put('a', value), VALUE)
      const other = await context.browser.open(context.lab.urlOf(origin))
      await page.close()
      await faults.clearDatabases(context.browser, other)
      return readBack(context, origin)
    },
  },
  damaged: {
    title: 'the database’s files were overwritten while the browser was closed',
    only: usesDatabases,
    async run({ lab, browserName, subject, openIn }) {
      const profile = lab.profile()
      const origin = lab.freshOrigin()
      const first = await lab.launch(browserName, { profile })
      const { page } = await openIn(first, { origin })
      await page.evaluate((value) => subject.put('a', value), VALUE)
      await page.close()
      await first.close()
      faults.corruptDatabases(browserName, profile, origin)
      const second = await lab.launch(browserName, { profile })
      try {
        return await readBack({ open: (options) => openIn(second, options) }, origin)
      } finally {
        await second.close()
      }
    },
  },
  denied: {
    title: 'the page has no storage at all (a frame without an origin)',
    async run({ lab, browser, subject }) {
      const url = lab.urlOf(lab.freshOrigin(), { subject, sandboxed: '' })
      const page = await browser.open(url)
      const frame = await page.frame('iframe')
      return wrote({}, frame)
    },
  },
  altered: {
    title: 'one character of a row is altered',
    async run(context) {
      const { page, origin } = await context.open()
      await page.evaluate((value) => subject.put('a', value), VALUE)
      await page.evaluate(() => {
        for (const key of Object.keys(localStorage)) {
          const text = localStorage.getItem(key)
          const middle = text.length >> 1
          const other = text[middle] === 'x' ? 'y' : 'x'
          localStorage.setItem(key, text.slice(0, middle) + other + text.slice(middle + 1))
        }
      })
      await page.evaluate(alterRows)
      await page.close()
      const { page: next } = await context.open({ origin, unopened: true })
      return belief(next, 'a')
    },
  },
  swapped: {
    title: 'two rows change places',
    async run(context) {
      const { page, origin } = await context.open()
      await page.evaluate((value) => subject.put('a', value), VALUE)
      await page.evaluate((value) => subject.put('b', `${value}, ever`), VALUE)
      await page.evaluate(swapRows)
      await page.close()
      const { page: next } = await context.open({ origin, unopened: true })
      return belief(next, 'a')
    },
  },
  files: {
    title: 'somebody reads the browser’s files',
    async run({ lab, browserName, openIn }) {
      const profile = lab.profile()
      const browser = await lab.launch(browserName, { profile })
      const { page } = await openIn(browser, {})
      await page.evaluate((value) => subject.put('a', value), VALUE)
      await page.close()
      await browser.close()
      return { word: isLegible(profile) ? 'legible' : 'sealed' }
    },
  },
  claims: {
    title: 'two tabs empty one queue of 40 at once',
    only: (subject) => subject === 'workbox' || subject === 'lingpai',
    run: twoClaim,
  },
}

function usesDatabases(subject) {
  return subject !== 'auth0'
}

/** Kills at the acknowledgement, and looks after another start. */
async function killedAt({ lab, browserName, openIn }) {
  const profile = lab.profile()
  const origin = lab.freshOrigin()
  const first = await lab.launch(browserName, { profile })
  const { page } = await openIn(first, { origin })
  const killed = faults.killAt(lab, first, 'ack')
  const writing = page.evaluate(
    (value) => subject.put('a', value).then(() => lab.tell('ack')),
    VALUE,
  )
  await Promise.all([killed, writing.catch(() => {})])
  const second = await lab.launch(browserName, { profile })
  try {
    return await readBack({ open: (options) => openIn(second, options) }, origin)
  } finally {
    await second.close()
  }
}

async function repeated(times, run) {
  const words = []
  for (let nth = 0; nth < times; nth++) words.push((await run()).word)
  const bad = words.filter((word) => word !== 'kept')
  if (bad.length === 0) return { word: 'kept', remark: `${times} of ${times}` }
  return { word: bad[0], remark: `${bad.length} of ${times}` }
}

async function hung(context) {
  const { page: creator, origin } = await context.open()
  const [name] = await creator.evaluate(async () => {
    const known = subject.databases ?? (await indexedDB.databases()).map(({ name }) => name)
    return known
  })
  await creator.close()
  const plain = () => context.browser.open(context.lab.urlOf(origin))
  const hang = await faults.hangDatabase(await plain(), await plain(), name)
  const { page } = await context.open({ origin, unopened: true })
  return { page, hang, origin, name }
}

/** Opens and writes in a page; what became of it, read in the same page. */
async function wrote(_, page) {
  const written = await page.evaluate(
    (value, ms) => lab.outcome(() => subject.open().then(() => subject.put('a', value)), ms),
    VALUE,
    PATIENCE_MS,
  )
  return verdict(written, page, undefined, VALUE)
}

/** `elsewhere`: opens another page that has to find the row, too, unless it was said to be volatile. */
async function verdict(written, page, elsewhere) {
  if (written.status !== 'kept') {
    return { word: written.status, remark: written.error ?? '' }
  }
  const said = written.value?.durability
  const where = elsewhere && said !== 'volatile' ? (await elsewhere()).page : page
  const found = await where.evaluate(
    (ms) =>
      lab.outcome(async () => (await subject.get('a')) ?? (await subject.get('b')) ?? null, ms),
    PATIENCE_MS,
  )
  if (found.status === 'hung') return { word: 'hung' }
  if (typeof found.value !== 'string') return { word: 'lost' }
  return { word: 'kept', remark: said ?? '' }
}

async function readBack({ open }, origin) {
  const { page } = await open({ origin, unopened: true })
  const found = await page.evaluate(
    (ms) =>
      lab.outcome(async () => {
        await subject.open()
        return (await subject.get('a')) ?? null
      }, ms),
    PATIENCE_MS,
  )
  if (found.status !== 'kept') return { word: found.status, remark: found.error ?? '' }
  if (found.value === VALUE) return { word: 'kept' }
  const reports = await page.evaluate(() => subject.reports.map(({ type }) => type))
  const told = reports.includes('storage_lost') || reports.includes('row_quarantined')
  return told ? { word: 'reported', remark: 'storage_lost' } : { word: 'lost' }
}

async function belief(page, key) {
  const found = await page.evaluate(
    (key, ms) =>
      lab.outcome(async () => {
        await subject.open()
        return (await subject.get(key)) ?? null
      }, ms),
    key,
    PATIENCE_MS,
  )
  if (found.status !== 'kept') return { word: found.status, remark: found.error ?? '' }
  if (found.value === VALUE) return { word: 'kept' }
  if (found.value !== null) return { word: 'believed' }
  const reports = await page.evaluate(() => subject.reports.map(({ type }) => type))
  return { word: reports.includes('row_quarantined') ? 'reported' : 'lost' }
}

/** Runs in the page: another character or byte in the middle of each row that is not a key. */
async function alterRows() {
  const altered = (value) => {
    if (typeof value === 'string' && value.length > 8) {
      const middle = value.length >> 1
      return value.slice(0, middle) + (value[middle] === 'x' ? 'y' : 'x') + value.slice(middle + 1)
    }
    if (ArrayBuffer.isView(value)) {
      const bytes = value.slice()
      bytes[bytes.length >> 1] ^= 1
      return bytes
    }
    if (value instanceof ArrayBuffer) return altered(new Uint8Array(value)).buffer
    if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value
    const changed = {}
    for (const [name, member] of Object.entries(value)) {
      changed[name] = /key|url/i.test(name) ? member : altered(member)
    }
    return changed
  }
  for (const { name } of await indexedDB.databases()) {
    const database = await lab.settle(indexedDB.open(name))
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName, 'readwrite').objectStore(storeName)
      const keys = await lab.settle(store.getAllKeys())
      for (const key of keys) {
        const value = altered(await lab.settle(store.get(key)))
        await lab.settle(store.keyPath ? store.put(value) : store.put(value, key))
      }
    }
    database.close()
  }
}

/** Runs in the page: what lies under the keys of `a` and `b` changes places. */
async function swapRows() {
  const ofA = (key) => typeof key === 'string' && /(^|[^a-z])a$/.test(key)
  const swap = (one, other) => [other, one]
  const names = Object.keys(localStorage).filter(ofA)
  for (const a of names) {
    const b = `${a.slice(0, -1)}b`
    const [forA, forB] = swap(localStorage.getItem(a), localStorage.getItem(b))
    if (forA === null) continue
    localStorage.setItem(a, forA)
    localStorage.setItem(b, forB)
  }
  const member = (value) => (value?.requestData ? ['requestData', 'body'] : 'value')
  for (const { name } of await indexedDB.databases()) {
    const database = await lab.settle(indexedDB.open(name))
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName, 'readwrite').objectStore(storeName)
      const rows = await lab.settle(store.getAll())
      const keys = await lab.settle(store.getAllKeys())
      const label = (nth) => rows[nth]?.requestData?.url ?? rows[nth]?.fbase_key ?? keys[nth]
      const a = keys.findIndex((_, nth) => ofA(label(nth)))
      const b = keys.findIndex((_, nth) => label(nth) === `${String(label(a)).slice(0, -1)}b`)
      if (a < 0 || b < 0) continue
      const exchange = (into, from) => {
        if (!store.keyPath) return from
        const row = structuredClone(into)
        if (row.requestData) row.requestData.body = from.requestData.body
        else row[member(row)] = from[member(from)]
        return row
      }
      for (const [at, value] of [
        [a, exchange(rows[a], rows[b])],
        [b, exchange(rows[b], rows[a])],
      ]) {
        await lab.settle(store.keyPath ? store.put(value) : store.put(value, keys[at]))
      }
    }
    database.close()
  }
}

function isLegible(profile) {
  const spellings = [Buffer.from(VALUE), Buffer.from(VALUE, 'utf16le')]
  return readdirSync(profile, { recursive: true }).some((name) => {
    const path = join(profile, name)
    try {
      if (!statSync(path).isFile()) return false
      const bytes = readFileSync(path)
      return spellings.some((spelling) => bytes.includes(spelling))
    } catch {
      return false
    }
  })
}

/** Both tabs take what they can get; an entry that both have is a duplicate. */
async function twoClaim({ open, subject }) {
  let duplicates = 0
  let entries = 0
  for (let round = 0; round < 10; round++) {
    const { page: one, origin } = await open()
    const { page: other } = await open({ origin })
    await one.evaluate(async (subjectName) => {
      if (subjectName === 'workbox') {
        for (let nth = 0; nth < 40; nth++) await subject.put(`entry-${nth}`, 'x')
      }
    }, subject)
    const drain = (page) =>
      page.evaluate(async (subjectName) => {
        const taken = []
        if (subjectName === 'workbox') {
          for (let key; (key = await subject.take()) !== undefined;) taken.push(key)
        } else {
          for (let nth = 0; nth < 40; nth++) {
            if (await subject.claim(`entry-${nth}`, 'me')) taken.push(`entry-${nth}`)
          }
        }
        return taken
      }, subject)
    const [mine, theirs] = await Promise.all([drain(one), drain(other)])
    entries += new Set([...mine, ...theirs]).size
    duplicates += mine.filter((key) => theirs.includes(key)).length
    await one.close()
    await other.close()
  }
  return {
    word: duplicates > 0 ? 'twice' : 'once',
    remark: `${duplicates} of ${entries} taken by both`,
  }
}
