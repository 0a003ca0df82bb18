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

  return {
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
