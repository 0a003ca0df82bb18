// Whose the values of a shard are, by the keyed name of a person: everybody who had a value tokenized is one of its owners. So a
// person's values can be erased without anybody keeping the tokens, and nobody's go with them that are others' too.
import type { Run } from '../schema.js'
import { erase } from './audit.js'
import type { Actor } from './rows.js'

const batch = 500

/** What an erasure of a person came to. */
export interface OwnerErased {
  /** Values that were erased in this shard, with those of earlier calls. */
  items: number
  /** Whether the same call has to be made again. */
  more: boolean
}

/** Notes that a person has had values tokenized. */
export function own(run: Run, holder: string, values: readonly string[]): void {
  for (const value of values) {
    run('INSERT INTO owners (holder, value) VALUES (?, ?) ON CONFLICT DO NOTHING', holder, value)
  }
}

/** Refuses a person who has been erased: what was under way must not bring anything back. */
export function assertNotErased(run: Run, holder: string): void {
  const [erased] = run('SELECT 1 FROM erased WHERE holder = ?', holder)
  if (erased !== undefined) throw new Error('This person has been erased from the vault')
}

/** Erases a batch of the values that are this person's alone, and lets none of theirs come any more until `untilSeconds`. */
export function eraseOwner(
  run: Run,
  { tenant, holder, by }: { tenant: string; holder: string; by: Actor },
  untilSeconds: number,
  nowSeconds: number,
  keepSeconds: number,
): OwnerErased {
  run(
    'INSERT INTO erased (holder, items, until) VALUES (?, 0, ?) ON CONFLICT DO NOTHING',
    holder,
    untilSeconds,
  )
  const rows = run(
    `DELETE FROM owners WHERE holder = ?1
      AND value IN (SELECT value FROM owners WHERE holder = ?1 LIMIT ?2) RETURNING value`,
    holder,
    batch,
  )
  const theirs = rows.map(({ value }) => String(value)).filter((value) => !isOwned(run, value))
  const gone = erase(
    run,
    theirs.map((value) => ({ tenant, field: fieldOf(run, value), value, by })),
    nowSeconds,
    keepSeconds,
  )
  const [erased] = run(
    'UPDATE erased SET items = items + ? WHERE holder = ? RETURNING items',
    gone.filter(Boolean).length,
    holder,
  )
  return { items: Number(erased?.['items']), more: rows.length === batch }
}

function isOwned(run: Run, value: string): boolean {
  return run('SELECT 1 FROM owners WHERE value = ? LIMIT 1', value).length > 0
}

function fieldOf(run: Run, value: string): string {
  return String(run('SELECT field FROM values_ WHERE value = ?', value)[0]?.['field'])
}
