// Sends what waits: oldest first, in batches, each settled before the next. It may stop anywhere and go on anywhere: whatever was
// not settled goes again, and the vault takes it once.
import type { Field } from '../engine/engine'
import { operations } from './operations'
import { checkOpen, see, type AccountFacts, type Parts } from './parts'
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
  size: number
  policy: string
  body: string
  keys: string[]
}

/** Where a pass through the outbox is, and how many go at once. */
interface Cursor {
  after: string | undefined
  most: number
}

let tokenizers = 0

/** Makes the sender of a tokenizer. */
export function createSender(parts: Parts) {
  const { kit, engine, holder, store, transact, vault, circuit, policies, emit, ledger } = parts
  const { host } = holder.settings
  const { jkt } = holder.device
  // Of all tokenizers of this process, which share the store, one sends.
  const owner = `mini-${++tokenizers}`
  const guarded = [accountKey, fenceKey]

  /** The fence as it was taken, or how long somebody else has it. */
  async function takeFence(): Promise<Field[] | number> {
    const wait = await transact([fenceKey], false, (rows) => {
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
    const settled = await transact(keys, true, (rows) => {
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

  async function finish(fence: Field[]): Promise<Drained> {
    const missing = await settle(guarded, (rows) =>
      engine.text(operations.writeOff, owner, ...fence, ...rows),
    )
    if (missing !== undefined) emit({ type: 'operations_lost', count: missing.lost || 0 })
    const listed = await store.list({ prefix: 'policy/', limit: 200 })
    const keys = listed.map(({ key }) => key)
    await transact([accountKey], false, (rows) => {
      const text = engine.text(operations.forgetPolicies, keys.length, ...keys, ...rows)
      return { batch: text === '' ? undefined : (JSON.parse(text) as Batch), result: undefined }
    })
    return { empty: true }
  }

  /** One request. Gives how long to wait before the next, if it is not to follow at once. */
  async function sendNext(
    fence: Field[],
    rows: readonly ListedRow[],
    cursor: Cursor,
  ): Promise<number | undefined> {
    const listed = listedFields(rows)
    const bury = (keyless: boolean, keys: readonly string[]) =>
      settle(keys, (read) =>
        engine.text(operations.bury, Number(keyless), owner, 1, ...fence, ...listed, ...read),
      )
    const first = engine.text(operations.next, 1, ...listed)
    if (first === '') {
      const unreadable = await bury(false, guarded)
      return unreadable && report(unreadable)
    }
    const head = JSON.parse(first) as Outgoing
    const held = await policies.find(head.policy)
    if (held === undefined || (held.jkt !== undefined && held.jkt !== jkt)) {
      // It is gone, or bound to a key that is gone: nobody can send this any more.
      const buried = await bury(true, head.keys)
      return buried && report(buried)
    }
    const passage = await circuit.enter()
    if (!passage.pass) return passage.waitMs
    const most = passage.probe ? Math.min(cursor.most, mostInProbe) : cursor.most
    const { size, body, keys } = JSON.parse(
      engine.text(operations.next, most, ...listed),
    ) as Outgoing
    const reply = await vault.askAs(held.text, held.jkt !== undefined, path, body, timeoutMs)
    await circuit.leave(reply, passage.probe)
    const last = (rows[size - 1] as ListedRow).key
    if (reply.status !== 200 || !reply.document) return refused(reply, size, last, cursor)
    const now = holder.gateway.nowSeconds()
    const settled = await settle(keys, (read) => {
      const fields = [reply.body, now, owner, most, ...fence, ...listed, ...read]
      return engine.text(operations.settle, ...fields)
    })
    Object.assign(cursor, { after: last, most: mostAtOnce })
    return settled && report(settled)
  }

  function refused(reply: Reply, size: number, last: string, cursor: Cursor): number | undefined {
    const {
      code,
      status,
      retryAfterMs = 0,
    } = vault.refusalOf(reply) as InstanceType<typeof kit.LingpaiError>
    emit(Object.assign({ type: 'failed', what: 'reconcile', code } as const, status && { status }))
    if (status === 400 || status === 413) {
      // One of them may be what the gateway stumbles over: the others are not to wait for it.
      if (size > 1) cursor.most = Math.ceil(size / 2)
      else Object.assign(cursor, { after: last, most: mostAtOnce })
      return undefined
    }
    const away = !reply.document || reply.status === 429 || reply.status >= 500
    return Math.max(away ? retryAgainMs : refusedAgainMs, retryAfterMs)
  }

  /** Sends until nothing waits, the vault is away, or somebody else sends. */
  async function drain(): Promise<Drained> {
    const cursor: Cursor = { after: undefined, most: mostAtOnce }
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
          const [left] = await store.list({ prefix: 'op/', limit: 1 })
          // What is left was answered with `retry`, or is what the gateway stumbled over.
          return left ? { empty: false, againMs: retryAgainMs } : await finish(fence)
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
    await store.write({ expect: [{ key: fenceKey, revision }], delete: [fenceKey] }, false)
  }

  return { drain, look, release }
}

/** The sender. */
export type Sender = ReturnType<typeof createSender>
