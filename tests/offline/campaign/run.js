// Runs schedules in one real browser, one after the other, and judges each. Whatever a page says in time is kept here,
// outside of the browser, in the order in which it came.
import * as faults from '../faults/index.js'
import { startLab } from '../lab.js'
import { begin, enter, readAll, settle } from './page.js'
import { judge } from './oracle.js'
import { scheduleOf } from './schedule.js'

const OPEN_TIMEOUT_MS = 300

/** What a row of a schedule holds. */
const valueOf = (key, size) => `${key} `.repeat(Math.ceil(size / (key.length + 1))).slice(0, size)

/** Starts a browser for schedules of a subject (a module that sets `globalThis.subject`). */
export async function startCampaign(browserName, { subject = 'lingpai' } = {}) {
  const lab = await startLab({ subjects: { [subject]: `subjects/${subject}.js` } })
  const profile = lab.profile()
  const origin = lab.freshOrigin()
  const url = lab.urlOf(origin, { subject })
  let browser
  let tabs
  let processes = new Map()
  let runs = 0
  const brokenOff = []
  const failedFaults = []

  async function launch() {
    const preferences = faults.QUOTA_PREFERENCES
    const start = () => lab.launch(browserName, { profile, preferences, protocolTimeout: 30_000 })
    // What is left of one that was killed may still be in the way.
    browser = await start().catch(start)
    tabs = []
    processes = new Map()
    // Two that write, one that holds, one that wants a newer version.
    for (let nth = 0; nth < 4; nth++)
      tabs.push(await browser.open(nth < 2 ? url : lab.urlOf(origin)))
    return faults.limitQuota(browser, tabs[3])
  }

  let quota = await launch()

  async function run(schedule) {
    const nth = ++runs
    const history = []
    const mine = (message) => message.schedule === schedule.seed
    const remember = (message) => {
      if (!mine(message)) return
      const { what, event, tab, ...said } = message
      history.push(what === 'told' ? { told: event, tab } : { answered: said })
    }
    const stop = [lab.on('answered', remember), lab.on('told', remember)]
    const lasting = new Map()
    const open = (tab) =>
      tabs[tab].evaluate(enter, `s-${schedule.seed}-${nth}`, OPEN_TIMEOUT_MS, schedule.seed, tab)
    const write = (tab, ops, moment) => {
      for (const op of ops) history.push({ issued: op, tab })
      return tabs[tab].evaluate(begin, ops, schedule.seed, moment)
    }

    /** The pages that hold the database forget it. */
    const letGo = () => Promise.all([tabs[2].reload(), tabs[3].reload()])

    const inflict = {
      async reload(tab) {
        await tabs[tab].reload()
        await open(tab)
      },
      async leave(tab) {
        await tabs[tab].go('about:blank')
        await tabs[tab].go(url)
        await open(tab)
      },
      async freeze(tab) {
        lasting.set('freeze', await faults.freeze(browser, tabs[tab], processes))
      },
      quota: () => quota.exhaust(),
      async hang() {
        lasting.set('hang', await faults.hangDatabase(tabs[2], tabs[3], 'lingpai'))
      },
      'clear databases': (tab) => faults.clearDatabases(browser, tabs[tab]),
      'clear all': (tab) => faults.clearAll(tabs[tab]),
      'clear localStorage': (tab) => faults.clearLocalStorage(tabs[tab]),
    }
    /** What lasted ends, once; it may be inflicted again, and not come about then. */
    const taken = (fault) => {
      const handle = lasting.get(fault)
      lasting.delete(fault)
      return handle
    }
    const relieve = {
      freeze: () => taken('freeze')?.thaw(),
      quota: () => quota.release(),
      hang: () => taken('hang')?.release(),
    }

    try {
      await Promise.all([open(0), open(1)])
      for (const step of schedule.steps) {
        if (step.ops && step.kill === undefined) {
          await write(step.write, step.ops)
          if (step.wait) await tabs[step.write].evaluate(settle)
        } else if (step.kill !== undefined) {
          const { kill, tab, ops } = step
          const killed = kill === 'any' ? undefined : faults.killAt(lab, browser, kill)
          const writing = write(tab, ops, kill).catch(() => {})
          // A write that never gets so far does not keep the browser alive.
          await Promise.race([killed ?? writing, elapsed(2_000)])
          await browser.kill()
          history.push({ fault: 'kill' })
          quota = await launch()
          await Promise.all([open(0), open(1)])
        } else if (step.fault) {
          const { fault, tab } = step
          let failed = false
          history.push({ fault, tab })
          // One fault may undo what another one is made of; then it does not come about.
          await inflict[fault](tab).catch((error) => {
            failed = true
            failedFaults.push(`seed ${schedule.seed}: ${fault}: ${error.message}`)
            return fault === 'hang' && letGo()
          })
          // What was acknowledged meanwhile may have been before it or after it.
          history.push({ fault, tab, failed })
        } else if (step.end) {
          await relieve[step.end]()
          history.push({ ended: step.end })
        } else await tabs[step.check].evaluate(settle)
      }
      for (const tab of [0, 1]) await tabs[tab].evaluate(settle)
      // Each tab brings what it had to keep elsewhere; one that has just come has to find all of it.
      for (const tab of [0, 1]) await tabs[tab].evaluate(readAll)
      history.push({ ended: 'everything' })
      await tabs[0].reload()
      await open(0)
      const { tier, rows } = await tabs[0].evaluate(readAll)
      const found = new Map(rows)
      const log = (found.get('log') ?? '').split(',').filter(Boolean).map(Number)
      found.delete('log')
      const { violations, misses } = judge({ history, found, log, valueOf })
      if (tier !== undefined && tier !== 'indexeddb')
        violations.push(`in the end rows go to ${tier}`)
      return { history, violations, misses }
    } finally {
      for (const off of stop) off()
    }
  }

  return {
    version: () => browser.version,
    /** Each run that broke off: its seed, and over what. */
    brokenOff,
    /** Faults that did not come about: what, in which seed, and why. */
    failedFaults,
    /**
     * Runs the schedule of a seed: { schedule, violations, misses, history }. A driver that loses its browser says nothing about the
     * store: that run is noted in `brokenOff` and made once more, and breaking off again is a violation.
     */
    async run(seed, options) {
      const schedule = scheduleOf(seed, options)
      for (let attempt = 1; ; attempt++) {
        try {
          return { schedule, ...(await run(schedule)) }
        } catch (error) {
          brokenOff.push(`seed ${seed}: ${error.message}`)
          await browser.kill()
          quota = await launch()
          if (attempt < 2) continue
          const violations = [`the run broke off: ${error.message}`]
          return { schedule, history: [], violations, misses: [] }
        }
      }
    },
    close: () => lab.close(),
  }
}

function elapsed(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
