// A platform's server on loopback: an HTTP server whose answers can be made to fail in every way that a network has.
import { createServer } from 'node:http'

/**
 * Starts a server. `answer({ path, query, form, json })` gives an object, or a text, and may be replaced by a failure:
 * `fail(mode, times)`.
 */
export async function startServer(answer) {
  const calls = []
  const failures = []
  const waiting = []
  const server = createServer(async (request, response) => {
    const call = await read(request)
    calls.push(call)
    const failure = failures[0]
    if (failure && (failure.path === undefined || failure.path === call.path)) {
      failure.times -= 1
      if (failure.times <= 0) failures.shift()
      if (failure.mode === 'answer_lost') {
        await answer(call)
        request.socket.destroy()
        return
      }
      if (failure.mode === 'held') await new Promise((resolve) => waiting.push(resolve))
      else return break_(failure, call, request, response, answer)
    }
    send(response, await answer(call))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Every request so far: { method, path, query, form, json, body }. */
    calls,
    /**
     * What the next `times` requests meet: a platform's own answer (an object or a function of the call), or a failure of the
     * network: hang, reset, answer_lost, garbage, html, huge, redirect, http_500, not_utf8; or held, until `release()`.
     */
    fail(mode, times = 1, path) {
      failures.push({ mode, times, path })
    },
    heal: () => failures.splice(0),
    /** Lets go of requests that are held. */
    release: () => waiting.splice(0).forEach((go) => go()),
    async stop() {
      waiting.splice(0).forEach((go) => go())
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(request) {
  const url = new URL(request.url, 'http://platform')
  let body = ''
  for await (const chunk of request) body += chunk
  const type = request.headers['content-type'] ?? ''
  return {
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    form: type.includes('form') ? Object.fromEntries(new URLSearchParams(body)) : {},
    json: type.includes('json') ? JSON.parse(body) : {},
    body,
  }
}

const textOf = (answer) => (typeof answer === 'string' ? answer : JSON.stringify(answer))

function send(response, answer, { status = 200, type = 'application/json' } = {}) {
  const text = textOf(answer)
  response.writeHead(status, { 'content-type': type }).end(text)
}

async function break_({ mode }, call, request, response, answer) {
  if (typeof mode === 'function') return send(response, mode(call))
  if (typeof mode === 'object') return send(response, mode)
  switch (mode) {
    case 'hang':
      return
    case 'reset':
      return request.socket.destroy()
    case 'garbage':
      return send(response, '{"openid":"half')
    case 'html':
      return send(response, '<html>502</html>', { type: 'text/html' })
    case 'http_500':
      return send(response, 'down', { status: 500, type: 'text/plain' })
    case 'huge':
      return send(response, `{"pad":"${'x'.repeat(200_000)}"}`)
    case 'redirect':
      return response.writeHead(302, { location: `${request.headers.host}/elsewhere` }).end()
    case 'not_utf8':
      return response.writeHead(200).end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))
    // Not failures: what some servers do around a good answer.
    case 'bom':
      return send(response, `\uFEFF${textOf(await answer(call))}`)
    case 'text_plain':
      return send(response, await answer(call), { type: 'text/plain' })
    default:
      throw new Error(`unknown failure: ${mode}`)
  }
}
