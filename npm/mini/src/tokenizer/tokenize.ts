// Values to tokens: by the vault while it is there, by the ladder while it is not. A token that was made here is returned only
// once its operation is kept.
import type { TokenSource } from './events'
import { operations } from './operations'
import { checkOpen, type Parts } from './parts'
import type { HeldPolicy } from './policies'
import { accountKey, type Batch } from './rows'
import type { Wanted } from './types'

interface Given {
  token: string
  source: TokenSource
}

const path = '/v1/tokens'
const itemsAtOnce = 100
/** Of the quarter megabyte that the vault reads, with room for escapes. */
const bytesAtOnce = 128 * 1024
/** Values that are remembered, by the hash of what they are to the policy. */
const mostRemembered = 10_000
const policyChanges = 3

/** Makes the function behind `tokenize` and `tokenizeMany`; `degraded` is told that operations wait. */
export function createTokenize(parts: Parts, degraded: () => void) {
  const { kit, engine, store, transact, vault, circuit, policies, emit, ledger, holder } = parts
  const { LingpaiError } = kit
  const { host } = holder.settings
  // No key here is one that cannot be read, so values are found again in memory alone, and only while their operation waits.
  const waiting = new Map<string, string>()
  let last: Promise<unknown> = Promise.resolve()

  function printOf({ field, value }: Wanted): string {
    const policy = policies.seen()
    const message =
      policy === undefined
        ? `${field}\0${value}`
        : engine.text(operations.message, policy.id, field, value)
    return engine.text(operations.encode, engine.call(operations.sha256, message))
  }

  /** Nothing where the vault is away. */
  async function online(wanted: readonly Wanted[]): Promise<string[] | undefined> {
    const passage = await circuit.enter('tokens')
    if (!passage.pass) return undefined
    const items = wanted.map(({ field, value }, at) => ({ op: String(at), field, value }))
    const body = JSON.stringify({ items })
    const reply = await vault.ask(path, body, 'application/json', parts.onlineTimeoutMs)
    if (!(await circuit.leave('tokens', reply, passage.probe))) return undefined
    if (reply.status >= 300) throw vault.refusalOf(reply)
    const results = readAnswer(reply.body, wanted.length)
    for (const { refused } of results) {
      if (refused !== undefined)
        throw new LingpaiError('claim_invalid', { message: `claim_invalid (${refused})` })
    }
    const tokens = results.map(({ token }) => token)
    return tokens.some((token) => token === undefined) ? undefined : (tokens as string[])
  }

  function readAnswer(body: string, count: number): { token?: string; refused?: string }[] {
    try {
      return JSON.parse(engine.text(operations.readAnswer, body, count))
    } catch (_) {
      // A document, but none of the vault's: as good as none.
      return [{}]
    }
  }

  async function offline(wanted: readonly Wanted[], prints: readonly string[]): Promise<Given[]> {
    // Somebody else may have asked for the same meanwhile.
    const given = prints.map((print) => knownOf(print))
    const open = indices(given)
    if (open.length === 0) return given as Given[]
    for (let change = 1; ; change++) {
      checkOpen(parts)
      const policy = await policies.current()
      if (policy === undefined)
        throw new LingpaiError('temporarily_unavailable', {
          message: 'temporarily_unavailable (policy)',
        })
      try {
        const placed = await place(
          policy,
          open.map((at) => wanted[at] as Wanted),
        )
        placed.forEach((it, index) => {
          const at = open[index] as number
          given[at] = it
          if (waiting.size >= mostRemembered) waiting.clear()
          waiting.set(prints[at] as string, it.token)
        })
        ledger.pending += placed.length
        degraded()
        return given as Given[]
      } catch (thrown) {
        // Another policy was taken over in between.
        if (kit.toLingpaiError(thrown).code !== 'closed' || change === policyChanges) throw thrown
      }
    }
  }

  function place(policy: HeldPolicy, wanted: readonly Wanted[]): Promise<Given[]> {
    const pairs: string[] = []
    const keys = [accountKey]
    for (const { field, value } of wanted) {
      pairs.push(field, value)
      const pool = `pool/${field}`
      if (keys.indexOf(pool) < 0) keys.push(pool)
    }
    return transact(keys, (rows) => {
      const now = holder.gateway.nowSeconds()
      const standing = [Number(store.durable), Number(policies.isOurs(policy)), now]
      const fields = [policy.id, ...standing, wanted.length, ...pairs, ...rows]
      const { batch, placed } = JSON.parse(engine.text(operations.degrade, ...fields)) as {
        batch: Batch
        placed: { token: string; rung: TokenSource }[]
      }
      return { batch, result: placed.map(({ token, rung }) => ({ token, source: rung })) }
    })
  }

  const knownOf = (print: string): Given | undefined => {
    const token = waiting.get(print)
    return token === undefined ? undefined : { token, source: 'known' }
  }

  async function run(wanted: readonly Wanted[], prints: readonly string[]): Promise<Given[]> {
    const given = prints.map(knownOf)
    for (const chunk of chunks(indices(given), wanted)) {
      const tokens = await online(chunk.map((at) => wanted[at] as Wanted))
      if (tokens === undefined) break
      chunk.forEach(
        (at, index) => (given[at] = { token: tokens[index] as string, source: 'vault' }),
      )
    }
    const left = indices(given)
    if (left.length === 0) return given as Given[]
    const pick = <It>(all: readonly It[]) => left.map((at) => all[at] as It)
    const turn = last.then(() => offline(pick(wanted), pick(prints)))
    last = turn.catch(() => {})
    ;(await turn).forEach((it, index) => (given[left[index] as number] = it))
    return given as Given[]
  }

  async function tokenize(wanted: readonly Wanted[]): Promise<string[]> {
    const startedMs = host.now()
    // The same value gets the same token, also within one call.
    const prints = wanted.map(printOf)
    const first = prints.map((print) => prints.indexOf(print))
    const own = first.filter((at, index) => at === index)
    const given = await run(
      own.map((at) => wanted[at] as Wanted),
      own.map((at) => prints[at] as string),
    )
    const all = first.map((at) => given[own.indexOf(at)] as Given)
    const counts: Partial<Record<TokenSource, number>> = {}
    for (const { source } of all) counts[source] = (counts[source] || 0) + 1
    const [{ field }] = wanted as [Wanted]
    const common = wanted.every((it) => it.field === field) ? field : undefined
    emit({ type: 'tokenized', field: common, counts, elapsedMs: host.now() - startedMs })
    return all.map(({ token }) => token)
  }

  return {
    tokenize,
    /** Nothing waits any more: from now on the vault is asked. */
    forget: () => waiting.clear(),
  }
}

function indices(given: readonly (Given | undefined)[]): number[] {
  const open: number[] = []
  given.forEach((it, at) => it === undefined && open.push(at))
  return open
}

/** Requests of a size that the vault reads. */
function chunks(open: readonly number[], wanted: readonly Wanted[]): number[][] {
  const all: number[][] = []
  let bytes = 0
  for (const at of open) {
    const size = (wanted[at] as Wanted).value.length * 3 + 128
    const chunk = all[all.length - 1]
    if (chunk === undefined || chunk.length === itemsAtOnce || bytes + size > bytesAtOnce) {
      all.push([at])
      bytes = size
    } else {
      chunk.push(at)
      bytes += size
    }
  }
  return all
}
