// A loopback proxy in front of a gateway that fails in a way of one's choice, for the vault's routes alone or for all.
import { createServer, request as send } from 'node:http'

/** What a tokenizer asks the vault. */
export const vaultRoutes = /^\/v1\/(tokens|pools|policies|reconcile)\b/

/** Each way to fail: what becomes of a request, with what the vault answered if it is let through. */
export const FAULTS = {
  /** The connection ends at once. */
  refuses: { before: ({ socket }) => socket.destroy() },
  /** Nothing ever comes. */
  hangs: { before: () => {} },
  /** The answer breaks off in the middle. */
  'resets in mid-body': {
    after(outgoing, { status, headers, body }) {
      outgoing.writeHead(status, { ...headers, 'content-length': body.length + 10 })
      outgoing.write(body.subarray(0, Math.ceil(body.length / 2)), () =>
        outgoing.socket.resetAndDestroy(),
      )
    },
  },
  'answers 500': { before: (_, outgoing) => outgoing.writeHead(500, cors(outgoing)).end('oops') },
  'answers 503 with Retry-After': {
    before: (_, outgoing) =>
      outgoing
        .writeHead(503, {
          ...cors(outgoing),
          'retry-after': '1',
          'access-control-expose-headers': 'Retry-After',
        })
        .end(),
  },
  'answers 429': { before: (_, outgoing) => outgoing.writeHead(429, cors(outgoing)).end() },
  /** A captive portal: everything is fine, and none of it is the vault's. */
  'is a captive portal': {
    before: (_, outgoing) =>
      outgoing
        .writeHead(200, { ...cors(outgoing), 'content-type': 'text/html' })
        .end('<html>Please log in</html>'),
  },
  /** A byte now and then. */
  drips: {
    after(outgoing, { status, headers, body }) {
      outgoing.writeHead(status, { ...headers, 'content-length': body.length })
      let at = 0
      const timer = setInterval(() => {
        if (at >= body.length || outgoing.destroyed) return clearInterval(timer)
        outgoing.write(body.subarray(at, ++at))
      }, 400)
      outgoing.on('close', () => clearInterval(timer))
    },
  },
  /** The vault has done it; nobody hears so. */
  'loses the answer after the commit': { after: (outgoing) => outgoing.socket.destroy() },
}

/**
 * Starts it. `fault` names one of {@link FAULTS}; `only` says which paths it is for. Requests for which `denies` is true get what a vault
 * says to a credential that it does not take, and those for which `drops` is true none.
 */
export async function startFaultyGateway({ targetPort }) {
  const state = {
    fault: undefined,
    only: vaultRoutes,
    denies: () => false,
    drops: () => false,
    requests: [],
  }
  const server = createServer(async (incoming, outgoing) => {
    outgoing.on('error', () => {})
    outgoing.origin = incoming.headers.origin
    const body = await read(incoming)
    state.requests.push({ method: incoming.method, path: incoming.url, body })
    if (incoming.method !== 'OPTIONS' && state.drops(incoming)) return incoming.socket.destroy()
    const suffers = incoming.method !== 'OPTIONS' && state.only.test(incoming.url)
    const fault = suffers && state.fault ? FAULTS[state.fault] : {}
    if (fault.before) return fault.before(incoming, outgoing)
    if (incoming.method !== 'OPTIONS' && state.denies(incoming)) {
      const headers = { ...cors(outgoing), 'content-type': 'application/json' }
      return outgoing.writeHead(401, headers).end('{"error":"invalid_token"}')
    }
    try {
      const answer = await forward(incoming, body, targetPort)
      if (fault.after) return fault.after(outgoing, answer)
      outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length })
      outgoing.end(answer.body)
    } catch {
      incoming.socket.destroy()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    state,
    port: server.address().port,
    /** Requests of one path. */
    of: (path) => state.requests.filter((it) => it.path === path && it.method === 'POST'),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}

function cors({ origin }) {
  return origin ? { 'access-control-allow-origin': origin } : {}
}

async function read(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

function forward({ method, url, headers }, body, port) {
  return new Promise((resolve, reject) => {
    const upstream = send({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
      const {
        'content-length': _,
        'transfer-encoding': __,
        connection: ___,
        ...kept
      } = response.headers
      read(response).then(
        (body) => resolve({ status: response.statusCode, headers: kept, body }),
        reject,
      )
    })
    upstream.on('error', reject)
    upstream.end(body)
  })
}
