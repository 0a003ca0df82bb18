// The circuit breaker at work: asks it before each call to the vault, and tells it what came of the call. Its state is a row, so
// that the next start knows it; successes are counted here until there is a failure to hold against them.
import type { CircuitState, Paused } from './events'
import { operations } from './operations'
import type { Parts } from './parts'
import { circuitKey, moment, rowFields, type Batch } from './rows'
import type { Reply } from './vault'

/** May a call be made? `probe`: as the only one. */
export type Passage = { pass: true; probe: boolean } | { pass: false; waitMs: number }

/** The breaker of a tokenizer. */
export interface Circuit {
  /** Asks for a call. */
  enter(what: Paused): Promise<Passage>
  /** Tells what came back. Returns whether the vault is there, and has said what counts. */
  leave(what: Paused, reply: Reply, probe: boolean): Promise<boolean>
  /** Takes note of what an earlier start has made of it. */
  look(): Promise<void>
  /** As it was last seen. */
  state(): CircuitState
  /** What pauses, and until when, as it was last seen. */
  paused(): Partial<Record<Paused, number>>
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
  /** Until when; 0 for what does not pause. */
  const pauses = { tokens: 0, reconcile: 0 }

  const see = (to: CircuitState, waitMs?: number) => {
    const from = state
    state = to
    if (from !== to)
      emit(waitMs ? { type: 'circuit', from, to, waitMs } : { type: 'circuit', from, to })
  }
  const gateOf = (what: Paused, rows: Parameters<typeof engine.call>[1][]) => {
    const fields = [sends(what), ...moment(nowMs()), ...rows]
    return JSON.parse(engine.text(operations.gate, ...fields)) as Gate
  }
  const enter = async (what: Paused): Promise<Passage> => {
    const { batch, state, waitMs } = await transact([circuitKey], (rows) => {
      const gate = gateOf(what, rows)
      return { batch: gate.batch, result: gate }
    })
    see(batch ? 'half_open' : state, waitMs)
    // Whoever waits although the circuit is closed does so because the vault has had too much.
    pauses[what] = state === 'closed' && waitMs ? nowMs() + waitMs : 0
    return waitMs === undefined
      ? { pass: true, probe: batch !== undefined }
      : { pass: false, waitMs }
  }

  return {
    state: () => state,
    paused() {
      const still: Partial<typeof pauses> = {}
      for (const what of ['tokens', 'reconcile'] as const)
        if (pauses[what] > 0) still[what] = pauses[what]
      return still
    },
    enter,
    async look() {
      see(gateOf('tokens', rowFields([circuitKey], await store.read([circuitKey]))).state)
    },
    async leave(what, { status, document, retryAfterMs }, probe) {
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
        const fields = [sends(what), status, Number(document), retryAfterMs, Number(probe), well]
        const text = engine.text(operations.record, ...fields, ...moment(at), ...rows)
        const { batch, after } = JSON.parse(text) as { batch: Batch; after: CircuitState }
        return { batch, result: after }
      })
      see(after)
      // For how long it pauses, the core says.
      if (status === 429) await enter(what)
      return good
    },
  }
}

const sends = (what: Paused) => Number(what === 'reconcile')
