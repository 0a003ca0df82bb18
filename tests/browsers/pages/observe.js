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

const query = new URLSearchParams(location.search)

// A key store that opens and then never answers.
if (query.has('hanging')) {
  IDBObjectStore.prototype.get = () => new EventTarget()
}

// A key store whose first reads of the proof key fail.
let failing = Number(query.get('failing'))
if (failing) {
  const { get } = IDBObjectStore.prototype
  IDBObjectStore.prototype.get = function (key) {
    if (String(key).startsWith('proof ') && failing-- > 0) {
      throw new DOMException('Connection to Indexed Database server lost', 'UnknownError')
    }
    return get.call(this, key)
  }
}

// A browser whose WebCrypto does not know Curve25519.
if (query.get('curves') === 'P-256') {
  for (const name of ['generateKey', 'importKey']) {
    const original = SubtleCrypto.prototype[name]
    SubtleCrypto.prototype[name] = async function (...all) {
      if (JSON.stringify(all).includes('25519')) throw new DOMException('', 'NotSupportedError')
      return original.apply(this, all)
    }
  }
}

const getRandomValues = crypto.getRandomValues.bind(crypto)
crypto.getRandomValues = (view) => {
  getRandomValues(view)
  observed.draws.push([...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)])
  return view
}
