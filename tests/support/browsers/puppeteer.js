// Chromium over the DevTools protocol and Firefox over WebDriver BiDi, both through puppeteer-core.
import puppeteer from 'puppeteer-core'

export async function launchChromium([executablePath], options = {}) {
  const { hostRules = [], profile, args: more = [], protocolTimeout } = options
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run']
  if (hostRules.length > 0) args.push(`--host-resolver-rules=${hostRules.join(',')}`)
  args.push(...more)
  return wrap(
    'chromium',
    await puppeteer.launch({
      ...{ executablePath, headless: true, args, protocolTimeout },
      userDataDir: profile,
    }),
  )
}

export async function launchFirefox([executablePath], launching = {}) {
  const { profile, preferences = {}, protocolTimeout } = launching
  const extraPrefsFirefox = {
    // Nobody is there to answer the prompt of navigator.storage.persist().
    'dom.storageManager.prompt.testing': true,
    'dom.storageManager.prompt.testing.allow': true,
    ...preferences,
  }
  const options = { browser: 'firefox', executablePath, headless: true, extraPrefsFirefox }
  return wrap(
    'firefox',
    await puppeteer.launch({ ...options, protocolTimeout, userDataDir: profile }),
  )
}

async function wrap(name, browser) {
  const child = browser.process()
  return {
    name,
    version: await browser.version(),
    pid: child.pid,
    open: async (url) => open(await newPage(browser), url),
    /** A private window's worth of storage (Chromium): its pages share nothing with the others. */
    async openPrivate(url) {
      const context = await browser.createBrowserContext()
      return open(await context.newPage(), url)
    },
    close: () => browser.close(),
    /** Ends it as the system does when memory is short: at once, and without a word. */
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Firefox takes back a tab that it is just making, now and then, while others are closed. */
async function newPage(browser, attempts = 4) {
  try {
    return await browser.newPage()
  } catch (error) {
    if (attempts <= 1 || !/create\): no such frame/.test(error.message)) throw error
    return newPage(browser, attempts - 1)
  }
}

async function open(page, url) {
  const console = []
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => console.push(`error: ${error.message}`))
  await page.setViewport({ width: 1280, height: 900 })
  await page.goto(url)
  return {
    console,
    evaluate: (fn, ...args) => page.evaluate(fn, ...args),
    async frame(selector) {
      const element = await page.$(selector)
      if (!element) throw new Error(`no frame ${selector}`)
      const frame = await element.contentFrame()
      return { evaluate: (fn, ...args) => frame.evaluate(fn, ...args) }
    },
    reload: () => page.reload(),
    back: () => page.goBack(),
    go: (to) => page.goto(to),
    click: (selector) => page.click(selector),
    url: () => page.evaluate(() => location.href),
    close: () => page.close(),
    /** A DevTools session of this page (Chromium). */
    devtools: () => page.createCDPSession(),
  }
}
