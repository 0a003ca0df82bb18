// A loopback web server for pages under test: files of a directory, fixed headers, and a few routes of the test.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/** A policy under which only own files and WebAssembly run; what the packages must live with. */
export const STRICT_CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-src *; base-uri 'none'"

/**
 * Serves `mounts` (path prefix -> directory, longest first). `routes` is tried before: (request, url) -> undefined
 * or { status?, headers?, body }.
 */
export async function startStaticServer({ mounts, headers = {}, routes = () => {} }) {
  const requests = []
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length)
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    requests.push({ method: request.method, url: request.url, headers: request.headers })
    try {
      const own = await routes(request, url)
      if (own) {
        response.writeHead(own.status ?? 200, {
          ...headers,
          'content-type': TYPES['.html'],
          ...own.headers,
        })
        return response.end(own.body)
      }
      const prefix = prefixes.find((prefix) => url.pathname.startsWith(prefix))
      const rest = normalize(decodeURIComponent(url.pathname.slice(prefix.length)))
      if (rest.startsWith('..')) throw new Error('outside')
      const path = join(
        mounts[prefix],
        rest.endsWith('/') || rest === '.' ? join(rest, 'index.html') : rest,
      )
      const body = await readFile(path)
      response.writeHead(200, {
        ...headers,
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      })
      response.end(body)
    } catch (error) {
      response.writeHead(404, { 'content-type': 'text/plain' })
      response.end(error.code === 'ENOENT' ? 'not found' : String(error))
    }
  })
  await new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address()
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}
