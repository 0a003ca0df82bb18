// Chromium over the DevTools protocol and Firefox over WebDriver BiDi, both through puppeteer-core.
import puppeteer from 'puppeteer-core'

export async function launchChromium([executablePath], { hostRules = [] } = {}) {
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run']
  if (hostRules.length > 0) args.push(`--host-resolver-rules=${hostRules.join(',')}`)
  return wrap('chromium', await puppeteer.launch({ executablePath, headless: true, args }))
}

export async function launchFirefox([executablePath]) {
  const extraPrefsFirefox = {
    // Nobody is there to answer the prompt of navigator.storage.persist().
    'dom.storageManager.prompt.testing': true,
    'dom.storageManager.prompt.testing.allow': true,
  }
  const options = { browser: 'firefox', executablePath, headless: true, extraPrefsFirefox }
  return wrap('firefox', await puppeteer.launch(options))
}

async function wrap(name, browser) {
  return {
    name,
    version: await browser.version(),
    open: async (url) => open(await browser.newPage(), url),
    close: () => browser.close(),
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
  }
}
