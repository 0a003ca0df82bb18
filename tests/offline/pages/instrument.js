// Runs before everything else on a page of the lab. Tells the lab that a moment of a write has come, while the page stands
// still, and keeps count of calls that are under way. IndexedDB itself stays the browser's own.
globalThis.lab = (() => {
  /** A request that blocks the page: when it returns, the lab has acted. */
  function tell(what, body = {}) {
    const request = new XMLHttpRequest()
    request.open('POST', `/tell/${what}`, false)
    request.send(JSON.stringify(body))
    return request.responseText
  }

  let watched
  for (const name of ['put', 'add']) {
    const original = IDBObjectStore.prototype[name]
    IDBObjectStore.prototype[name] = function (...args) {
      const request = original.apply(this, args)
      const moment = watched
      watched = undefined
      // Whoever is at work here has to come to an end first: in Firefox a blocking request lets other events happen.
      if (moment === 'issued') queueMicrotask(() => tell('issued'))
      if (moment === 'request') request.addEventListener('success', () => tell('request'))
      if (moment === 'complete')
        this.transaction.addEventListener('complete', () => tell('complete'))
      return request
    }
  }

  const calls = []

  /** Starts `run` and keeps what becomes of it; the number of the call. */
  function start(run, ended = () => {}) {
    const startedMs = performance.now()
    const call = { status: 'pending' }
    const end = (outcome) =>
      ended(Object.assign(call, outcome, { ms: performance.now() - startedMs }))
    new Promise((resolve) => resolve(run())).then(
      (value) => end({ status: 'kept', value }),
      (error) => end({ status: 'reported', error: nameOf(error), message: String(error?.message) }),
    )
    return calls.push(call) - 1
  }

  function nameOf(error) {
    return error?.code && typeof error.code === 'string'
      ? error.code
      : (error?.name ?? String(error))
  }

  /** What becomes of `run`, or `hung` if that is not known within `withinMs`. */
  async function outcome(run, withinMs) {
    let call
    let timer
    await Promise.race([
      new Promise((resolve) => (call = calls[start(run, resolve)])),
      new Promise((resolve) => (timer = setTimeout(resolve, withinMs))),
    ])
    clearTimeout(timer)
    return { ...call, ...(call.status === 'pending' && { status: 'hung' }) }
  }

  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })

  /** A function that traps: a module with nothing but an `unreachable` in it. */
  function unreachable() {
    const bytes = [
      [0, 97, 115, 109, 1, 0, 0, 0], // a module
      [1, 4, 1, 96, 0, 0], // of one type, () -> ()
      [3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0], // one function, exported as "trap"
      [10, 5, 1, 3, 0, 0, 11], // unreachable
    ]
    const module = new WebAssembly.Module(new Uint8Array(bytes.flat()))
    new WebAssembly.Instance(module).exports.trap()
  }

  /** Whether WebAssembly is calling: whoever asks from a script of its own is left alone. */
  const isCalledByModule = () => /wasm/.test(new Error().stack)

  return {
    trapped: 0,
    disarm() {},
    /** The nth time that the module calls this method, it traps; and not again. */
    trapIn(object, name, nth) {
      const [original, isOwn] = [object[name], Object.hasOwn(object, name)]
      this.disarm = () => (isOwn ? (object[name] = original) : delete object[name])
      let left = nth
      object[name] = function (...args) {
        if (left > 0 && isCalledByModule() && --left === 0) {
          lab.trapped += 1
          unreachable()
        }
        return original.apply(this, args)
      }
    },
    tell,
    start,
    outcome,
    settle,
    calls,
    /** One moment of the next write is told to the lab: `issued`, `request` (succeeded), or `complete`. */
    watch: (moment) => void (watched = moment),
    /** Text that no browser can store in less room than it has characters. */
    noise(length) {
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length; at += 65_536)
        crypto.getRandomValues(bytes.subarray(at, at + 65_536))
      let text = ''
      for (const byte of bytes) text += String.fromCharCode(32 + (byte % 95))
      return text
    },
  }
})()
