// Opens stores: checks what the app passes, and calls the module.
import { isTrap, LingpaiError, toLingpaiError } from './errors.js'
import {
  dropStoreEngine,
  isStoreEngineDropped,
  loadStoreEngine,
  type StoreEngine,
} from './store-engine.js'
import type { StoreEvent } from './store-events.js'
import type { Batch, OpenStoreOptions, Store, StoreTier, Written } from './store.js'
import { inTime, unlessAborted } from './waiting.js'

type Handle = InstanceType<StoreEngine['Store']>
type Found = [value: string, revision: number, key: string]

const keyPattern = /^[ -~]{1,512}$/

/** See `openStore`. */
export async function createStore(options: OpenStoreOptions): Promise<Store> {
  const { name, onEvent, signal, openTimeoutMs = 1500 } = options
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,32}$/.test(name)) {
    throw new TypeError('name: 1 to 32 of a-z, 0-9, -')
  }
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw new TypeError('onEvent: a function')
  }
  if (!(openTimeoutMs >= 200 && openTimeoutMs <= 60_000)) {
    throw new TypeError('openTimeoutMs: 200 to 60000')
  }
  signal?.throwIfAborted()
  const engine = await unlessAborted(loadStoreEngine(), signal)

  const instance = await startInstance(engine, options, openTimeoutMs, signal)
  return face(instance, options, openTimeoutMs)
}

/** A store in one instance of the module. */
interface Instance {
  engine: StoreEngine
  handle: Handle
  /** What it opened last; nobody else can close it if the module fails. */
  database: { close(): void } | undefined
  stopListening: () => void
}

async function startInstance(
  engine: StoreEngine,
  { name, onEvent }: OpenStoreOptions,
  openTimeoutMs: number,
  signal?: AbortSignal,
): Promise<Instance> {
  let settle = () => {}
  const settled = new Promise<void>((resolve) => (settle = resolve))
  let database: Instance['database']
  const emit = (told: string | Instance['database']) => {
    if (typeof told === 'string') {
      if (told.startsWith('tier_changed')) settle()
      tell(onEvent, { atMs: Date.now(), store: name, ...describe(told) } as StoreEvent)
    } else database = told
  }
  const handle = new engine.Store(name, openTimeoutMs, emit)
  const instance: Instance = {
    engine,
    handle,
    get database() {
      return database
    },
    stopListening: listen(handle),
  }
  try {
    await unlessAborted(Promise.race([settled, after(handle.state()[3])]), signal)
  } catch (error) {
    instance.stopListening()
    void handle.close()
    throw error
  }
  return instance
}

function tell(onEvent: OpenStoreOptions['onEvent'], event: StoreEvent): void {
  try {
    onEvent?.(event)
  } catch (error) {
    globalThis.reportError?.(error)
  }
}

// Every request is answered within the patience. Without an answer so much later the module is dead: whatever failed in it
// failed inside of an event, where there is nobody to catch it.
const slackMs = 1_500

function face(first: Instance, options: OpenStoreOptions, openTimeoutMs: number): Store {
  const { name, onEvent } = options
  let instance: Instance | undefined = first
  let starting: Promise<Instance> | undefined
  let closed = false

  const bury = (dead: Instance) => {
    if (instance !== dead) return
    instance = undefined
    // Others may have a new one by now.
    if (!isStoreEngineDropped(dead.engine)) dropStoreEngine()
    abandon(dead)
  }
  const restart = async () => {
    const engine = await loadStoreEngine()
    tell(onEvent, { atMs: Date.now(), store: name, type: 'restarted' })
    return (instance = await startInstance(engine, options, openTimeoutMs))
  }
  const current = async () => {
    // Another part of the page may have found out that it failed.
    if (instance && isStoreEngineDropped(instance.engine)) bury(instance)
    if (instance) return instance
    starting ??= restart().finally(() => (starting = undefined))
    return starting
  }
  const ask = async <T>(request: (handle: Handle) => Promise<unknown>): Promise<T> => {
    if (closed) throw new LingpaiError('closed')
    const asked = await current()
    try {
      const answer = request(asked.handle)
      const given = await inTime(answer, openTimeoutMs + slackMs, slackMs, silent)
      if (given === null) throw new LingpaiError('closed')
      return given as T
    } catch (thrown) {
      if (thrown instanceof LingpaiError && thrown.code === 'closed') throw thrown
      bury(asked)
      // Other modules are not concerned.
      throw isTrap(thrown)
        ? new LingpaiError('internal', { cause: thrown })
        : toLingpaiError(thrown)
    }
  }
  const state = () => {
    try {
      return instance?.handle.state() ?? lost
    } catch {
      return lost
    }
  }
  const close = async () => {
    if (closed) return
    closed = true
    // What is being started anew is to be closed, too.
    if (starting) await starting.catch(() => {})
    const left = instance
    if (left && isStoreEngineDropped(left.engine)) return abandon(left)
    left?.stopListening()
    await left?.handle.close()
  }

  const store = {
    get tier() {
      // Rows that wait for the database are the only reason to go on before it is known.
      return (state()[0] ?? 'localstorage') as StoreTier
    },
    get atRest() {
      const [tier, isEncrypted] = state()
      if (tier === 'memory') return 'memory'
      return isEncrypted ? 'encrypted' : 'obfuscated'
    },
    get epoch() {
      return state()[2]
    },
    async read(keys) {
      checkKeys('keys', keys)
      const rows = await ask<(Found | undefined)[]>((handle) => handle.read([...keys]))
      return rows.map((row) => row && { value: row[0], revision: row[1] })
    },
    async list({ prefix, after = '', limit }) {
      if (prefix !== '') checkKeys('prefix', [prefix])
      if (after !== '') checkKeys('after', [after])
      if (!(limit >= 1 && limit <= 10_000)) throw new TypeError('limit: 1 to 10000')
      const rows = await ask<Found[]>((handle) => handle.list(prefix, after, limit))
      return rows.map(([value, revision, key]) => ({ key, value, revision }))
    },
    async write(batch) {
      const { expect = [], put = [], delete: gone = [], durability, least } = checkBatch(batch)
      const written = await ask<Found[] | string>((handle) =>
        handle.write(
          expect.flatMap(({ key, revision }) => [key, revision]),
          put.flatMap(({ key, value }) => [key, value]),
          [...gone],
          durability === 'strict',
          least,
        ),
      )
      if (typeof written === 'string' && written.startsWith('refused ')) {
        const message = `storage_unavailable (${written.slice(8)})`
        throw new LingpaiError('storage_unavailable', { message })
      }
      if (typeof written === 'string') return { committed: true, durability: written } as Written
      const conflicts = written.map(([key, revision]) => ({ key, revision }))
      return { committed: false, conflicts }
    },
    close,
  } satisfies Omit<Store, typeof Symbol.asyncDispose>
  const disposal = { [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close }
  return Object.freeze(
    Object.defineProperties(store, Object.getOwnPropertyDescriptors(disposal)),
  ) as unknown as Store
}

/** Lets go of what an instance that failed has open; it can do nothing itself. */
function abandon(dead: Instance): void {
  try {
    dead.stopListening()
    dead.database?.close()
  } catch {
    // It was closed.
  }
}

/** What is said of a store whose module has failed, until it is started anew. */
const lost: ReturnType<Handle['state']> = ['memory', false, 0, 0]

const silent = () => new LingpaiError('internal')

function describe(words: string): object {
  const [type, first, second, third, moved] = words.split(' ')
  switch (type) {
    case 'tier_changed':
      return {
        type,
        from: first || undefined,
        to: second,
        cause: third || undefined,
        moved: Number(moved),
      }
    case 'storage_lost':
      return { type, tier: first, epoch: Number(second) }
    case 'row_quarantined':
      return { type, tier: first, reason: second, key: words.split(' ').slice(3).join(' ') }
    case 'capacity':
      return { type, tier: first }
    default:
      return { type, rows: Number(first) }
  }
}

function checkKeys(name: string, keys: readonly string[]): string[] {
  if (!Array.isArray(keys) || !keys.every((key) => keyPattern.test(key))) {
    throw new TypeError(`${name}: 1 to 512 printable ASCII characters each`)
  }
  return keys as string[]
}

function checkBatch(batch: Batch): Batch {
  const { expect = [], put = [], delete: gone = [], durability, least } = batch
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError("durability: 'strict' or 'relaxed'")
  }
  if (least !== undefined && least !== 'relaxed' && least !== durability) {
    throw new TypeError("least: 'relaxed' or 'strict', no more than durability")
  }
  checkKeys(
    'expect',
    expect.map(({ key }) => key),
  )
  if (!expect.every(({ revision }) => Number.isSafeInteger(revision) && revision >= 0)) {
    throw new TypeError('expect: revisions as they were read, or 0')
  }
  const changed = [...put.map(({ key }) => key), ...checkKeys('delete', gone)]
  checkKeys('put', changed)
  if (!put.every(({ value }) => typeof value === 'string'))
    throw new TypeError('put: string values')
  if (new Set(changed).size < changed.length) throw new TypeError('put, delete: each key once')
  return batch
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

// A page that is frozen, or kept for going back to, must not hold the database against others; one that returns tries anew
// whatever failed.
function listen(handle: Handle): () => void {
  if (typeof document === 'undefined') return () => {}
  const sleep = () => handle.setAwake(false)
  // Hidden or not: a page may come back in a tab that nobody looks at.
  const wake = () => handle.setAwake(true)
  const look = () => {
    if (document.visibilityState === 'visible') wake()
  }
  const listeners: [EventTarget, string, () => void][] = [
    [document, 'freeze', sleep],
    [window, 'pagehide', sleep],
    [document, 'resume', wake],
    [document, 'visibilitychange', look],
    [window, 'pageshow', wake],
  ]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener)
  return () => {
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener)
  }
}
