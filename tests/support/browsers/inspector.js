// Pages of a WebKitGTK that runs without its driver, by the protocol of its inspector: JSON texts over one WebSocket for each page.
import WebSocket from 'ws'

/** Where the pages of a browser can be inspected, as paths. `root`: of the inspector's server. */
export async function inspectable(root) {
  const list = await (await fetch(root, { signal: AbortSignal.timeout(10_000) })).text()
  return [...list.matchAll(/\/socket\/\d+\/\d+\/WebPage/g)].map(([path]) => path)
}

/**
 * Inspects a page, whichever process it is in. `evaluate(expression, context?)` gives what a promise of a text comes to;
 * it fails as soon as the page is left or its process ends, and after `timeoutMs`.
 */
export async function inspect(root, path, timeoutMs = 60_000) {
  const socket = new WebSocket(root.replace('http', 'ws') + path)
  const calls = new Map()
  const console = []
  let ids = 0
  let target
  let mainFrame
  let contexts = []
  let wake = () => {}
  let arrived = new Promise((resolve) => (wake = resolve))

  function giveUp(why) {
    for (const { reject } of calls.values()) reject(new Error(why))
    calls.clear()
  }

  /** The page is in this process from now on. */
  function enter(id) {
    giveUp('the page is in another process')
    target = id
    contexts = []
    for (const domain of ['Page', 'Runtime', 'Console']) {
      post({ id: ++ids, method: `${domain}.enable` })
    }
    void send('Page.getResourceTree')
      .then(({ frameTree }) => (mainFrame = frameTree.frame.id))
      .catch(() => {})
    wake()
  }

  function leave() {
    target = undefined
    arrived = new Promise((resolve) => (wake = resolve))
    giveUp('the page’s process has ended')
  }

  function post(message) {
    const params = { targetId: target, message: JSON.stringify(message) }
    socket.send(JSON.stringify({ id: ++ids, method: 'Target.sendMessageToTarget', params }))
  }

  async function send(method, params) {
    if (target === undefined) await within(timeoutMs, arrived, 'no process for the page')
    const id = ++ids
    const answered = new Promise((resolve, reject) => calls.set(id, { resolve, reject }))
    post({ id, method, params })
    return within(timeoutMs, answered, `${method} was not answered`).finally(() => calls.delete(id))
  }

  const hear = {
    'Target.targetCreated': ({ targetInfo: { targetId, type, isProvisional } }) => {
      if (type === 'page' && !isProvisional) enter(targetId)
    },
    'Target.didCommitProvisionalTarget': ({ newTargetId }) => enter(newTargetId),
    'Target.targetDestroyed': ({ targetId }) => targetId === target && leave(),
    'Target.dispatchMessageFromTarget': ({ targetId, message }) =>
      targetId === target && take(JSON.parse(message)),
    'Runtime.executionContextCreated': ({ context }) => contexts.push(context),
    'Console.messageAdded': ({ message: { level, text } }) => console.push(`${level}: ${text}`),
    'Page.frameNavigated': ({ frame }) => {
      if (frame.parentId) return
      mainFrame = frame.id
      giveUp('the page was left')
    },
  }

  function take({ id, result, error, method, params }) {
    if (method) return void hear[method]?.(params)
    const call = calls.get(id)
    if (error) call?.reject(new Error(error.message))
    else call?.resolve(result)
  }

  socket.on('message', (data) => take(JSON.parse(data)))
  socket.on('close', () => leave())
  await within(
    timeoutMs,
    new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject)),
    'the inspector does not answer',
  )

  async function evaluate(expression, contextId) {
    const found = await send('Runtime.evaluate', {
      expression,
      contextId,
      emulateUserGesture: true,
    })
    if (found.wasThrown) throw new Error(found.result.description)
    const promiseObjectId = found.result.objectId
    const { result } = await send('Runtime.awaitPromise', { promiseObjectId, returnByValue: true })
    return result.value
  }

  return {
    console,
    send,
    evaluate,
    /** The newest frame within the page, as a context for `evaluate`. */
    inner: () =>
      contexts.findLast(({ frameId, type }) => frameId !== mainFrame && type === 'normal')?.id,
    close: () => socket.close(),
  }
}

async function within(timeoutMs, promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${timeoutMs} ms`)), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
