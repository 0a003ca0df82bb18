// The circuit breaker at work: asks it before each call to the vault, and tells it what came of the call. Its state is a row, so
// that the next start knows it; successes are counted here until there is a failure to hold against them.
import type { CircuitState } from './events'
import { operations } from './operations'
import type { Parts } from './parts'
import { circuitKey, moment, rowFields, type Batch } from './rows'
import type { Reply } from './vault'

/** May a call be made? `probe`: as the only one. */
export type Passage = { pass: true; probe: boolean } | { pass: false; waitMs: number }

/** The breaker of a tokenizer. */
export interface Circuit {
  /** Asks for a call. */
  enter(): Promise<Passage>
  /** Tells what came back. Returns whether the vault is there. */
  leave(reply: Reply, probe: boolean): Promise<boolean>
  /** Takes note of what an earlier start has made of it. */
  look(): Promise<void>
  /** As it was last seen. */
  state(): CircuitState
}

/** As long as the breaker looks back. */
const windowMs = 30_000
const mostRemembered = 64

interface Gate {
  state: CircuitState
  batch?: Batch
  waitMs?: number
}

/** Makes it. */
export function createCircuit({
  engine,
  store,
  transact,
  emit,
  holder,
}: Pick<Parts, 'engine' | 'store' | 'transact' | 'emit' | 'holder'>): Circuit {
  const { host } = holder.settings
  const nowMs = () => host.now()
  let state: CircuitState = 'closed'
  let successes: number[] = []

  const see = (to: CircuitState, waitMs?: number) => {
    const from = state
    state = to
    if (from !== to)
      emit(waitMs ? { type: 'circuit', from, to, waitMs } : { type: 'circuit', from, to })
  }
  const gateOf = (rows: Parameters<typeof engine.call>[1][]) =>
    JSON.parse(engine.text(operations.gate, ...moment(nowMs()), ...rows)) as Gate

  return {
    state: () => state,
    async look() {
      see(gateOf(rowFields([circuitKey], await store.read([circuitKey]))).state)
    },
    async enter() {
      const gate = await transact([circuitKey], (rows) => {
        const gate = gateOf(rows)
        return { batch: gate.batch, result: gate }
      })
      see(gate.batch ? 'half_open' : gate.state, gate.waitMs)
      if (gate.waitMs !== undefined) return { pass: false, waitMs: gate.waitMs }
      return { pass: true, probe: gate.batch !== undefined }
    },
    async leave({ status, document, retryAfterMs }, probe) {
      const at = nowMs()
      const good =
        (status >= 200 && status < 300 && document) ||
        (status >= 400 && status < 500 && status !== 429)
      if (good && !probe) {
        successes.push(at)
        if (successes.length > mostRemembered) successes.shift()
        return true
      }
      const well = successes.filter((time) => Math.abs(at - time) < windowMs).length
      successes = []
      const after = await transact([circuitKey], (rows) => {
        const fields = [status, Number(document), retryAfterMs, Number(probe), well]
        const text = engine.text(operations.record, ...fields, ...moment(at), ...rows)
        const { batch, after } = JSON.parse(text) as { batch: Batch; after: CircuitState }
        return { batch, result: after }
      })
      see(after)
      return good
    },
  }
}
