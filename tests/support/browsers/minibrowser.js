// WebKitGTK without its driver: MiniBrowser on a profile of its own, which it keeps, and whose processes may end one by one.
// Its pages are spoken to by the protocol of its inspector.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { freePort, run, start } from '../processes.js'
import { until } from '../until.js'
import { startDisplay } from './display.js'
import { inspect, inspectable } from './inspector.js'

/** `profile`: the directory of everything that it keeps. `args`: more of them. `proxyPort`: a loopback server that answers for every name. */
export async function launchMiniBrowser([, miniBrowser, xvfb], options) {
  const { profile, args = [], proxyPort, protocolTimeout } = options
  const display = await startDisplay(xvfb)
  try {
    const root = `http://127.0.0.1:${await freePort()}`
    const settings = ['--javascript-can-open-windows-automatically=true', ...args]
    if (proxyPort) settings.push(`--proxy=http://127.0.0.1:${proxyPort}`)
    const app = await start(miniBrowser, [...settings, 'about:blank'], {
      env: {
        DISPLAY: display.name,
        ...homeIn(profile),
        WEBKIT_INSPECTOR_HTTP_SERVER: root.slice(7),
      },
      ready: async () => (await inspectable(root).catch(() => [])).length > 0,
    })
    const [first] = await inspectable(root)
    // The first page opens all others. It belongs to no site, so that each of them gets a process of its own.
    const attach = async (path) => pageOf(await inspect(root, path, protocolTimeout))
    const opener = await attach(first)
    let last = Promise.resolve()
    const inTurn = (act) => (last = last.then(act, act))
    const pages = []
    const ended = () => app.child.exitCode !== null || app.child.signalCode !== null
    const leave = async () => {
      await display.clear()
      await display.stop()
    }
    return {
      name: 'webkit',
      version: await versionOf(miniBrowser, display),
      profile,
      pid: app.child.pid,
      processes: display.processes,
      open: (url) =>
        inTurn(async () => {
          const page = await open(root, opener, attach, url)
          pages.push(page)
          return page
        }),
      /** Closes its windows and lets it write what it has to. */
      async close() {
        for (const page of ended() ? [] : [...pages, opener]) await page.close().catch(() => {})
        await until('the browser to end', ended, { timeoutMs: 5_000 }).catch(() => {})
        const still = () => display.processes('WebKitNetworkPr').length === 0
        await until('what it writes', still, { timeoutMs: 5_000 }).catch(() => {})
        await leave()
      },
      /** Ends it as the system does when memory is short: all of it, at once, and without a word. */
      kill: leave,
    }
  } catch (error) {
    await display.clear()
    await display.stop()
    throw error
  }
}

async function versionOf(miniBrowser, display) {
  const { stdout } = await run(miniBrowser, ['--version'], { env: { DISPLAY: display.name } })
  return stdout.trim()
}

/** Where it looks for what it keeps. */
function homeIn(profile) {
  const places = {
    HOME: '',
    XDG_DATA_HOME: 'data',
    XDG_CACHE_HOME: 'cache',
    XDG_CONFIG_HOME: 'config',
    XDG_RUNTIME_DIR: 'run',
  }
  const environment = {}
  for (const [name, place] of Object.entries(places)) {
    environment[name] = join(profile, place)
    mkdirSync(environment[name], { recursive: true, mode: 0o700 })
  }
  return environment
}

async function open(root, opener, attach, url) {
  const before = await inspectable(root)
  await opener.evaluate((url) => void window.open(url, '_blank', 'noopener'), url)
  const opened = async () => (await inspectable(root)).find((path) => !before.includes(path))
  const page = await attach(await until('a new page', opened))
  await page.loaded()
  return page
}

function pageOf(inspected) {
  const call = async (fn, args, context) => {
    const { value, error, message } = JSON.parse(
      await inspected.evaluate(expression(fn, args), context),
    )
    if (error !== undefined) throw new Error(`${message}\n${error}`)
    return value
  }
  const evaluate = (fn, ...args) => call(fn, args)
  let isClosed = false
  /** Until there is another document than the one that was marked. */
  const loaded = (isBlank = false) =>
    until('the page to be loaded', () =>
      evaluate(
        (isBlank) =>
          document.readyState === 'complete' &&
          !globalThis.isLeft &&
          (location.href === 'about:blank') === isBlank,
        isBlank,
      ).catch(() => false),
    )
  const away = async (act, to) => {
    await evaluate(() => void (globalThis.isLeft = true))
    await evaluate(act, to).catch(() => {})
    await loaded(to === 'about:blank')
  }
  return {
    console: inspected.console,
    evaluate,
    loaded,
    async frame(selector) {
      const context = await until(`a frame ${selector}`, inspected.inner)
      return { evaluate: (fn, ...args) => call(fn, args, context) }
    },
    reload: () => away(() => location.reload()),
    back: () => away(() => history.back()),
    go: (to) => away((to) => void (location.href = to), to),
    click: (selector) => evaluate((selector) => document.querySelector(selector).click(), selector),
    url: () => evaluate(() => location.href),
    async close() {
      if (isClosed) return
      isClosed = true
      const closing = evaluate(() => void setTimeout(() => window.close())).catch(() => {})
      // Nobody answers for a page whose process has ended or stands still.
      await Promise.race([closing, elapsed(1_000)])
      inspected.close()
    },
  }
}

/** A function’s call as the text of a promise of a text. */
function expression(fn, args) {
  return `Promise.resolve().then(() => (${fn})(...${JSON.stringify(args)})).then(
    (value) => JSON.stringify({ value }),
    (error) => JSON.stringify({ error: String((error && error.stack) || error), message: String(error && error.message) }),
  )`
}

function elapsed(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
