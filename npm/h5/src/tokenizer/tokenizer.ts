// A tokenizer as people see it: opened, and put together anew where its module has failed.
/// <reference lib="esnext.disposable" preserve="true" />
import { LingpaiError, toLingpaiError } from '../errors.js'
import { unlessAborted } from '../waiting.js'
import { discardDeadLetters, listDeadLetters, type DeadLetter } from './dead-letters.js'
import { loadEngine } from './engine.js'
import { createEmit, type CircuitState, type Paused } from './events.js'
import { guard } from './guarded-store.js'
import { keptLookupKey } from './lookup-key.js'
import { readOptions, type Settings, type TokenizerOptions } from './options.js'
import { storeOf, type OpenStore } from './own-store.js'
import { isDurable } from './store.js'
import type { Wanted } from './tokenize.js'
import { storing } from './transact.js'
import { startWorks, type Lasting, type Works } from './works.js'

/** How a tokenizer is, as it was last seen: other tabs may have gone on meanwhile. */
export interface TokenizerStatus {
  /** `online`: the vault answers. `degraded`: it is away, or has had too much for now. `recovering`: it is back, and operations still wait. */
  mode: 'online' | 'degraded' | 'recovering'
  circuit: CircuitState
  /**
   * What the vault does not take for now because it has had too much of it (`rate_limited`), and until when (Unix milliseconds): it
   * is not asked for `tokens`, or what waits is not sent (`reconcile`). It is there, and the circuit says nothing of it.
   * What is over goes with the next call.
   */
  paused: Partial<Record<Paused, number>>
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
  const running = await loadEngine()
  const emit = createEmit(settings.onEvent, settings.now)
  const { issuer, gateway, visit } = settings
  const { client_id: client = '', sub = '' } = visit?.claims ?? {}
  const name = running.engine.storeName([issuer, gateway, client, sub])
  const store = guard(settings.store ?? (await storeOf(settings, name, openStore, emit)))
  const lookupKey = settings.lookupKey ?? (visit && (await keptLookupKey(name)))
  const lasting = { settings, store, lookupKey, owner: crypto.randomUUID(), emit }
  return face(await startWorks(running, lasting), lasting)
}

/** Where nobody calls, a module that trapped is started again after so long: it may be for ever the same that it traps over. */
const idleMs = 5_000

function face(first: Works, lasting: Lasting): Tokenizer {
  const { settings, store, emit } = lasting
  let works = first
  let starting: Promise<Works> | undefined
  let closed = false

  const restart = async () => {
    const started = await startWorks(await loadEngine(), lasting)
    emit({ type: 'restarted' })
    return attend(started)
  }
  // After a trap everything is put together anew, on the same store: whatever counts lies there.
  const current = async () => {
    if (!works.trapped.aborted) return works
    starting ??= restart().finally(() => (starting = undefined))
    return starting
  }
  const attend = (started: Works) => {
    const trapped = () => {
      started.closing.abort(new LingpaiError('internal'))
      void started.upkeep.stop()
      if (closed) return
      const timer = setTimeout(() => void current().catch(() => {}), idleMs)
      ;(timer as { unref?: () => void }).unref?.()
    }
    const { signal } = started.closing
    started.trapped.addEventListener('abort', trapped, { once: true, signal })
    if (started.trapped.aborted) trapped()
    return (works = started)
  }
  attend(first)

  const throwIfClosed = () => {
    if (closed) throw new LingpaiError('closed')
  }

  const status = (): TokenizerStatus => {
    const { circuit, policies, ledger } = works.parts
    const [state, paused] = [circuit.state(), circuit.paused()]
    const recovering = ledger.pending > 0 ? 'recovering' : 'online'
    const expiresAtSeconds = policies.seen()?.facts.expiresAtSeconds
    return {
      mode: state === 'closed' && paused.tokens === undefined ? recovering : 'degraded',
      circuit: state,
      paused,
      ...ledger,
      durable: isDurable(store),
      policyExpiresAtMs: expiresAtSeconds === undefined ? undefined : expiresAtSeconds * 1000,
    }
  }

  const ask = async <T>(
    request: (works: Works) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    throwIfClosed()
    try {
      const asked = await current()
      throwIfClosed()
      return await request(asked)
    } catch (thrown) {
      throwIfClosed()
      signal?.throwIfAborted()
      throw thrown instanceof TypeError ? thrown : toLingpaiError(thrown)
    }
  }

  const close = async () => {
    if (closed) return
    closed = true
    await starting?.catch(() => {})
    await works.upkeep.stop()
    works.closing.abort(new LingpaiError('closed'))
    if (!settings.store) await store.close()
    emit({ type: 'closed' })
  }

  const tokenizer: Omit<Tokenizer, typeof Symbol.asyncDispose> = {
    get status() {
      return status()
    },
    async tokenize(value, { field, signal }) {
      throwIfClosed()
      signal?.throwIfAborted()
      const wanted = [wantedOf(value, field, 'value')]
      const [token] = await ask(({ tokenize }) => tokenize(wanted, signal), signal)
      return token!
    },
    async tokenizeMany(values, { field, signal } = {}) {
      throwIfClosed()
      signal?.throwIfAborted()
      if (!Array.isArray(values)) throw new TypeError('values: an array')
      const wanted = values.map((it: string | Wanted) =>
        typeof it === 'string'
          ? wantedOf(it, field, 'values')
          : wantedOf(it?.value, it?.field ?? field, 'values'),
      )
      return wanted.length === 0 ? [] : ask(({ tokenize }) => tokenize(wanted, signal), signal)
    },
    async flush({ signal } = {}) {
      await ask(({ upkeep }) => unlessAborted(upkeep.drain(), signal), signal)
      return status()
    },
    async deadLetters(options) {
      throwIfClosed()
      return listDeadLetters(store, options)
    },
    async exportDeadLetters() {
      throwIfClosed()
      const all: DeadLetter[] = []
      for (;;) {
        const after = all.at(-1)?.id
        const more = await listDeadLetters(store, { limit: 200, ...(after && { after }) })
        if (more.length === 0) return JSON.stringify({ install: slotOf(settings), letters: all })
        all.push(...more)
      }
    },
    async discardDeadLetters(ids) {
      throwIfClosed()
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
