// What one start brings together: the module, entropy, the record, the proof key.
import type { Engine } from './engine/engine'
import { loadEngine } from './engine/load'
import { operations } from './engine/operations'
import { LingpaiError } from './errors'
import { within } from './gateway'
import type { Host } from './host'
import type { Settings } from './options'
import { openStore, type Store } from './store'

/** A mini-program that is ready. */
export interface Device {
  engine: Engine
  store: Store
  /** Thumbprint of the proof key, if there is one. */
  jkt: string | undefined
}

const randomTimeoutMs = 10_000

/** Makes ready. Without a random source there is no key; with one that is broken there is nothing at all. */
export async function openDevice(settings: Settings): Promise<Device> {
  const { host, emit } = settings
  const wanted = settings.issuer === undefined ? 'proofs' : 'visits'
  const engine = await loadEngine(host, settings.wasmDirectory, wanted, (cause) =>
    emit({ type: 'wasm-failed', cause }),
  )
  const owner = engine.text(
    operations.encode,
    engine.call(
      operations.sha256,
      [host.id, settings.gateway, settings.clientId, settings.audience].join('\n'),
    ),
  )
  const store = await openStore(host, engine, settings.storageKey, owner, emit)
  const entropy = await seed(host, engine)
  if (entropy !== undefined) {
    // A source that gives after a restart what it gave before is none.
    if (entropy === store.record.entropy) throw new LingpaiError('entropy_weak')
    await store.commit((record) => void (record.entropy = entropy))
  }
  const jkt =
    entropy === undefined || engine.ability === 'symmetric'
      ? undefined
      : await proofKey(engine, store)
  if (jkt === undefined && settings.proofRequired) {
    throw new LingpaiError(entropy === undefined ? 'entropy_missing' : 'proof_required')
  }
  return { engine, store, jkt }
}

/** Seeds the module's generator; the result recognises the draw and tells nothing about it. */
export async function seed(host: Host, engine: Engine): Promise<string | undefined> {
  const { randomBytes } = host
  if (randomBytes === undefined) return undefined
  const draw = async () => {
    const bytes = await within(host, randomTimeoutMs, randomBytes(32))
    // Not `instanceof`: buffers of another realm are none of this one's.
    const isBuffer = Object.prototype.toString.call(bytes) === '[object ArrayBuffer]'
    if (!isBuffer) throw new LingpaiError('entropy_missing')
    return new Uint8Array(bytes as ArrayBuffer)
  }
  const [first, second] = [await draw(), await draw()]
  engine.call(operations.seed, first, second, 'lingpai-v1 mini')
  const print = engine.call(operations.sha256, new Uint8Array([...first, ...second]))
  first.fill(0)
  second.fill(0)
  return engine.text(operations.encode, print)
}

/** The key of the record, or a new one that is kept before it is used. */
async function proofKey(engine: Engine, store: Store): Promise<string> {
  const { key } = store.record
  if (key !== undefined) return engine.text(operations.useKey, engine.call(operations.decode, key))
  const secret = engine.call(operations.newKey)
  const jkt = engine.text(operations.useKey, secret)
  const text = engine.text(operations.encode, secret)
  secret.fill(0)
  // A token bound to no key, or to one that is lost, is not this key's.
  await store.commit((record) => {
    record.key = text
    record.login = {}
    record.visit = {}
  })
  return jkt
}
