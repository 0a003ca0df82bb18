// What goes on between calls: policies and pools are renewed, and what waits is sent, as soon as the vault is there.
import { toLingpaiError } from '../errors.js'
import { pause } from '../waiting.js'
import type { Parts } from './parts.js'
import type { Drained, Sender } from './sender.js'
import type { Batch } from './store.js'
import { storing } from './transact.js'

/** So that tabs that wait for the same do not wake together. */
const spreadMs = 500
const mostKnown = 4_000
const listedAtOnce = 6_000

/** Makes it. */
export function createUpkeep(parts: Parts, sender: Sender) {
  const { engine, settings, store, policies, circuit, ledger, emit, closed, nowSeconds } = parts
  const timers = new Map<'renew' | 'drain', ReturnType<typeof setTimeout>>()
  let draining: Promise<Drained> | undefined

  const later = (what: 'renew' | 'drain', ms: number, work: () => unknown) => {
    clearTimeout(timers.get(what))
    if (closed.aborted) return
    const timer = setTimeout(work, ms + Math.random() * spreadMs)
    // Node would not end otherwise.
    ;(timer as { unref?: () => void }).unref?.()
    timers.set(what, timer)
  }

  const renew = async (): Promise<void> => {
    try {
      later('renew', await policies.renew(), renew)
      await forget()
    } catch {
      // Closed meanwhile.
    }
  }

  const forget = async () => {
    const listed = await storing(store.list({ prefix: 'known/', limit: listedAtOnce }))
    if (listed.length === 0) return
    const rows = new engine.Listed()
    for (const { key, value, revision } of listed) rows.push(key, value, revision)
    const batch = engine.forgetKnown(rows, mostKnown, nowSeconds())
    rows.free()
    // Where somebody else was faster, the next time will do.
    if (batch !== undefined) await storing(store.write(JSON.parse(batch) as Batch))
  }

  const drain = (): Promise<Drained> => {
    draining ??= sender
      .drain()
      .catch((thrown: unknown): Drained => {
        closed.throwIfAborted()
        emit({ type: 'failed', what: 'reconcile', code: toLingpaiError(thrown).code })
        return { empty: false, againMs: 5_000 }
      })
      .then(async (drained) => {
        if (drained.empty) await rest()
        else later('drain', drained.againMs, wake)
        return drained
      })
      .finally(() => (draining = undefined))
    return draining
  }

  let busy = false
  const rest = async () => {
    if (busy) emit({ type: 'drained' })
    busy = false
    await sender.release().catch(() => {})
  }

  const wake = () => void drain().catch(() => {})

  // Timers stand still in a page that sleeps, is frozen or lies in the back-forward cache.
  const woken = () => {
    if (ledger.pending > 0) wake()
  }

  // With what is at hand, or what comes in time: an outage is no reason to wait for anything.
  const ready = async (renewing: Promise<void>) => {
    await policies.current().catch(() => undefined)
    const held = policies.seen()
    if (!held || !policies.isOurs(held)) await renewing
  }

  return {
    /** Takes up what an earlier page left, and has a policy ready where the vault is there. */
    async start() {
      const late = pause(settings.onlineTimeoutMs, closed).catch(() => {})
      await Promise.race([ready(renew()), late])
      busy = ledger.pending > 0
      for (const [target, name] of wakeUps()) target.addEventListener(name, woken)
      wake()
    },
    /** Operations wait now. */
    degraded() {
      if (busy) return
      busy = true
      later('drain', circuit.state() === 'closed' ? 1_000 : 2_000, wake)
    },
    drain,
    async stop() {
      for (const [target, name] of wakeUps()) target.removeEventListener(name, woken)
      for (const timer of timers.values()) clearTimeout(timer)
      await sender.release().catch(() => {})
    },
  }
}

function wakeUps(): [EventTarget, string][] {
  if (typeof document === 'undefined') return []
  return [
    [document, 'visibilitychange'],
    [window, 'pageshow'],
    [window, 'online'],
  ]
}
