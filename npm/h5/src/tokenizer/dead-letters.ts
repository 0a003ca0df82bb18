// Operations that the vault will never take: kept until somebody has looked at them.
import type { TokenizerStore } from './store.js'
import { storing } from './transact.js'

/** An operation that was refused for good. Its value is sealed to the vault's key; nobody here can read it. */
export interface DeadLetter {
  /** Its place among the dead letters. */
  id: string
  /** The operation's id. */
  op: string
  field: string
  /** The token that was given out. It stands for nothing, or for something else. */
  token: string
  /**
   * `conflict`: a token of the pool that stood for another value already. What the vault refused: `expired`, `over_cap`,
   * `bad_binding`, `bad_value`, `op_conflict`. `key_binding_mismatch`: the key of its policy is gone. `malformed`: the row was
   * damaged, and `sealed` holds what is left of it.
   */
  error: string
  /** The sealed operation (JWE). */
  sealed: string
}

const prefix = 'dead/'

/** Up to `limit` dead letters after the one with that id. */
export async function listDeadLetters(
  store: TokenizerStore,
  { after, limit = 100 }: { after?: string; limit?: number } = {},
): Promise<DeadLetter[]> {
  const range = { prefix, limit, ...(after && { after: prefix + after }) }
  const rows = await storing(store.list(range))
  return rows.map(({ key, value }) => read(key.slice(prefix.length), value))
}

/** Deletes dead letters that somebody has taken care of. */
export async function discardDeadLetters(
  store: TokenizerStore,
  ids: readonly string[],
): Promise<void> {
  await storing(store.write({ delete: ids.map((id) => prefix + id), durability: 'strict' }))
}

function read(id: string, text: string): DeadLetter {
  try {
    const { op, field, token, sealed, error } = JSON.parse(text) as Record<string, string>
    if (op && field && token && sealed && error) return { id, op, field, token, error, sealed }
  } catch {
    // Damaged: shown as it is.
  }
  return { id, op: '', field: '', token: '', error: 'malformed', sealed: text }
}
