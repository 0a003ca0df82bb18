// Drives a server with autocannon: a fixed number of requests over a few connections, each with headers of its own.
import autocannon from 'autocannon'

const CONNECTIONS = 16

/**
 * Sends one request per entry of `headers`, in order. Gives { perSecond, times, processorSeconds }, with the milliseconds
 * that each answer took. Fails if any answer is no success.
 */
export async function drive({ url, headers, server }) {
  let next = 0
  const times = []
  let last
  const before = server.processorSeconds()
  const start = performance.now()
  const instance = autocannon({
    url,
    connections: CONNECTIONS,
    amount: headers.length,
    timeout: 20,
    requests: [
      {
        method: 'GET',
        setupRequest: (request) => ({ ...request, headers: headers[next++ % headers.length] }),
      },
    ],
  })
  instance.on('response', (_, __, ___, milliseconds) => {
    times.push(milliseconds)
    last = performance.now()
  })
  const result = await instance
  // The generator itself ends on the next full second.
  const seconds = (last - start) / 1000
  const processor = server.processorSeconds() - before
  // Under load the generator may end before the last few answers have come.
  const missing = headers.length - times.length
  if (result.non2xx > 0 || result.errors > 0 || missing > CONNECTIONS) {
    throw new Error(`${url}: ${result.non2xx} refused, ${missing} of ${headers.length} missing`)
  }
  return { perSecond: times.length / seconds, times, processorSeconds: processor }
}
