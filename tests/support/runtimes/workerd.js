// workerd, as Workers run: the module behind a fetch handler.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { Miniflare } from 'miniflare'

import { bundle } from './bundle.js'

export async function startInWorkerd(module, compatibilityFlags) {
  const { directory, remove } = await bundle(
    'worker.js',
    `import * as module from ${JSON.stringify(module)}
     export default {
       async fetch(request) {
         const [name, ...args] = await request.json()
         try {
           return Response.json({ value: await module[name](...args) })
         } catch (error) {
           return Response.json({ error: String(error?.stack ?? error) })
         }
       },
     }`,
    { conditions: ['workerd', 'worker', 'browser'], loader: { '.wasm': 'copy' } },
  )
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules: modulesIn(directory, 'worker.js'),
    compatibilityDate: '2026-03-01',
    compatibilityFlags,
  })
  const url = await miniflare.ready
  return {
    name: ['workerd', ...compatibilityFlags].join(' with '),
    version: `workerd ${workerdVersion()}${compatibilityFlags.map((flag) => ` (${flag})`)}`,
    async call(...call) {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(call) })
      const text = await response.text()
      if (!response.ok) throw new Error(`workerd: ${response.status} ${text}`)
      const { value, error } = JSON.parse(text)
      if (error !== undefined) throw new Error(`workerd: ${error}`)
      return value
    },
    async stop() {
      await miniflare.dispose()
      remove()
    },
  }
}

/** The modules of a bundle as Miniflare lists them, the entry first. */
export function modulesIn(directory, entry) {
  return readdirSync(directory)
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort((a, b) => Number(b === entry) - Number(a === entry))
    .map((file) => ({
      type: file.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(directory, file),
    }))
}

function workerdVersion() {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('miniflare'))
  return createRequire(import.meta.url)(resolve('workerd/package.json')).version
}
