// Sends what waits: one tab or process at a time, oldest first, in batches, each settled before the next. It may stop anywhere
// and go on anywhere: whatever was not settled goes again, and the vault takes it once.
import type { ErrorCode } from '../codes.js'
import { LingpaiError, toLingpaiError } from '../errors.js'
import type { HeldFence, Listed, Outgoing, StoreRows } from '../wasm/lingpai_tokenizer_bg.js'
import { circuitKey } from './circuit.js'
import { accountKey, type AccountFacts, type Parts } from './parts.js'
import { isDurable, type Batch } from './store.js'
import { readRows, storing } from './transact.js'
import { refusalOf, type Reply } from './vault.js'

/** What became of an attempt: nothing waits any more, or when to try again. */
export type Drained = { empty: true } | { empty: false; againMs: number }

const path = '/v1/reconcile'
const fenceKey = 'fence'
const timeoutMs = 10_000
const mostAtOnce = 100
/** A probe is not to be a burden. */
const mostInProbe = 10
const refusedAgainMs = 60_000
const retryAgainMs = 2_000

interface Settled {
  batch: Batch
  done: number
  dead: number
  retry: number
  lost?: number
}

/** Makes the sender of a tokenizer. */
export function createSender(parts: Parts) {
  const { engine, store, transact, vault, circuit, policies, emit, closed } = parts
  const { owner, nowMs, nowSeconds, ledger } = parts

  // A store that has fallen back knows only what this tab has read: what it does not list is not gone.
  const list = async (after: string | undefined, limit: number) => {
    const listed = await storing(store.list({ prefix: 'op/', limit, ...(after && { after }) }))
    if (!isDurable(store)) throw new LingpaiError('storage_unavailable')
    return listed
  }

  const takeFence = async (): Promise<HeldFence | number> => {
    const { result } = await transact([fenceKey], (rows) => {
      const tried = JSON.parse(engine.fenceAttempt(rows, owner, nowMs())) as {
        batch?: Batch
        waitMs?: number
      }
      return { batch: tried.batch, result: tried.waitMs }
    })
    if (result !== undefined) return result
    const rows = await readRows(engine, store, [fenceKey])
    const held = engine.HeldFence.of(rows, owner)
    rows.free()
    return held ?? retryAgainMs
  }

  // Applies what is known of a batch. The account is seen anew on the way.
  const settle = async (
    keys: readonly string[],
    decide: (rows: Parameters<Parameters<typeof transact>[1]>[0]) => string | undefined,
  ): Promise<Settled | undefined> => {
    const { result } = await transact(keys, (rows) => {
      const text = decide(rows)
      const settled = text === undefined ? undefined : (JSON.parse(text) as Settled)
      return { batch: settled?.batch, result: settled }
    })
    if (result) await look()
    return result
  }

  // Whether there is an account. One that was there and is not now lies in a store that cannot be read for a while.
  const look = async (): Promise<boolean> => {
    const rows = await readRows(engine, store, [accountKey, circuitKey])
    const account = engine.account(rows)
    circuit.observe(rows)
    rows.free()
    if (account === undefined) return false
    const { pending, done, dead, lost } = JSON.parse(account) as AccountFacts
    Object.assign(ledger, { pending, done, dead, lost })
    return true
  }

  const report = ({ done, dead, retry }: Settled): undefined => {
    emit({ type: 'reconciled', done, dead, retry, pending: ledger.pending })
    return undefined
  }

  // Whether that is all. The account has to have been read before the outbox was seen empty, and to be the same still: an operation
  // that came in between waits there, and is not lost.
  const finish = async (seen: StoreRows, fence: HeldFence): Promise<boolean> => {
    const missing = engine.writeOff(seen, fence)
    if (missing !== undefined) {
      const { batch, lost = 0 } = JSON.parse(missing) as Settled
      if (!(await storing(store.write(batch))).committed) return false
      await look()
      emit({ type: 'operations_lost', count: lost })
      // The account is another by now.
      return false
    }
    const listed = await storing(store.list({ prefix: 'policy/', limit: 200 }))
    const forgotten = engine.forgetPolicies(
      seen,
      listed.map(({ key }) => key),
    )
    if (forgotten === undefined) return true
    return (await storing(store.write(JSON.parse(forgotten) as Batch))).committed
  }

  /** Where a pass through the outbox is, how many go at once, and what is left for a later pass. */
  interface Cursor {
    after: string | undefined
    most: number
    /** Policies that cannot be used now, by their `jti`. */
    barred: string[]
    retry: boolean
  }

  // What is left was answered with `retry`, is what the gateway stumbled over, or cannot be sent now.
  const later = ({ barred, retry }: Cursor): Drained => ({
    empty: false,
    againMs: barred.length > 0 && !retry ? refusedAgainMs : retryAgainMs,
  })

  // One request. Gives how long to wait before the next, if it is not to follow at once.
  const sendNext = async (
    fence: HeldFence,
    rows: Listed,
    last: string | undefined,
    cursor: Cursor,
  ): Promise<number | undefined> => {
    const guarded = [accountKey, fenceKey]
    const unreadable = await settle(guarded, (read) => engine.buryUnreadable(read, fence, rows))
    if (unreadable) return report(unreadable)
    // Those that go together are all of one policy.
    const jti = engine.Outgoing.next(rows, 1, cursor.barred).policy()
    if (jti === undefined) {
      cursor.after = last
      return undefined
    }
    const { held, code } = await usable(jti)
    if (!held)
      return setAside(engine.Outgoing.next(rows, mostAtOnce, cursor.barred), fence, cursor, code)
    const passage = await circuit.enter('reconcile')
    if (!passage.pass) return passage.waitMs
    const most = passage.probe ? Math.min(cursor.most, mostInProbe) : cursor.most
    const outgoing = engine.Outgoing.next(rows, most, cursor.barred)
    const bound = held.facts.jkt !== undefined
    const reply = await vault.askAs(held.policy.text(), bound, path, outgoing.body(), timeoutMs)
    await circuit.leave('reconcile', reply, passage.probe)
    if (reply.status === 200 && reply.document) {
      const settled = await settle(outgoing.settlingKeys(), (read) =>
        outgoing.settle(read, fence, reply.body, nowSeconds()),
      )
      Object.assign(cursor, { after: outgoing.lastKey(), most: mostAtOnce })
      cursor.retry ||= (settled?.retry ?? 0) > 0
      return settled && report(settled)
    }
    return refused(reply, outgoing, fence, cursor)
  }

  // The policy, or why it cannot be used now.
  const usable = async (jti: string) => {
    try {
      const held = await policies.find(engine.policyKey(jti))
      if (held && policies.isOurs(held)) return { held, code: undefined }
      return { held: undefined, code: 'key_binding_mismatch' as const }
    } catch (thrown) {
      closed.throwIfAborted()
      const { code } = toLingpaiError(thrown)
      // The store's failures are not the policy's.
      if (code === 'storage_unavailable') throw thrown
      return { held: undefined, code }
    }
  }

  // Operations that cannot be sent now make room for others. They stay, for as long as they could be sent still.
  const setAside = async (
    outgoing: Outgoing,
    fence: HeldFence,
    { barred }: Cursor,
    code: ErrorCode,
    status?: number,
  ): Promise<undefined> => {
    const jti = outgoing.policy()!
    const text = await policies.text(engine.policyKey(jti))
    const isHere = code !== 'key_binding_mismatch'
    const buried = await settle(outgoing.settlingKeys(), (read) =>
      outgoing.bury(read, fence, text, isHere, nowSeconds()),
    )
    if (buried) return report(buried)
    emit({ type: 'failed', what: 'reconcile', code, ...(status && { status }) })
    barred.push(jti)
    return undefined
  }

  const refused = (reply: Reply, outgoing: Outgoing, fence: HeldFence, cursor: Cursor) => {
    const { code, status, retryAfterMs } = refusalOf(engine, reply)
    if (status === 400 || status === 413) {
      emit({ type: 'failed', what: 'reconcile', code, status })
      // One of them may be what the gateway stumbles over: the others are not to wait for it.
      const size = outgoing.size()
      if (size > 1) cursor.most = Math.ceil(size / 2)
      else Object.assign(cursor, { after: outgoing.lastKey(), most: mostAtOnce })
      return undefined
    }
    const away = !reply.document || reply.status === 429 || reply.status >= 500
    // A refusal of the policy, which is the credential here.
    if (!away) return setAside(outgoing, fence, cursor, code, status)
    emit({ type: 'failed', what: 'reconcile', code, ...(status && { status }) })
    return Math.max(retryAgainMs, retryAfterMs ?? 0)
  }

  /** Sends until nothing waits, the vault is away, or somebody else sends. */
  const drain = async (): Promise<Drained> => {
    const cursor: Cursor = { after: undefined, most: mostAtOnce, barred: [], retry: false }
    if (!(await look()) && policies.seen()) return { empty: false, againMs: retryAgainMs }
    if (!isDurable(store)) {
      return ledger.pending === 0 ? { empty: true } : { empty: false, againMs: retryAgainMs }
    }
    const [first] = await list(undefined, 1)
    if (!first && ledger.pending === 0) return { empty: true }
    for (;;) {
      closed.throwIfAborted()
      const fence = await takeFence()
      if (typeof fence === 'number') return { empty: false, againMs: fence }
      const rows = new engine.Listed()
      try {
        const listed = await list(cursor.after, mostAtOnce)
        if (listed.length === 0) {
          const seen = await readRows(engine, store, [accountKey, fenceKey])
          try {
            const [left] = await list(undefined, 1)
            if (left) return later(cursor)
            if (await finish(seen, fence)) return { empty: true }
          } finally {
            seen.free()
          }
          cursor.after = undefined
          continue
        }
        for (const { key, value, revision } of listed) rows.push(key, value, revision)
        const againMs = await sendNext(fence, rows, listed.at(-1)?.key, cursor)
        if (againMs !== undefined) return { empty: false, againMs }
      } catch (thrown) {
        closed.throwIfAborted()
        const { code, retryAfterMs } = toLingpaiError(thrown)
        // `closed` says that the fence is somebody else's by now: the answer is worth nothing, and they send it again.
        if (code !== 'closed') emit({ type: 'failed', what: 'reconcile', code })
        return { empty: false, againMs: retryAfterMs ?? retryAgainMs }
      } finally {
        rows.free()
        fence.free()
      }
    }
  }

  /** Lets others send. */
  const release = async () => {
    const rows = await readRows(engine, store, [fenceKey])
    const held = engine.HeldFence.of(rows, owner)
    rows.free()
    if (!held) return
    await storing(store.write(JSON.parse(held.release()) as Batch))
    held.free()
  }

  return { drain, release, look }
}

/** The sender. */
export type Sender = ReturnType<typeof createSender>
