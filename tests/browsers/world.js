// Everything around a page under test: the Worker behind a lossy proxy, the partner's back-end, the pages themselves.
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import * as deployed from '../support/deployment.js'
import { answerKey, openRequest } from '../support/jose_party.js'
import { startLossyProxy } from '../support/lossy_proxy.js'
import { at } from '../support/paths.js'
import { freePort } from '../support/processes.js'
import { startStaticServer } from '../support/static_server.js'
import { startWorker } from '../support/worker.js'

const pages = fileURLToPath(new URL('pages', import.meta.url))

/** A name that is not loopback to a browser, so that its page has no secure context. */
export const INSECURE_HOST = 'h5.test'

/**
 * `curves`: `signingCurve` and `appCurve` of the deployment. `before`: starts what stands between the pages and the proxy, given the
 * proxy's port.
 */
export async function startWorld({ before, ...curves } = {}) {
  const scripts = await bundlePages()
  const workerPort = await freePort()
  const proxy = await startLossyProxy({ targetPort: workerPort })
  const front = await before?.(proxy.port)
  const gateway = `http://127.0.0.1:${(front ?? proxy).port}`
  let deployment
  const server = await startStaticServer({
    mounts: { '/': pages, '/h5/': scripts, '/wasm/': at('npm/h5/dist/wasm') },
    headers: {
      'content-security-policy': `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${gateway}; frame-src *; base-uri 'none'`,
    },
    async routes(_, { pathname, searchParams }) {
      if (pathname !== '/partner/access-token') return undefined
      const jkt = searchParams.get('jkt')
      return {
        body: await accessToken(jkt ? { jkt } : {}),
        headers: { 'content-type': 'text/plain' },
      }
    },
  })
  // The app and the page are the same server under two names, and so two origins.
  const app = `http://127.0.0.1:${server.port}`
  const page = `http://localhost:${server.port}`
  const insecurePage = `http://${INSECURE_HOST}:${server.port}`
  const origins = [page, insecurePage]
  deployment = await deployed.createDeployment({ issuer: gateway, pages: origins, ...curves })
  const worker = await startWorker({ port: workerPort, bindings: deployment.bindings })
  const issued = []

  async function accessToken(members = {}) {
    const response = await deployed.requestAccessToken(deployment, members)
    if (response.status !== 200) throw new Error(`no access token: ${response.body}`)
    issued.push(response.accessToken)
    return response.accessToken
  }

  const pageUrl = (options, origin = page) => {
    const query = new URLSearchParams({ gateway, app, ...options })
    return `${origin}/h5.html?${query}`
  }

  return {
    app,
    page,
    insecurePage,
    gateway,
    front,
    proxy,
    server,
    worker,
    deployment,
    accessToken,
    pageUrl,
    /** The app with the page in a frame. */
    appUrl: (options) => `${app}/app.html?${new URLSearchParams({ page: pageUrl(options) })}`,
    /** The page with an access token in its fragment. */
    fragmentUrl: async (options = {}, { origin, ...members } = {}) => {
      const at = await accessToken(origin ? { ...members, page: origin } : members)
      return `${pageUrl({ launch: 'fragment', ...options }, origin)}#at=${at}`
    },
    /** Secrets of all exchanges so far, as name -> bytes; the test knows the authority's key. */
    secrets() {
      const secrets = []
      for (const token of issued) secrets.push(['access token', Buffer.from(token)])
      for (const { body, answer, status } of [
        ...proxy.of('/v1/visits'),
        ...proxy.of('/v1/visits/refresh'),
      ]) {
        const { r, content } = openRequest(body.toString(), deployment.app)
        secrets.push(['R', r], ['answer key', answerKey(r, body.toString())])
        if (content.rt) secrets.push(['refresh token', Buffer.from(content.rt)])
        if (status === 200 && answer) secrets.push(['sealed answer', answer])
      }
      return secrets
    },
    async stop() {
      await worker.stop()
      await front?.close()
      await proxy.close()
      await server.close()
      rmSync(scripts, { recursive: true, force: true })
    },
  }
}

/** The pages' scripts, as an app would bundle them. */
async function bundlePages() {
  const outdir = mkdtempSync(join(tmpdir(), 'lingpai-pages-'))
  await build({
    entryPoints: {
      h5: join(pages, 'h5.js'),
      app: join(pages, 'app.js'),
      launch: '@lingpai/h5/launch',
    },
    outdir,
    absWorkingDir: at('tests'),
    bundle: true,
    format: 'esm',
    logLevel: 'error',
  })
  return outdir
}
