// What goes on between calls: policies and pools are renewed, and what waits is sent, as soon as the vault is there. Timers stand
// still in a mini-program that is frozen; what is due is looked at when it is shown.
import { checkOpen, type Parts } from './parts'
import type { Drained, Sender } from './sender'

/** Makes it. `healed` comes before anything that needs the module; `drained` is told that nothing waits any more. */
export function createUpkeep(
  parts: Parts,
  sender: Sender,
  healed: () => Promise<void>,
  drained: () => void,
) {
  const { kit, holder, engine, policies, circuit, ledger, emit, closed } = parts
  const { host } = holder.settings
  let draining: Promise<Drained> | undefined
  let renewing: Promise<void> | undefined
  let busy = false
  const turns = { renew: 0, drain: 0 }

  /** Later, unless it was put off or brought forward meanwhile. */
  function later(what: 'renew' | 'drain', ms: number, work: () => void): void {
    const turn = ++turns[what]
    if (closed()) return
    void host.wait(ms).then(() => {
      if (!closed() && turn === turns[what]) work()
    })
  }

  function renew(): Promise<void> {
    if (renewing !== undefined) return renewing
    const own = healed()
      .then(() => policies.renew())
      // Closed meanwhile, or the module has trapped and does not start.
      .catch(() => 30_000)
      .then((ms) => later('renew', ms, () => void renew()))
      .then(() => void (renewing = undefined))
    return (renewing = own)
  }

  function drain(): Promise<Drained> {
    if (draining !== undefined) return draining
    const own = healed()
      .then(() => sender.drain())
      .catch((thrown): Drained => {
        checkOpen(parts)
        emit({ type: 'failed', what: 'reconcile', code: kit.toLingpaiError(thrown).code })
        return { empty: false, againMs: 5_000 }
      })
      .then(async (state) => {
        if (!state.empty) later('drain', state.againMs, wake)
        else if (ledger.pending === 0) await rest()
        return state
      })
    draining = own
    const landed = () => void (draining = undefined)
    own.then(landed, landed)
    return own
  }

  async function rest(): Promise<void> {
    drained()
    if (busy) emit({ type: 'drained' })
    busy = false
    await sender.release().catch(() => {})
  }

  const wake = () => void drain().catch(() => {})

  function shown(): void {
    if (closed()) return
    kit.seed(host, engine).catch(() => {})
    void renew()
    if (ledger.pending > 0) wake()
  }

  return {
    /** Takes up what an earlier start left, and has a policy ready where the vault is there. */
    async start(): Promise<void> {
      await policies.current().catch(() => undefined)
      // With what is at hand, or what comes in time: an outage is no reason to wait for anything.
      const renewed = renew()
      const held = policies.seen()
      if (held === undefined || !policies.isOurs(held))
        await kit.within(host, parts.onlineTimeoutMs, renewed).catch(() => {})
      busy = ledger.pending > 0
      if (host.onShow !== undefined) host.onShow(shown)
      wake()
    },
    /** Operations wait now. */
    degraded(): void {
      if (busy) return
      busy = true
      later('drain', circuit.state() === 'closed' ? 1_000 : 2_000, wake)
    },
    drain,
  }
}
