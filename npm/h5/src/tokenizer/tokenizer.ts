// A tokenizer: put together, started, and what people see of it.
/// <reference lib="esnext.disposable" preserve="true" />
import { createHttp } from '../http.js'
import { createIssuerKeys } from '../issuer-keys.js'
import { LingpaiError, toLingpaiError } from '../errors.js'
import { unlessAborted } from '../waiting.js'
import { createCircuit } from './circuit.js'
import { discardDeadLetters, listDeadLetters, type DeadLetter } from './dead-letters.js'
import { loadEngine, type Engine } from './engine.js'
import { createEmit, type CircuitState } from './events.js'
import { createTags, keptLookupKey } from './lookup-key.js'
import { readOptions, type Settings, type TokenizerOptions } from './options.js'
import type { Parts } from './parts.js'
import { createPolicies } from './policies.js'
import { createSender } from './sender.js'
import { storeOf, type OpenStore } from './own-store.js'
import { isDurable } from './store.js'
import { createTokenize, type Wanted } from './tokenize.js'
import { createTransact, storing } from './transact.js'
import { createUpkeep } from './upkeep.js'
import { createVault } from './vault.js'

/** How a tokenizer is, as it was last seen: other tabs may have gone on meanwhile. */
export interface TokenizerStatus {
  /** `online`: the vault answers. `degraded`: it is away. `recovering`: it is back, and operations still wait. */
  mode: 'online' | 'degraded' | 'recovering'
  circuit: CircuitState
  /** Operations that wait for the vault. */
  pending: number
  /** Operations that the vault has taken, over the life of the store. */
  done: number
  /** Operations that became dead letters, over the life of the store. */
  dead: number
  /** Operations that the store has lost. */
  lost: number
  /** Whether the store is durable; without that nothing is given out that the vault does not know. */
  durable: boolean
  /** Whether a policy is at hand, and until when tokens may be made under it (Unix milliseconds). */
  policyExpiresAtMs: number | undefined
}

/** Tokens for values. */
export interface Tokenizer extends AsyncDisposable {
  /**
   * The token of a value. The vault's while it is there; while it is away, the one known for the value, one from the pool, or
   * a provisional one, as the policy allows.
   *
   * Rejects with what the vault refuses (`insufficient_scope`, …); while it is away with `temporarily_unavailable` where the
   * policy allows no token, and with `storage_unavailable` where there is no durable store.
   */
  tokenize(value: string, options: { field: string; signal?: AbortSignal }): Promise<string>
  /** The tokens of many values, in their order. While the vault is away all of them are committed at once, or none. */
  tokenizeMany(
    values: readonly (string | Wanted)[],
    options?: { field?: string; signal?: AbortSignal },
  ): Promise<string[]>
  /**
   * Sends what waits now, as far as the vault is there and no other tab is sending. Never rejects for want of the vault: what
   * it resolves with says what is left.
   */
  flush(options?: { signal?: AbortSignal }): Promise<TokenizerStatus>
  /** How it is. */
  readonly status: TokenizerStatus
  /** Operations that the vault will never take, oldest first; those after the letter with the id `after`. */
  deadLetters(options?: { after?: string; limit?: number }): Promise<DeadLetter[]>
  /** All of them as one JSON text, for whoever looks into it. */
  exportDeadLetters(): Promise<string>
  /** Deletes dead letters that were taken care of. */
  discardDeadLetters(ids: readonly string[]): Promise<void>
  /** Stops. What waits stays in the store, and goes on with the next tokenizer. */
  close(): Promise<void>
}

/** Opens a tokenizer; see `createTokenizer`. `openStore` opens the page's stores, where there is a page. */
export async function openTokenizer(
  options: TokenizerOptions,
  openStore?: OpenStore,
): Promise<Tokenizer> {
  const settings = readOptions(options)
  settings.signal?.throwIfAborted()
  return unlessAborted(open(settings, openStore), settings.signal)
}

async function open(settings: Settings, openStore: OpenStore | undefined): Promise<Tokenizer> {
  const closing = new AbortController()
  const engine = await loadEngine()
  const emit = createEmit(settings.onEvent, settings.now)
  const { issuer, gateway, visit } = settings
  const { client_id: client = '', sub = '' } = visit?.claims ?? {}
  const name = engine.storeName([issuer, gateway, client, sub])
  const store = settings.store ?? (await storeOf(settings, name, openStore, emit))
  const key = settings.lookupKey ?? (visit && (await keptLookupKey(name)))
  const parts = put(engine, settings, store, emit, closing.signal)
  const sender = createSender(parts)
  await sender.look()
  const upkeep = createUpkeep(parts, sender)
  const tokenize = createTokenize(parts, createTags(key), key !== undefined, upkeep.degraded)
  await upkeep.start()
  return createTokenizerOf(parts, { sender, upkeep, tokenize, closing })
}

function put(
  engine: Engine,
  settings: Settings,
  store: Parts['store'],
  emit: Parts['emit'],
  closed: AbortSignal,
): Parts {
  const { page, issuer, keys, now } = settings
  const transact = createTransact(engine, store, closed)
  const http = createHttp(undefined, page?.settings.fetch ?? globalThis.fetch.bind(globalThis))
  const known = { given: keys, kept: page?.issuerKeys.json() }
  const parts = {
    ...{ engine, settings, store, transact, emit, closed },
    vault: createVault(settings, closed),
    issuerKeys: createIssuerKeys(engine as never, http, issuer, known),
    circuit: createCircuit(engine, transact, now, emit),
    nowSeconds: () => page?.clock.nowSeconds() ?? Math.floor(now() / 1000),
    nowMs: now,
    ledger: { pending: 0, done: 0, dead: 0, lost: 0 },
  }
  return { ...parts, policies: createPolicies(parts) }
}

interface Works {
  sender: ReturnType<typeof createSender>
  upkeep: ReturnType<typeof createUpkeep>
  tokenize: ReturnType<typeof createTokenize>
  closing: AbortController
}

function createTokenizerOf(parts: Parts, works: Works): Tokenizer {
  const { settings, store, circuit, policies, ledger, closed } = parts
  const { upkeep, tokenize, closing } = works

  const status = (): TokenizerStatus => {
    const state = circuit.state()
    const recovering = ledger.pending > 0 ? 'recovering' : 'online'
    const expiresAtSeconds = policies.seen()?.facts.expiresAtSeconds
    return {
      mode: state === 'closed' ? recovering : 'degraded',
      circuit: state,
      ...ledger,
      durable: isDurable(store),
      policyExpiresAtMs: expiresAtSeconds === undefined ? undefined : expiresAtSeconds * 1000,
    }
  }

  const failing = <T>(work: Promise<T>): Promise<T> =>
    work.catch((thrown: unknown) => {
      closed.throwIfAborted()
      throw thrown instanceof TypeError ? thrown : toLingpaiError(thrown)
    })

  const close = async () => {
    if (closed.aborted) return
    await upkeep.stop()
    closing.abort(new LingpaiError('closed'))
    if (!settings.store) await store.close()
    parts.emit({ type: 'closed' })
  }

  const tokenizer: Omit<Tokenizer, typeof Symbol.asyncDispose> = {
    get status() {
      return status()
    },
    async tokenize(value, { field, signal }) {
      closed.throwIfAborted()
      signal?.throwIfAborted()
      const [token] = await failing(tokenize([wantedOf(value, field, 'value')], signal))
      return token!
    },
    async tokenizeMany(values, { field, signal } = {}) {
      closed.throwIfAborted()
      signal?.throwIfAborted()
      if (!Array.isArray(values)) throw new TypeError('values: an array')
      const wanted = values.map((it: string | Wanted) =>
        typeof it === 'string'
          ? wantedOf(it, field, 'values')
          : wantedOf(it?.value, it?.field ?? field, 'values'),
      )
      return wanted.length === 0 ? [] : failing(tokenize(wanted, signal))
    },
    async flush({ signal } = {}) {
      closed.throwIfAborted()
      await failing(unlessAborted(upkeep.drain(), signal))
      return status()
    },
    async deadLetters(options) {
      closed.throwIfAborted()
      return listDeadLetters(store, options)
    },
    async exportDeadLetters() {
      closed.throwIfAborted()
      const all: DeadLetter[] = []
      for (;;) {
        const after = all.at(-1)?.id
        const more = await listDeadLetters(store, { limit: 200, ...(after && { after }) })
        if (more.length === 0) return JSON.stringify({ install: slotOf(settings), letters: all })
        all.push(...more)
      }
    },
    async discardDeadLetters(ids) {
      closed.throwIfAborted()
      await storing(discardDeadLetters(store, ids))
    },
    close,
  }
  const disposal = { [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close }
  return Object.freeze(
    Object.defineProperties(tokenizer, Object.getOwnPropertyDescriptors(disposal)),
  ) as Tokenizer
}

function slotOf({ gateway }: Settings): string {
  return gateway
}

function wantedOf(value: unknown, field: unknown, name: string): Wanted {
  if (typeof value !== 'string') throw new TypeError(`${name}: strings`)
  if (typeof field !== 'string' || !/^[\w.-]{1,64}$/.test(field)) {
    throw new TypeError('field: the name of a field, 1 to 64 of letters, digits, "-", "_" and "."')
  }
  return { value, field }
}
