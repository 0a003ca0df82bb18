// What people see of a tokenizer.
import { checkOpen, type Parts } from './parts'
import { discardDeadLetters, exportDeadLetters, listDeadLetters } from './dead-letters'
import type { Drained } from './sender'
import type { Tokenizer, TokenizerStatus, Wanted } from './types'

interface Works {
  healed(): Promise<void>
  tokenize(wanted: readonly Wanted[]): Promise<string[]>
  drain(): Promise<Drained>
  release(): Promise<void>
  close(): void
}

/** Puts it together. */
export function tokenizerOf(parts: Parts, works: Works): Tokenizer {
  const { kit, holder, store, circuit, policies, ledger, emit } = parts
  const { healed, tokenize, drain, release, close } = works

  const status = (): TokenizerStatus => {
    const [state, paused] = [circuit.state(), circuit.paused()]
    const policy = policies.seen()
    const back = ledger.pending > 0 ? 'recovering' : 'online'
    return {
      mode: state === 'closed' && paused.tokens === undefined ? back : 'degraded',
      circuit: state,
      paused,
      pending: ledger.pending,
      done: ledger.done,
      dead: ledger.dead,
      lost: ledger.lost,
      durable: store.durable,
      policyExpiresAtMs: policy && policy.expiresAtSeconds * 1000,
    }
  }

  /** What is asked of it after its end is refused, whatever went wrong on the way. */
  async function open<Result>(work: () => Promise<Result>): Promise<Result> {
    checkOpen(parts)
    try {
      await healed()
      checkOpen(parts)
      return await work()
    } catch (thrown) {
      checkOpen(parts)
      throw thrown instanceof TypeError ? thrown : kit.toLingpaiError(thrown)
    }
  }

  return {
    get status() {
      return status()
    },
    tokenize: (value, options) =>
      open(async () => {
        const [token] = await tokenize([wantedOf(value, options && options.field, 'value')])
        return token as string
      }),
    tokenizeMany: (values, { field } = {}) =>
      open(async () => {
        if (!Array.isArray(values)) throw new TypeError('values: an array')
        const wanted = values.map((it: string | Wanted) =>
          typeof it === 'string'
            ? wantedOf(it, field, 'values')
            : wantedOf(it && it.value, (it && it.field) || field, 'values'),
        )
        return wanted.length === 0 ? [] : tokenize(wanted)
      }),
    flush: () =>
      open(async () => {
        await drain()
        return status()
      }),
    deadLetters: (options) => open(() => listDeadLetters(store, options)),
    exportDeadLetters: () => open(() => exportDeadLetters(store, holder.settings.gateway)),
    discardDeadLetters: (ids) => open(() => discardDeadLetters(store, ids)),
    async close() {
      if (parts.closed()) return
      await release().catch(() => {})
      close()
      emit({ type: 'closed' })
    },
  }
}

function wantedOf(value: unknown, field: unknown, name: string): Wanted {
  if (typeof value !== 'string') throw new TypeError(`${name}: strings`)
  if (typeof field !== 'string' || !/^[\w.-]{1,64}$/.test(field)) {
    throw new TypeError('field: the name of a field, 1 to 64 of letters, digits, "-", "_" and "."')
  }
  return { value, field }
}
