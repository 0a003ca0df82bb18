// Real servers with a protected service behind them. Each starter resolves with { url, stop() }.
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { at } from '../../support/paths.js'
import { start } from '../../support/processes.js'
import { bunBinary, denoBinary } from '../../support/runtimes/binaries.js'
import { bundle } from '../../support/runtimes/bundle.js'
import { modulesIn } from '../../support/runtimes/workerd.js'

const service = JSON.stringify(at('tests/edge/support/service.js'))

const asProcess = (command, args, contents) => async (options) => {
  const source = `import * as service from ${service}
    const options = ${JSON.stringify(options)}
    ${contents}`
  const { directory, remove } = await bundle('server.mjs', source, {
    conditions: ['import', 'module'],
  })
  const env = { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const ready = /port (\d+)/
  const server = await start(command, [...args, join(directory, 'server.mjs')], { env, ready })
  return {
    url: `http://127.0.0.1:${server.match[1]}`,
    async stop() {
      await server.stop()
      remove()
    },
  }
}

const inWorkerd = (compatibilityFlags) => async (options) => {
  const source = `import { createVerifier } from '@lingpai/edge'
    import { durableLedger } from '@lingpai/edge/durable'
    import { honoService } from ${service}
    export { VisitLedger } from '@lingpai/edge/durable'
    const options = ${JSON.stringify(options)}
    export default honoService(({ VISITS }) =>
      createVerifier({ ...options, replay: durableLedger(VISITS) }))`
  const { directory, remove } = await bundle('worker.js', source, {
    conditions: ['workerd', 'worker'],
    loader: { '.wasm': 'copy' },
  })
  const workerd = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules: modulesIn(directory, 'worker.js'),
    compatibilityDate: '2026-03-01',
    compatibilityFlags,
    durableObjects: { VISITS: { className: 'VisitLedger', useSQLite: true } },
  })
  const url = (await workerd.ready).origin
  return {
    url,
    async stop() {
      await workerd.dispose()
      remove()
    },
  }
}

const node = (contents) => asProcess(process.execPath, [], contents)
const denoArguments = ['run', '--no-prompt', '--allow-net=127.0.0.1']

/** Servers by name: those of a plain `Request → Response` service. */
export const plainServers = {
  'Deno.serve': asProcess(
    denoBinary(),
    denoArguments,
    `Deno.serve({
       hostname: '127.0.0.1',
       port: 0,
       onListen: ({ port }) => console.log('port', port),
     }, service.plainService(options))`,
  ),
  'Bun.serve': asProcess(
    bunBinary(),
    [],
    `const server = Bun.serve({
       hostname: '127.0.0.1',
       port: 0,
       fetch: service.plainService(options),
     })
     console.log('port', server.port)`,
  ),
  '@hono/node-server': node(
    `import { serve } from '@hono/node-server'
     serve({ fetch: service.plainService(options), hostname: '127.0.0.1', port: 0 }, ({ port }) =>
       console.log('port', port))`,
  ),
  // `headersDistinct`, since `headers` drops a second Authorization.
  "Node's http": node(
    `import { createServer } from 'node:http'
     const answer = service.plainService(options)
     createServer(async (incoming, outgoing) => {
       const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
         values.map((value) => [name, value]))
       const url = new URL(incoming.url, 'http://' + incoming.headers.host)
       const response = await answer(new Request(url, { method: incoming.method, headers }))
       outgoing.writeHead(response.status, Object.fromEntries(response.headers))
       outgoing.end(await response.text())
     }).listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })`,
  ),
}

/** Servers by name: those of Hono. */
export const honoServers = {
  '@hono/node-server': node(
    `import { serve } from '@hono/node-server'
     const { fetch } = service.honoOverMemory(options)
     serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log('port', port))`,
  ),
  Deno: asProcess(
    denoBinary(),
    denoArguments,
    `Deno.serve({
       hostname: '127.0.0.1',
       port: 0,
       onListen: ({ port }) => console.log('port', port),
     }, service.honoOverMemory(options).fetch)`,
  ),
  workerd: inWorkerd([]),
  'workerd with nodejs_compat': inWorkerd(['nodejs_compat']),
}
