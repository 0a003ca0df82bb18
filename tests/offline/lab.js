// Where browsers meet their faults: pages that are ours to break, on origins of their own, served by a server that hears of
// each moment of a write and can end the browser in it. What was acknowledged is kept here, outside of every browser.
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { launch } from '../support/browsers/index.js'
import { at } from '../support/paths.js'
import { startStaticServer } from '../support/static_server.js'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

/** A name that is not loopback to a browser: its pages have no secure context. */
export const INSECURE_HOST = 'h5.test'

/**
 * Starts a lab. `subjects`: name -> module that sets `globalThis.subject`, what is under test in a page.
 * `routes`: more of them, tried first.
 */
export async function startLab({ subjects = {}, routes = () => {} } = {}) {
  const bundles = mkdtempSync(join(tmpdir(), 'lingpai-lab-'))
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(subjects).map(([name, file]) => [name, here(file)]),
    ),
    outdir: bundles,
    absWorkingDir: at('tests'),
    bundle: true,
    format: 'esm',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const told = []
  const listeners = new Set()
  const server = await startStaticServer({
    // A frame without an origin may load them, too.
    headers: { 'access-control-allow-origin': '*' },
    mounts: { '/': here('pages'), '/bundle/': bundles, '/wasm/': at('npm/h5/dist/wasm') },
    async routes(request, url) {
      const own = await routes(request, url)
      if (own) return own
      if (url.pathname === '/lab') return { body: page(url.searchParams) }
      if (url.pathname === '/clear') {
        const what = url.searchParams.get('what') ?? 'storage'
        return { body: 'cleared', headers: { 'clear-site-data': `"${what}"` } }
      }
      if (!url.pathname.startsWith('/tell/')) return undefined
      const message = { what: url.pathname.slice(6), ...JSON.parse(await text(request)) }
      told.push(message)
      for (const listener of listeners) await listener(message)
      return { body: '' }
    },
  })
  const browsers = new Set()
  const profiles = new Set()
  let origins = 0

  return {
    told,
    port: server.port,
    /** An origin with a secure context that nobody has used. */
    freshOrigin: () => `http://lab-${++origins}.localhost:${server.port}`,
    insecureOrigin: `http://${INSECURE_HOST}:${server.port}`,
    urlOf: (origin, query = {}) => `${origin}/lab?${new URLSearchParams(query)}`,
    /** What pages said under a name, in order. */
    said: (what) => told.filter((message) => message.what === what),
    /** Resolves once a page says `what`; `act` is done before that page can go on. */
    once(what, act = () => {}) {
      return new Promise((resolve) => {
        const listener = async (message) => {
          if (message.what !== what) return
          listeners.delete(listener)
          await act(message)
          resolve(message)
        }
        listeners.add(listener)
      })
    },
    /** Calls `listener` for each message of that name; gives a function that ends it. */
    on(what, listener) {
      const filtered = (message) => message.what === what && listener(message)
      listeners.add(filtered)
      return () => listeners.delete(filtered)
    },
    async launch(name, options) {
      const browser = await launch(name, options)
      browsers.add(browser)
      return browser
    },
    /** A directory for a browser that will be started more than once. */
    profile() {
      const path = mkdtempSync(join(tmpdir(), 'lingpai-profile-'))
      profiles.add(path)
      return path
    },
    async close() {
      for (const browser of browsers) await (browser.kill ?? browser.close)()
      await server.close()
      const gone = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }
      for (const path of [bundles, ...profiles]) rmSync(path, gone)
    },
  }
}

/** `subject`: what the page has loaded; `sandboxed`: the same page in a frame without an origin. */
function page(query) {
  const subject = query.get('subject')
  const script = subject ? `<script type="module" src="/bundle/${subject}.js"></script>` : ''
  const inner = new URLSearchParams({ ...(subject && { subject }) })
  const frame = query.has('sandboxed')
    ? `<iframe sandbox="allow-scripts" src="/lab?${inner}"></iframe>`
    : ''
  return `<!doctype html><meta charset="utf-8"><title>Lab</title><script src="/instrument.js"></script>${query.has('sandboxed') ? frame : script}`
}

async function text(stream) {
  let all = ''
  for await (const part of stream) all += part
  return all || '{}'
}
