// A page of a browser under a strict policy: the module's functions hang on `globalThis`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { launch } from '../browsers/index.js'
import { startStaticServer, STRICT_CSP } from '../static_server.js'
import { until } from '../until.js'
import { bundle } from './bundle.js'

export async function startInBrowser(name, module) {
  const { directory, remove } = await bundle(
    'page.js',
    `import * as module from ${JSON.stringify(module)}
     globalThis.functions = module`,
    { conditions: ['browser'] },
  )
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>'
  writeFileSync(join(directory, 'index.html'), page)
  const headers = { 'content-security-policy': STRICT_CSP }
  const server = await startStaticServer({ mounts: { '/': directory }, headers })
  let browser
  const stop = async () => {
    await browser?.close()
    await server.close()
    remove()
  }
  try {
    browser = await launch(name)
    const tab = await browser.open(`${server.url}/`)
    await until('the functions', () => tab.evaluate(() => Boolean(globalThis.functions)))
    return {
      name,
      version: browser.version.replace('/', ' '),
      call: (...call) =>
        tab.evaluate(([name, ...args]) => globalThis.functions[name](...args), call),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
