// A loopback proxy between page and gateway that records what passes and loses or delays answers on demand.
import { createServer, request as send } from 'node:http'

/**
 * Starts the proxy. `rules` is a queue: each request whose path starts with a rule's `path` takes that rule
 * out and suffers it: `lose: 'answer'` (served, but the connection breaks before the answer),
 * `lose: 'request'` (never served), `hold: Promise` (the answer waits for it), `answer: (recorded) => body`, `status`,
 * `headers` (added).
 */
export async function startLossyProxy({ port = 0, targetPort }) {
  const exchanges = []
  const rules = []
  const server = createServer(async (incoming, outgoing) => {
    const body = await read(incoming)
    const exchange = { method: incoming.method, url: incoming.url, headers: incoming.headers, body }
    exchanges.push(exchange)
    const index = rules.findIndex(
      ({ path, method = 'POST' }) => incoming.url.startsWith(path) && incoming.method === method,
    )
    const rule = index < 0 ? {} : rules.splice(index, 1)[0]
    if (rule.lose === 'request') return incoming.socket.destroy()
    try {
      Object.assign(exchange, await forward(incoming, body, targetPort))
    } catch (error) {
      exchange.error = error
      return incoming.socket.destroy()
    }
    rule.served?.(exchange)
    await rule.hold
    if (rule.lose === 'answer') return incoming.socket.destroy()
    const answer = rule.answer ? await rule.answer(exchange) : exchange.answer
    const {
      'content-length': _,
      'transfer-encoding': __,
      connection: ___,
      ...headers
    } = exchange.answerHeaders
    outgoing.writeHead(rule.status ?? exchange.status, {
      ...headers,
      ...rule.headers,
      'content-length': Buffer.byteLength(answer),
    })
    outgoing.end(answer)
  })
  await new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: server.address().port,
    exchanges,
    /** Adds a rule for the next matching request; resolves with the exchange when it was served. */
    next: (rule) => new Promise((served) => rules.push({ ...rule, served })),
    /** Adds a rule for a request that shall never be served. */
    dropNext: (path) => rules.push({ path, lose: 'request' }),
    /** The recorded exchanges of one endpoint, preflights left out. */
    of: (path) => exchanges.filter(({ url, method }) => url === path && method !== 'OPTIONS'),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}

async function read(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

function forward({ method, url, headers }, body, port) {
  return new Promise((resolve, reject) => {
    const upstream = send(
      { host: '127.0.0.1', port, method, path: url, headers },
      async (response) => {
        try {
          resolve({
            status: response.statusCode,
            answerHeaders: response.headers,
            answer: await read(response),
          })
        } catch (error) {
          reject(error)
        }
      },
    )
    upstream.on('error', reject)
    upstream.end(body)
  })
}
