// Values to tokens: by the vault while it is there, by the ladder while it is not. A token that was made here is returned only
// once its operation is durable.
import { LingpaiError, toLingpaiError } from '../errors.js'
import { unlessAborted } from '../waiting.js'
import type { StoreRows } from '../wasm/lingpai_tokenizer_bg.js'
import type { TokenSource } from './events.js'
import type { createTags } from './lookup-key.js'
import type { Parts } from './parts.js'
import { isDurable, type Batch } from './store.js'
import { readRows } from './transact.js'
import { refusalOf } from './vault.js'

/** A value with its field. */
export interface Wanted {
  value: string
  field: string
}

interface Given {
  token: string
  source: TokenSource
}

const path = '/v1/tokens'
const itemsAtOnce = 100
/** Of the quarter megabyte that the vault reads, with room for escapes. */
const bytesAtOnce = 128 * 1024
/** Values whose token this page remembers where there is no key to find them by. */
const mostRemembered = 10_000
const policyChanges = 3

/** Makes the function behind `tokenize` and `tokenizeMany`. */
export function createTokenize(
  parts: Parts,
  tagsOf: ReturnType<typeof createTags>,
  findable: boolean,
  degraded: () => void,
) {
  const { engine, settings, store, transact, vault, circuit, policies, emit, closed } = parts
  const { nowSeconds, ledger } = parts
  const remembered = new Map<string, string>()

  const messagesOf = (wanted: readonly Wanted[]) => {
    const policy = policies.seen()?.policy
    return wanted.map(({ field, value }) =>
      policy ? policy.lookupMessage(field, value) : `${field}\0${value}`,
    )
  }

  // The same value has the same token for as long as its operation waits, in every tab, also once the vault is back.
  const waiting = async (tags: readonly string[]): Promise<(string | null)[]> => {
    if (!findable || store.doubted) return tags.map(() => null)
    const rows = await readRows(engine, store, keysOf(tags))
    const tokens = waitingOf(rows, tags)
    rows.free()
    return tokens
  }

  const keysOf = (tags: readonly string[]) => tags.filter(Boolean).map((tag) => `known/${tag}`)
  const waitingOf = (rows: StoreRows, tags: readonly string[]) =>
    JSON.parse(engine.waitingTokens(rows, [...tags])) as (string | null)[]

  // Nothing where the vault is away.
  const online = async (wanted: readonly Wanted[]): Promise<string[] | undefined> => {
    const passage = await circuit.enter('tokens')
    if (!passage.pass) return undefined
    const fields = wanted.map(({ field }) => field)
    const values = wanted.map(({ value }) => value)
    const body = engine.tokensRequest(fields, values)
    const reply = await vault.ask(path, body, 'application/json', settings.onlineTimeoutMs)
    const there = await circuit.leave('tokens', reply, passage.probe)
    if (!there) return undefined
    if (reply.status >= 300) throw refusalOf(engine, reply)
    const results = readAnswer(reply.body, wanted.length)
    const refused = results.find((result) => result.refused !== undefined)
    if (refused) {
      const message = `claim_invalid (${refused.refused})`
      throw new LingpaiError('claim_invalid', { message })
    }
    if (results.some((result) => result.token === undefined)) return undefined
    return results.map((result) => result.token!)
  }

  const readAnswer = (body: string, count: number) => {
    try {
      return JSON.parse(engine.tokensAnswer(body, count)) as {
        token?: string
        refused?: string
      }[]
    } catch {
      // A document, but none of the vault's: as good as none.
      return [{}]
    }
  }

  // Remembers the vault's tokens. Gives those that another tab has given out for the same values meanwhile, and which wait.
  const keep = async (tags: readonly string[], tokens: readonly string[]) => {
    const keys = keysOf(tags)
    if (keys.length === 0 || store.doubted) return []
    try {
      const { result } = await transact(keys, (rows) => {
        const batch = engine.remember(rows, [...tags], [...tokens], nowSeconds())
        return { batch: JSON.parse(batch) as Batch, result: waitingOf(rows, tags) }
      })
      return result
    } catch {
      // A convenience for later; the vault has said what counts.
      return []
    }
  }

  const offline = async (wanted: readonly Wanted[], tags: string[]): Promise<Given[]> => {
    const fields = wanted.map(({ field }) => field)
    const values = wanted.map(({ value }) => value)
    const keys = engine.degradeKeys(fields, tags)
    for (let change = 1; ; change++) {
      const held = await policies.own()
      if (!held) throw new LingpaiError('temporarily_unavailable', { message: 'no policy' })
      try {
        const { result } = await transact(keys, (rows) => {
          const isOurs = policies.isOurs(held)
          const standing = new engine.Standing(isDurable(store), isOurs, store.life, nowSeconds())
          const text = engine.degrade(rows, held.policy, fields, values, tags, standing)
          const { batch, placed } = JSON.parse(text) as {
            batch: Batch
            placed: { token: string; rung: TokenSource }[]
          }
          return { batch, result: placed }
        })
        const made = result.filter(({ rung }) => rung !== 'known').length
        ledger.pending += made
        if (made > 0) degraded()
        return result.map(({ token, rung }) => ({ token, source: rung }))
      } catch (thrown) {
        // Another tab has taken over another policy in between.
        if (toLingpaiError(thrown).code !== 'closed' || change === policyChanges) throw thrown
        closed.throwIfAborted()
      }
    }
  }

  const rest = async (wanted: readonly Wanted[], tags: string[], given: (Given | undefined)[]) => {
    const open = () => given.flatMap((it, index) => (it ? [] : [index]))
    for (const chunk of chunks(open(), wanted)) {
      const tokens = await online(chunk.map((index) => wanted[index]!))
      if (!tokens) break
      const elsewhere = await keep(
        chunk.map((index) => tags[index]!),
        tokens,
      )
      chunk.forEach((at, index) => {
        const token = elsewhere[index]
        given[at] = token ? { token, source: 'known' } : { token: tokens[index]!, source: 'vault' }
      })
    }
    const left = open()
    if (left.length === 0) return
    const placed = await offline(
      left.map((index) => wanted[index]!),
      left.map((index) => tags[index]!),
    )
    left.forEach((at, index) => (given[at] = placed[index]))
  }

  const run = async (wanted: readonly Wanted[]): Promise<string[]> => {
    const startedMs = performance.now()
    const messages = messagesOf(wanted)
    const tags = await tagsOf(messages)
    const known = await waiting(tags)
    const given: (Given | undefined)[] = messages.map((message, index) => {
      const token = known[index] ?? (findable ? undefined : remembered.get(message))
      return token === undefined ? undefined : { token, source: 'known' }
    })
    await rest(wanted, tags, given)
    const counts: Partial<Record<TokenSource, number>> = {}
    given.forEach((it, index) => {
      const { source, token } = it!
      counts[source] = (counts[source] ?? 0) + 1
      if (findable || source === 'vault') return
      if (remembered.size >= mostRemembered) remembered.clear()
      remembered.set(messages[index]!, token)
    })
    const [first] = wanted
    const field = wanted.every((it) => it.field === first?.field) ? first?.field : undefined
    emit({ type: 'tokenized', field, counts, elapsedMs: performance.now() - startedMs })
    return given.map((it) => it!.token)
  }

  return (wanted: readonly Wanted[], signal: AbortSignal | undefined): Promise<string[]> =>
    unlessAborted(run(wanted), signal)
}

// Requests of a size that the vault reads.
function* chunks(indices: readonly number[], wanted: readonly Wanted[]) {
  let chunk: number[] = []
  let bytes = 0
  for (const index of indices) {
    const size = wanted[index]!.value.length * 3 + 128
    if (chunk.length === itemsAtOnce || (chunk.length > 0 && bytes + size > bytesAtOnce)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(index)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}
