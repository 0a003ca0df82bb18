// Runs every scenario with every library in one browser.
import * as faults from '../faults/index.js'
import { startLab } from '../lab.js'
import { scenarios } from './scenarios.js'

export const subjects = {
  lingpai: '@lingpai/h5/store',
  firebase: 'Firebase Auth',
  auth0: 'auth0-spa-js',
  localforage: 'localForage',
  workbox: 'workbox-background-sync',
}

/** scenario -> subject -> { word, remark? } */
export async function compareIn(browserName, { wanted = Object.keys(subjects) } = {}) {
  const lab = await startLab({
    subjects: Object.fromEntries(wanted.map((name) => [name, `subjects/${name}.js`])),
  })
  try {
    const launch = () => lab.launch(browserName, { preferences: faults.QUOTA_PREFERENCES })
    let browser = await launch()
    const { version } = browser
    const table = {}
    for (const [name, { run, only = () => true }] of Object.entries(scenarios)) {
      table[name] = {}
      for (const subject of wanted) {
        if (!only(subject)) continue
        let opened = []
        const openIn = async (where, { origin = lab.freshOrigin(), unopened = false } = {}) => {
          const page = await where.open(lab.urlOf(origin, { subject }))
          opened.push(page)
          if (!unopened) await page.evaluate(() => subject.open())
          return { page, origin }
        }
        const open = (options) => openIn(browser, options)
        const attempt = () => run({ lab, browser, browserName, subject, open, openIn })
        // A driver that loses its browser says nothing about a library.
        const again = async () => {
          await browser.kill()
          browser = await launch()
          opened = []
          return attempt()
        }
        table[name][subject] = await attempt()
          .catch(again)
          .catch((error) => ({ word: 'failed', remark: error.message.split('\n')[0] }))
        for (const page of opened) await page.close().catch(() => {})
        console.log(browserName, name, subject, JSON.stringify(table[name][subject]))
      }
    }
    return { version, table }
  } finally {
    await lab.close()
  }
}
