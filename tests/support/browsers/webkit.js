// WebKitGTK over plain WebDriver: WebKitWebDriver drives MiniBrowser on a virtual display.
// The driver does not pass on what a page writes to its console; pages under test record that themselves.
import { answers, freePort, start } from '../processes.js'
import { startDisplay } from './display.js'

export async function launchWebKit([driver, miniBrowser, xvfb]) {
  const display = await startDisplay(xvfb)
  let process
  try {
    const port = await freePort()
    const root = `http://127.0.0.1:${port}`
    process = await start(driver, ['--host=127.0.0.1', `--port=${port}`], {
      env: { DISPLAY: display.name },
      ready: () => answers(`${root}/status`),
    })
    const { sessionId, capabilities } = await call(root, 'POST', '/session', {
      capabilities: {
        alwaysMatch: {
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': {
            binary: miniBrowser,
            args: ['--automation'],
          },
        },
      },
    })
    const session = `${root}/session/${sessionId}`
    await call(session, 'POST', '/timeouts', { script: 30_000, pageLoad: 30_000, implicit: 0 })
    const home = await call(session, 'GET', '/window')
    // A session has one current window: whoever needs another one waits until the last one is done.
    let last = Promise.resolve()
    const inTurn = (act) => (last = last.then(act, act))
    return {
      name: 'webkit',
      version: `WebKitGTK ${capabilities.browserVersion}`,
      /** Its processes of that name, as the system abbreviates it: they all are on this display, and nobody else is. */
      processes: display.processes,
      open: (url) => open(session, home, url, inTurn),
      async close() {
        await call(session, 'DELETE', '').catch(() => {})
        await process.stop()
        // A driver that lost its session leaves the browser alone.
        await display.clear()
        await display.stop()
      },
    }
  } catch (error) {
    await process?.stop()
    await display.stop()
    throw error
  }
}

/** One window per page; every call first makes its own window the current one. */
async function open(session, home, url, inTurn) {
  const handle = await inTurn(async () => {
    // The current window may have been closed.
    await call(session, 'POST', '/window', { handle: home })
    return (await call(session, 'POST', '/window/new', { type: 'tab' })).handle
  })
  const inWindow = (act) =>
    inTurn(async () => {
      await call(session, 'POST', '/window', { handle })
      return act()
    })
  const here = (method, path, body) => inWindow(() => call(session, method, path, body))
  await here('POST', '/url', { url })
  return {
    console: [],
    evaluate: (fn, ...args) => here('POST', '/execute/async', script(fn, args)).then(unwrap),
    async frame(selector) {
      return {
        evaluate: (fn, ...args) =>
          inWindow(async () => {
            const selected = { using: 'css selector', value: selector }
            const id = await call(session, 'POST', '/element', selected)
            await call(session, 'POST', '/frame', { id })
            try {
              return unwrap(await call(session, 'POST', '/execute/async', script(fn, args)))
            } finally {
              await call(session, 'POST', '/frame', { id: null })
            }
          }),
      }
    },
    reload: () => here('POST', '/refresh', {}),
    back: () => here('POST', '/back', {}),
    go: (to) => here('POST', '/url', { url: to }),
    click: (selector) =>
      inWindow(async () => {
        const selected = { using: 'css selector', value: selector }
        const element = await call(session, 'POST', '/element', selected)
        await call(session, 'POST', `/element/${Object.values(element)[0]}/click`, {})
      }),
    url: () => here('GET', '/url'),
    close: () => here('DELETE', '/window'),
  }
}

/** WebDriver scripts are text; the result goes out by callback, errors as values. */
function script(fn, args) {
  const body = `
    const args = [...arguments], done = args.pop()
    Promise.resolve().then(() => (${fn})(...args)).then(
      (value) => done({ value: value === undefined ? null : value }),
      (error) => done({ error: String((error && error.stack) || error), message: String(error && error.message) }),
    )`
  return { script: body, args }
}

function unwrap({ value, error, message }) {
  if (error !== undefined) throw new Error(`${message}\n${error}`)
  return value
}

async function call(base, method, path, body) {
  const response = await fetch(base + path, {
    method,
    body: body && JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(60_000),
  })
  const { value } = await response.json()
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`)
  return value
}
