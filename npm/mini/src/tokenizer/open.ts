// A tokenizer: put together and started.
import type { Host } from '../host'
import type { Holder, Kit } from '../kit'
import { createCircuit } from './circuit'
import { createEmit } from './events'
import { loadModule } from './module'
import { operations } from './operations'
import type { Parts } from './parts'
import { createPolicies } from './policies'
import { createSender } from './sender'
import { createRowStore, type RowStore } from './store'
import { createTokenize } from './tokenize'
import { createTransact } from './transact'
import { tokenizerOf } from './tokenizer'
import type { Tokenizer, TokenizerOptions } from './types'
import { createUpkeep } from './upkeep'
import { createVault } from './vault'

/** Those of this process, by name: who opens a store twice opens the same. */
const stores: Record<string, RowStore> = {}

/** Opens the tokenizer of a login or a visit. */
export async function openTokenizer(
  held: Holder,
  options: TokenizerOptions = {},
): Promise<Tokenizer> {
  const { kit, settings, device } = held
  const { host } = settings
  const {
    issuer = settings.issuer,
    keys = settings.keys,
    onlineTimeoutMs = 2_000,
    onEvent,
  } = options
  if (typeof issuer !== 'string')
    throw new TypeError('issuer: a tokenizer needs to know whom to believe')
  if (!(onlineTimeoutMs > 0)) throw new TypeError('onlineTimeoutMs: a number of milliseconds')
  if (onEvent !== undefined && typeof onEvent !== 'function')
    throw new TypeError('onEvent: a function')
  if (device.jkt === undefined || host.instantiate === undefined)
    throw new kit.LingpaiError('proof_required', { message: 'no key can be made here' })
  const subject = await subjectOf(held)
  const holder = boundTo(held, subject)
  const engine = await loadModule(held)
  const who = [host.id, settings.gateway, issuer, settings.clientId, subject].join('\n')
  const print = engine.text(operations.encode, engine.call(operations.sha256, who))
  const name = `${settings.storageKey}.tokens.${print.slice(0, 16)}`
  const emit = createEmit(onEvent, () => host.now())
  const noted = () => (device.store.record.stores || []).indexOf(name) >= 0
  const rows = (own: Host) => createRowStore(kit, own, device.engine, name, noted())
  // What waits there is bound to a key that could not be read: it is neither sent nor touched.
  const store = device.store.known
    ? (stores[name] = stores[name] || rows(host))
    : rows(Object.assign({}, host, { storage: unread(kit) }))
  let closed = false
  const base = {
    ...{ kit, holder, engine, issuer, keys, onlineTimeoutMs, store, emit },
    transact: createTransact(kit, store),
    ledger: { pending: 0, done: 0, dead: 0, lost: 0 },
    closed: () => closed || device.store.closed,
    note: async () => {
      if (noted()) return
      const add = (names: string[] = []) => [...names, name].slice(-mostNoted)
      await device.store.commit((record) => void (record.stores = add(record.stores)))
    },
  }
  const vault = createVault(base)
  const circuit = createCircuit(base)
  const policies = createPolicies({ ...base, vault, circuit })
  const parts: Parts = { ...base, vault, circuit, policies }
  const sender = createSender(parts)
  /** What was made with an instance that has trapped is made again, once, before anything else is done. */
  const heal = async (): Promise<void> => {
    if (!(await engine.heal())) return
    policies.forget()
    emit({ type: 'restarted' })
    await policies.current().catch(() => {})
  }
  let healing: Promise<void> | undefined
  const healed = (): Promise<void> => {
    if (healing !== undefined) return healing
    const own = heal()
    const landed = () => void (healing = undefined)
    own.then(landed, landed)
    return (healing = own)
  }
  await Promise.all([sender.look(), circuit.look()])
  if (store.takeLoss()) emit({ type: 'storage_lost' })
  const tokenize = createTokenize(parts, () => upkeep.degraded())
  const upkeep = createUpkeep(parts, sender, healed, tokenize.forget)
  await upkeep.start()
  return tokenizerOf(parts, {
    healed,
    tokenize: tokenize.tokenize,
    drain: upkeep.drain,
    release: sender.release,
    close: () => void (closed = true),
  })
}

/** In place of a storage whose record could not be read. */
function unread({ LingpaiError }: Kit): Host['storage'] {
  const fail = async () => {
    throw new LingpaiError('storage_unavailable')
  }
  return { get: fail, set: fail, remove: fail }
}

/** Names of stores in the record: one for each user of this device. */
const mostNoted = 8

/** Whose tokenizer it is. Known also while nobody can log in, as long as somebody was. */
async function subjectOf({ keeper }: Holder): Promise<string> {
  return keeper.subject() || (await keeper.token()).subject
}

/** The holder, as long as its token is that user's. */
function boundTo(holder: Holder, subject: string): Holder {
  const { kit, keeper } = holder
  const token = async (refused?: string) => {
    const token = await keeper.token(refused)
    if (token.subject !== subject) throw new kit.LingpaiError('subject_mismatch')
    return token
  }
  return { ...holder, keeper: { ...keeper, token } }
}
