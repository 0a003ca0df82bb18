// The circuit breaker at work: asks it before each call to the vault, and tells it what came of the call. Its state is a row, so
// that all tabs see one circuit; successes are counted here until there is a failure to hold against them.
import type { Emit, CircuitState, Paused } from './events.js'
import type { Circuit as Held, StoreRows } from '../wasm/lingpai_tokenizer_bg.js'
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
  /** What pauses, and until when. */
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
  let pauses: Partial<Record<Paused, number>> = {}

  const note = (circuit: Held) => {
    const at = nowMs()
    const before = pauses
    pauses = {}
    for (const what of ['tokens', 'reconcile'] as const) {
      const left = circuit.pause(what === 'reconcile', at)
      if (left === undefined) continue
      // Seen again it is the same one, give or take a tick of the clock.
      const known = before[what] ?? 0
      const untilMs = Math.abs(known - at - left) < 50 ? known : at + left
      pauses[what] = untilMs
      if (untilMs !== known) emit({ type: 'paused', what, untilMs })
    }
  }
  const see = (to: string, waitMs?: number) => {
    const from = state
    state = to as CircuitState
    if (from !== to) emit({ type: 'circuit', from, to: state, ...(waitMs && { waitMs }) })
  }

  return {
    state: () => state,
    paused: () =>
      Object.fromEntries(Object.entries(pauses).filter(([, untilMs]) => untilMs > nowMs())),
    observe(rows) {
      const circuit = engine.Circuit.of(rows)
      see(circuit.name())
      note(circuit)
      circuit.free()
    },
    async enter(what) {
      const { result } = await transact([circuitKey], (rows) => {
        const circuit = engine.Circuit.of(rows)
        const gate = JSON.parse(circuit.gate(rows, what === 'reconcile', nowMs())) as {
          batch?: Batch
          waitMs?: number
        }
        note(circuit)
        return { batch: gate.batch, result: { ...gate, name: circuit.name() } }
      })
      see(result.batch ? 'half_open' : result.name, result.waitMs)
      if (result.waitMs !== undefined) return { pass: false, waitMs: result.waitMs }
      return { pass: true, probe: result.batch !== undefined }
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
        return { batch, result: circuit }
      })
      see(result.name())
      note(result)
      return good
    },
  }
}
