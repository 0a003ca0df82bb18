// Sends what waits: oldest first, in batches, each settled before the next. It may stop anywhere and go on anywhere: whatever was
// not settled goes again, and the vault takes it once.
import type { ErrorCode } from '../codes'
import type { Field } from '../engine/engine'
import { operations } from './operations'
import { checkOpen, see, type AccountFacts, type Parts } from './parts'
import type { HeldPolicy } from './policies'
import {
  accountKey,
  fenceKey,
  listedFields,
  moment,
  rowFields,
  type Batch,
  type ListedRow,
} from './rows'
import type { Reply } from './vault'

/** What became of an attempt: nothing waits any more, or when to try again. */
export type Drained = { empty: true } | { empty: false; againMs: number }

const path = '/v1/reconcile'
const timeoutMs = 10_000
const mostAtOnce = 100
/** A probe is not to be a burden. */
const mostInProbe = 10
const refusedAgainMs = 60_000
const retryAgainMs = 2_000

interface Settled {
  batch: Batch
  done?: number
  dead?: number
  retry?: number
  lost?: number
}

interface Outgoing {
  /** What it was made of, as the module reads it again. */
  fields: Field[]
  size: number
  /** Their policy, and its key in the store. */
  jti: string
  policy: string
  body: string
  keys: string[]
  /** The key of the last of them. */
  last: string
}

/** Where a pass through the outbox is, how many go at once, and what is left for a later pass. */
interface Cursor {
  after: string | undefined
  most: number
  /** Policies that cannot be used now, by their `jti`. */
  barred: string[]
  retry: boolean
}

let tokenizers = 0

/** Makes the sender of a tokenizer. */
export function createSender(parts: Parts) {
  const { kit, engine, holder, store, transact, vault, circuit, policies, emit, ledger } = parts
  const { host } = holder.settings
  // Of all tokenizers of this process, which share the store, one sends.
  const owner = `mini-${++tokenizers}`
  const guarded = [accountKey, fenceKey]

  /** The fence as it was taken, or how long somebody else has it. */
  async function takeFence(): Promise<Field[] | number> {
    const wait = await transact([fenceKey], (rows) => {
      const fields = [owner, ...moment(host.now()), ...rows]
      const tried = JSON.parse(engine.text(operations.takeFence, ...fields)) as {
        batch?: Batch
        waitMs?: number
      }
      return { batch: tried.batch, result: tried.waitMs }
    })
    if (wait !== undefined) return wait
    return rowFields([fenceKey], await store.read([fenceKey]))
  }

  /** Applies what is known of a batch; the account is seen anew on the way. Nothing where there is nothing to apply. */
  async function settle(keys: readonly string[], decide: (rows: Field[]) => string) {
    const settled = await transact(keys, (rows) => {
      const text = decide(rows)
      const settled = text === '' ? undefined : (JSON.parse(text) as Settled)
      return { batch: settled && settled.batch, result: settled }
    })
    if (settled !== undefined) await look()
    return settled
  }

  /** Whether there is an account. */
  async function look(): Promise<boolean> {
    const rows = rowFields([accountKey], await store.read([accountKey]))
    const account = engine.text(operations.account, ...rows)
    if (account !== '') see(ledger, JSON.parse(account) as AccountFacts)
    return account !== ''
  }

  const report = ({ done = 0, dead = 0, retry = 0 }: Settled): undefined => {
    emit({ type: 'reconciled', done, dead, retry, pending: ledger.pending })
  }

  /**
   * Whether that is all. The account has to have been read before the outbox was seen empty, and to be the same still: an operation
   * that came in between waits there, and is not lost.
   */
  async function finish(seen: Field[], fence: Field[]): Promise<boolean> {
    const missing = engine.text(operations.writeOff, owner, ...fence, ...seen)
    if (missing !== '') {
      const { batch, lost = 0 } = JSON.parse(missing) as Settled
      if (!(await store.write(batch))) return false
      await look()
      emit({ type: 'operations_lost', count: lost })
      // The account is another by now.
      return false
    }
    const listed = await store.list({ prefix: 'policy/', limit: 200 })
    const keys = listed.map(({ key }) => key)
    const forgotten = engine.text(operations.forgetPolicies, keys.length, ...keys, ...seen)
    return forgotten === '' || (await store.write(JSON.parse(forgotten) as Batch))
  }

  /** Those of the rows that go together: all of one policy. */
  function nextOf(rows: readonly ListedRow[], most: number, { barred }: Cursor): Outgoing {
    const fields = [most, barred.length, ...barred, ...listedFields(rows)]
    return Object.assign(JSON.parse(engine.text(operations.next, ...fields)) as Outgoing, {
      fields,
    })
  }

  /** One request. Gives how long to wait before the next, if it is not to follow at once. */
  async function sendNext(
    fence: Field[],
    rows: readonly ListedRow[],
    cursor: Cursor,
  ): Promise<number | undefined> {
    const unreadable = await settle(guarded, (read) =>
      engine.text(operations.buryUnreadable, owner, ...fence, ...listedFields(rows), ...read),
    )
    if (unreadable !== undefined) return report(unreadable)
    const all = nextOf(rows, mostAtOnce, cursor)
    if (all.size === 0) {
      cursor.after = (rows[rows.length - 1] as ListedRow).key
      return undefined
    }
    const held = await usable(all)
    if (typeof held === 'string') return setAside(all, fence, cursor, held)
    const passage = await circuit.enter('reconcile')
    if (!passage.pass) return passage.waitMs
    const most = passage.probe ? Math.min(cursor.most, mostInProbe) : cursor.most
    const outgoing = nextOf(rows, most, cursor)
    const { body, keys, fields, last } = outgoing
    const reply = await vault.askAs(held.text, held.jkt !== undefined, path, body, timeoutMs)
    await circuit.leave('reconcile', reply, passage.probe)
    if (reply.status !== 200 || !reply.document) return refused(reply, outgoing, fence, cursor)
    const now = holder.gateway.nowSeconds()
    const settled = await settle(keys, (read) =>
      engine.text(operations.settle, reply.body, now, owner, ...fence, ...fields, ...read),
    )
    Object.assign(cursor, { after: last, most: mostAtOnce })
    if (settled === undefined) return undefined
    cursor.retry = cursor.retry || (settled.retry || 0) > 0
    return report(settled)
  }

  /** The policy, or why it cannot be used now. */
  async function usable({ policy }: Outgoing): Promise<HeldPolicy | ErrorCode> {
    try {
      const held = await policies.find(policy)
      return held !== undefined && policies.isOurs(held) ? held : 'key_binding_mismatch'
    } catch (thrown) {
      checkOpen(parts)
      const { code } = kit.toLingpaiError(thrown)
      // The store's failures are not the policy's.
      if (code === 'storage_unavailable') throw thrown
      return code
    }
  }

  /** Operations that cannot be sent now make room for others. They stay, for as long as they could be sent still. */
  async function setAside(
    { jti, policy, keys, fields }: Outgoing,
    fence: Field[],
    { barred }: Cursor,
    code: ErrorCode,
    status?: number,
  ): Promise<undefined> {
    const [row] = await store.read([policy])
    const isHere = Number(code !== 'key_binding_mismatch')
    const why = [row && row.value, isHere, holder.gateway.nowSeconds()]
    const buried = await settle(keys, (read) =>
      engine.text(operations.bury, ...why, owner, ...fence, ...fields, ...read),
    )
    if (buried !== undefined) return report(buried)
    failed(code, status)
    barred.push(jti)
  }

  const failed = (code: ErrorCode, status: number | undefined) =>
    emit(
      status === undefined
        ? { type: 'failed', what: 'reconcile', code }
        : { type: 'failed', what: 'reconcile', code, status },
    )

  async function refused(
    reply: Reply,
    outgoing: Outgoing,
    fence: Field[],
    cursor: Cursor,
  ): Promise<number | undefined> {
    const { code, status, retryAfterMs = 0 } = vault.refusalOf(reply)
    if (status === 400 || status === 413) {
      failed(code, status)
      // One of them may be what the gateway stumbles over: the others are not to wait for it.
      const { size, last } = outgoing
      if (size > 1) cursor.most = Math.ceil(size / 2)
      else Object.assign(cursor, { after: last, most: mostAtOnce })
      return undefined
    }
    const away = !reply.document || reply.status === 429 || reply.status >= 500
    // A refusal of the policy, which is the credential here.
    if (!away) return setAside(outgoing, fence, cursor, code, status)
    failed(code, status)
    return Math.max(retryAgainMs, retryAfterMs)
  }

  /** Sends until nothing waits, the vault is away, or somebody else sends. */
  async function drain(): Promise<Drained> {
    const cursor: Cursor = { after: undefined, most: mostAtOnce, barred: [], retry: false }
    await look()
    // A store that cannot be read knows nothing: what it does not list is not gone.
    if (!store.durable) return { empty: false, againMs: retryAgainMs }
    const [waits] = await store.list({ prefix: 'op/', limit: 1 })
    if (waits === undefined && ledger.pending === 0) return { empty: true }
    for (;;) {
      checkOpen(parts)
      try {
        const fence = await takeFence()
        if (typeof fence === 'number') return { empty: false, againMs: fence }
        const rows = await store.list({ prefix: 'op/', after: cursor.after, limit: mostAtOnce })
        if (!store.durable) throw new kit.LingpaiError('storage_unavailable')
        if (rows.length === 0) {
          const seen = rowFields(guarded, await store.read(guarded))
          const [left] = await store.list({ prefix: 'op/', limit: 1 })
          if (!store.durable) throw new kit.LingpaiError('storage_unavailable')
          if (left !== undefined) {
            // It was answered with `retry`, is what the gateway stumbled over, or cannot be sent now.
            const { barred, retry } = cursor
            const refused = barred.length > 0 && !retry
            return { empty: false, againMs: refused ? refusedAgainMs : retryAgainMs }
          }
          if (await finish(seen, fence)) return { empty: true }
          cursor.after = undefined
          continue
        }
        const againMs = await sendNext(fence, rows, cursor)
        if (againMs !== undefined) return { empty: false, againMs }
      } catch (thrown) {
        checkOpen(parts)
        const { code, retryAfterMs } = kit.toLingpaiError(thrown)
        // `closed` says that the fence is somebody else's by now: the answer is worth nothing, and they send it again.
        if (code !== 'closed') emit({ type: 'failed', what: 'reconcile', code })
        return { empty: false, againMs: retryAfterMs || retryAgainMs }
      }
    }
  }

  /** Lets others send. */
  async function release(): Promise<void> {
    const [fence] = await store.read([fenceKey])
    if (fence === undefined || fence.value.indexOf(`"${owner}"`) < 0) return
    const { revision } = fence
    await store.write({ expect: [{ key: fenceKey, revision }], delete: [fenceKey] })
  }

  return { drain, look, release }
}

/** The sender. */
export type Sender = ReturnType<typeof createSender>
