// Sends what waits: one tab or process at a time, oldest first, in batches, each settled before the next. It may stop anywhere
// and go on anywhere: whatever was not settled goes again, and the vault takes it once.
import { LingpaiError, toLingpaiError } from '../errors.js'
import { circuitKey } from './circuit.js'
import type { HeldFence, Listed } from '../wasm/lingpai_tokenizer_bg.js'
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
  const { engine, settings, store, transact, vault, circuit, policies, emit, closed } = parts
  const { nowMs, nowSeconds, ledger } = parts
  const owner = crypto.randomUUID()
  const jkt = settings.page?.proofKey.thumbprint ?? settings.authorization?.proofKeyThumbprint

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

  const finish = async (fence: HeldFence): Promise<Drained> => {
    const missing = await settle([accountKey, fenceKey], (rows) => engine.writeOff(rows, fence))
    if (missing) emit({ type: 'operations_lost', count: missing.lost ?? 0 })
    const listed = await storing(store.list({ prefix: 'policy/', limit: 200 }))
    await transact([accountKey], (rows) => {
      const batch = engine.forgetPolicies(
        rows,
        listed.map(({ key }) => key),
      )
      return {
        batch: batch === undefined ? undefined : (JSON.parse(batch) as Batch),
        result: undefined,
      }
    })
    return { empty: true }
  }

  /** Where a pass through the outbox is, and how many go at once. */
  interface Cursor {
    after: string | undefined
    most: number
  }

  // One request. Gives how long to wait before the next, if it is not to follow at once.
  const sendNext = async (
    fence: HeldFence,
    rows: Listed,
    keys: readonly string[],
    cursor: Cursor,
  ): Promise<number | undefined> => {
    const guarded = [accountKey, fenceKey]
    const unreadable = await settle(guarded, (read) => engine.buryUnreadable(read, fence, rows))
    if (unreadable) return report(unreadable)
    // Those that go together are all of one policy.
    const head = engine.Outgoing.next(rows, 1)
    const held = await policies.find(engine.policyKey(head.policy()!))
    if (!held || (held.facts.jkt !== undefined && held.facts.jkt !== jkt)) {
      // It is gone, or bound to a key that is gone: nobody can send this any more.
      const buried = await settle(head.settlingKeys(), (read) => head.bury(read, fence))
      return buried && report(buried)
    }
    const passage = await circuit.enter()
    if (!passage.pass) return passage.waitMs
    const most = passage.probe ? Math.min(cursor.most, mostInProbe) : cursor.most
    const outgoing = engine.Outgoing.next(rows, most)
    const size = outgoing.size()
    const bound = held.facts.jkt !== undefined
    const reply = await vault.askAs(held.policy.text(), bound, path, outgoing.body(), timeoutMs)
    await circuit.leave(reply, passage.probe)
    if (reply.status === 200 && reply.document) {
      const settled = await settle(outgoing.settlingKeys(), (read) =>
        outgoing.settle(read, fence, reply.body, nowSeconds()),
      )
      Object.assign(cursor, { after: keys[size - 1], most: mostAtOnce })
      return settled && report(settled)
    }
    return refused(reply, size, keys[size - 1], cursor)
  }

  const refused = (reply: Reply, size: number, last: string | undefined, cursor: Cursor) => {
    const { code, status, retryAfterMs } = refusalOf(engine, reply)
    emit({ type: 'failed', what: 'reconcile', code, ...(status && { status }) })
    if (status === 400 || status === 413) {
      // One of them may be what the gateway stumbles over: the others are not to wait for it.
      if (size > 1) cursor.most = Math.ceil(size / 2)
      else Object.assign(cursor, { after: last, most: mostAtOnce })
      return undefined
    }
    const away = !reply.document || reply.status === 429 || reply.status >= 500
    return Math.max(away ? retryAgainMs : refusedAgainMs, retryAfterMs ?? 0)
  }

  /** Sends until nothing waits, the vault is away, or somebody else sends. */
  const drain = async (): Promise<Drained> => {
    const cursor: Cursor = { after: undefined, most: mostAtOnce }
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
          const [left] = await list(undefined, 1)
          // What is left was answered with `retry`, or is what the gateway stumbled over.
          return left ? { empty: false, againMs: retryAgainMs } : await finish(fence)
        }
        for (const { key, value, revision } of listed) rows.push(key, value, revision)
        const keys = listed.map(({ key }) => key)
        const againMs = await sendNext(fence, rows, keys, cursor)
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
