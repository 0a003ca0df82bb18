// Operations that the vault will never take: kept until somebody has looked at them.
import type { RowStore } from './store'
import type { DeadLetter } from './types'

const prefix = 'dead/'

/** Up to `limit` dead letters after the one with that id. */
export async function listDeadLetters(
  store: RowStore,
  { after, limit = 100 }: { after?: string; limit?: number } = {},
): Promise<DeadLetter[]> {
  const from = after === undefined ? undefined : prefix + after
  const rows = await store.list({ prefix, after: from, limit })
  return rows.map(({ key, value }) => read(key.slice(prefix.length), value))
}

/** All of them, as one JSON text. */
export async function exportDeadLetters(store: RowStore, install: string): Promise<string> {
  const letters: DeadLetter[] = []
  for (;;) {
    const last = letters[letters.length - 1]
    const range = last === undefined ? { limit: 200 } : { limit: 200, after: last.id }
    const more = await listDeadLetters(store, range)
    if (more.length === 0) return JSON.stringify({ install, letters })
    letters.push(...more)
  }
}

/** Deletes dead letters that somebody has taken care of. */
export async function discardDeadLetters(store: RowStore, ids: readonly string[]): Promise<void> {
  await store.write({ delete: ids.map((id) => prefix + id), strict: true })
}

function read(id: string, text: string): DeadLetter {
  try {
    const { op, field, token, sealed, error } = JSON.parse(text) as Record<string, string>
    if (op && field && token && sealed && error) return { id, op, field, token, error, sealed }
  } catch (_) {
    // Damaged: shown as it is.
  }
  return { id, op: '', field: '', token: '', error: 'malformed', sealed: text }
}
