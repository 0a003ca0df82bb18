// Runs before everything else on a page under test: notes what is written to the console, and all randomness drawn.
globalThis.observed = { console: [], draws: [] }

for (const level of ['debug', 'log', 'info', 'warn', 'error']) {
  const original = console[level].bind(console)
  console[level] = (...parts) => {
    observed.console.push(
      `${level}: ${parts.map((part) => (part && part.stack) || String(part)).join(' ')}`,
    )
    original(...parts)
  }
}
addEventListener('error', ({ message }) => observed.console.push(`uncaught: ${message}`))
addEventListener('unhandledrejection', ({ reason }) =>
  observed.console.push(`unhandled: ${reason}`),
)

// How far the device's clock is off; the name of a window outlives a reload.
const { now } = Date
const skewMs = Number(window.name) || 0
Date.now = () => now() + skewMs

// A key store that opens and then never answers.
if (new URLSearchParams(location.search).has('hanging')) {
  IDBObjectStore.prototype.get = () => new EventTarget()
}

const getRandomValues = crypto.getRandomValues.bind(crypto)
crypto.getRandomValues = (view) => {
  getRandomValues(view)
  observed.draws.push([...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)])
  return view
}
