// The circuit breaker at work: asks it before each call to the vault, and tells it what came of the call. Its state is a row, so
// that all tabs see one circuit; successes are counted here until there is a failure to hold against them.
import type { Emit, CircuitState, Paused } from './events.js'
import type { StoreRows } from '../wasm/lingpai_tokenizer_bg.js'
import type { Engine } from './engine.js'
import type { Batch } from './store.js'
import type { Transact } from './transact.js'
import type { Reply } from './vault.js'

/** May a call be made? `probe`: as the only one. */
export type Passage = { pass: true; probe: boolean } | { pass: false; waitMs: number }

/** The breaker of a tokenizer. */
export interface Circuit {
  /** Asks for a call. */
  enter(what: Paused): Promise<Passage>
  /** Tells what came back. Returns whether the vault is there, and has said what counts. */
  leave(what: Paused, reply: Reply, probe: boolean): Promise<boolean>
  /** Takes note of what another tab has made of it; its row was read. */
  observe(rows: StoreRows): void
  /** As it was last seen. */
  state(): CircuitState
  /** What pauses, and until when, as it was last seen. */
  paused(): Partial<Record<Paused, number>>
}

/** Its row. */
export const circuitKey = 'breaker'
/** As long as the breaker looks back. */
const windowMs = 30_000
const mostRemembered = 64

/** Makes it. */
export function createCircuit(
  engine: Engine,
  transact: Transact,
  nowMs: () => number,
  emit: Emit,
): Circuit {
  let state: CircuitState = 'closed'
  let successes: number[] = []
  /** Until when; 0 for what does not pause. */
  const pauses = { tokens: 0, reconcile: 0 }

  const see = (to: string, waitMs?: number) => {
    const from = state
    state = to as CircuitState
    if (from !== to) emit({ type: 'circuit', from, to: state, ...(waitMs && { waitMs }) })
  }

  const enter = async (what: Paused): Promise<Passage> => {
    const { result } = await transact([circuitKey], (rows) => {
      const circuit = engine.Circuit.of(rows)
      const gate = JSON.parse(circuit.gate(rows, what === 'reconcile', nowMs())) as {
        batch?: Batch
        waitMs?: number
      }
      return { batch: gate.batch, result: { ...gate, name: circuit.name() } }
    })
    const { batch, waitMs, name } = result
    see(batch ? 'half_open' : name, waitMs)
    // Whoever waits although the circuit is closed does so because the vault has had too much.
    pauses[what] = name === 'closed' && waitMs ? nowMs() + waitMs : 0
    return waitMs === undefined
      ? { pass: true, probe: batch !== undefined }
      : { pass: false, waitMs }
  }

  return {
    state: () => state,
    enter,
    paused: () => Object.fromEntries(Object.entries(pauses).filter(([, untilMs]) => untilMs > 0)),
    observe(rows) {
      const circuit = engine.Circuit.of(rows)
      see(circuit.name())
      circuit.free()
    },
    async leave(what, { status, document, retryAfterMs }, probe) {
      const at = nowMs()
      const sends = what === 'reconcile'
      const good =
        (status >= 200 && status < 300 && document) ||
        (status >= 400 && status < 500 && status !== 429)
      if (good && !probe) {
        successes.push(at)
        if (successes.length > mostRemembered) successes.shift()
        return true
      }
      const counted = successes.filter((time) => at - time < windowMs)
      successes = []
      const { result } = await transact([circuitKey], (rows) => {
        let circuit = engine.Circuit.of(rows)
        for (const _ of counted) circuit = circuit.record(sends, 200, true, undefined, false, at)
        circuit = circuit.record(sends, status, document, retryAfterMs, probe, at)
        const batch = JSON.parse(circuit.write(rows)) as Batch
        return { batch, result: circuit.name() }
      })
      see(result)
      // For how long it pauses, the core says.
      if (status === 429) await enter(what)
      return good
    },
  }
}
