// A server with a page that opens stores, and a browser in front of it.
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, afterEach, before } from 'node:test'

import { launch } from '../support/browsers/index.js'
import { at } from '../support/paths.js'
import { STRICT_CSP, startStaticServer } from '../support/static_server.js'
import { until } from '../support/until.js'

const pages = fileURLToPath(new URL('pages', import.meta.url))

/** A name that is not loopback to a browser, so that its page has no secure context. */
export const INSECURE_HOST = 'h5.test'

/** Starts both before the suite that calls this, and stops them after it. */
export function session(browserName, options) {
  let scripts
  let server
  let browser
  let opened = []

  before(async () => {
    scripts = mkdtempSync(join(tmpdir(), 'lingpai-store-'))
    await build({
      entryPoints: { store: join(pages, 'store.js') },
      outdir: scripts,
      absWorkingDir: at('tests'),
      bundle: true,
      format: 'esm',
      logLevel: 'error',
    })
    server = await startStaticServer({
      mounts: { '/': pages, '/js/': scripts, '/wasm/': at('npm/h5/dist/wasm') },
      headers: { 'content-security-policy': STRICT_CSP },
    })
    browser = await launch(browserName, options)
  })

  after(async () => {
    await browser?.close()
    await server?.close()
    rmSync(scripts, { recursive: true, force: true })
  })

  afterEach(async () => {
    for (const page of opened) await page.close().catch(() => {})
    opened = []
  })

  /** A page at that host, ready to open stores. */
  async function open(host = '127.0.0.1') {
    const page = await browser.open(`http://${host}:${server.port}/store.html`)
    opened.push(page)
    await ready(page)
    return page
  }

  async function ready(page) {
    await until('the page', () => page.evaluate(() => typeof globalThis.openStore === 'function'))
  }

  async function reload(page) {
    await page.reload()
    await ready(page)
  }

  return { open, reload }
}
