// A tokenizer in one instance of the module: its parts, put together and started.
import { createHttp } from '../http.js'
import { createIssuerKeys } from '../issuer-keys.js'
import { createCircuit } from './circuit.js'
import type { Running } from './engine.js'
import type { Emit } from './events.js'
import type { GuardedStore } from './guarded-store.js'
import { createTags } from './lookup-key.js'
import type { Settings } from './options.js'
import type { Parts } from './parts.js'
import { createPolicies } from './policies.js'
import { createSender } from './sender.js'
import { createTokenize } from './tokenize.js'
import { createTransact } from './transact.js'
import { createUpkeep } from './upkeep.js'
import { createVault } from './vault.js'

/** What outlives an instance. */
export interface Lasting {
  settings: Settings
  store: GuardedStore
  lookupKey: CryptoKey | undefined
  owner: string
  emit: Emit
}

/** At work. */
export interface Works {
  parts: Parts
  upkeep: ReturnType<typeof createUpkeep>
  tokenize: ReturnType<typeof createTokenize>
  /** Ends it. */
  closing: AbortController
  /** The instance is of no use any more. */
  trapped: AbortSignal
}

/** Starts it. */
export async function startWorks(running: Running, lasting: Lasting): Promise<Works> {
  const closing = new AbortController()
  const parts = put(running, lasting, closing.signal)
  const sender = createSender(parts)
  const upkeep = createUpkeep(parts, sender)
  const { lookupKey } = lasting
  const findable = lookupKey !== undefined
  const tokenize = createTokenize(parts, createTags(lookupKey), findable, upkeep.degraded)
  try {
    await sender.look()
    await upkeep.start()
  } catch (cause) {
    closing.abort(cause)
    await upkeep.stop()
    throw cause
  }
  return { parts, upkeep, tokenize, closing, trapped: running.trapped }
}

function put({ engine }: Running, lasting: Lasting, closed: AbortSignal): Parts {
  const { settings, store, emit, owner } = lasting
  const { page, issuer, keys, now } = settings
  const transact = createTransact(engine, store, closed)
  const http = createHttp(undefined, page?.settings.fetch ?? globalThis.fetch.bind(globalThis))
  const known = { given: keys, kept: page?.issuerKeys.json() }
  const parts = {
    ...{ engine, settings, store, transact, owner, emit, closed },
    vault: createVault(settings, closed),
    issuerKeys: createIssuerKeys(engine as never, http, issuer, known),
    circuit: createCircuit(engine, transact, now, emit),
    nowSeconds: () => page?.clock.nowSeconds() ?? Math.floor(now() / 1000),
    nowMs: now,
    ledger: { pending: 0, done: 0, dead: 0, lost: 0 },
  }
  return { ...parts, policies: createPolicies(parts) }
}
