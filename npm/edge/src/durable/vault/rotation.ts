// Brings the values of a shard under the data key that seals now, a batch at a time. Where it has come to is kept, so that it
// goes on there whatever ends it.
import { engine } from '../../engine/full.js'
import { isLingpaiError } from '../../error.js'
import type { Resource } from '../../engine.js'
import type { Run } from '../schema.js'
import { kidOf } from './shard.js'

/** How far a rotation has come. */
export interface Rotation {
  /** Values under another key than the one that seals now. */
  left: number
  /** Whether a batch is still to be done. What is left without one cannot be opened: its key is not in the ring. */
  more: boolean
}

const batch = 200

/** Does a batch. `begin` starts from the first value again. */
export function rotate(
  run: Run,
  keys: Resource,
  tenant: string,
  begin: boolean,
  nowSeconds: number,
): Rotation {
  const { glue } = engine
  const active = keys.use((number) => glue.dataKeysActive(number, nowSeconds))
  let cursor = (begin ? undefined : factOf(run, 'rotation')) ?? ''
  const rows = run(
    'SELECT value, field, record FROM values_ WHERE kid IS NOT NULL AND kid <> ? AND value > ? ORDER BY value LIMIT ?',
    active,
    cursor,
    batch,
  )
  for (const row of rows) {
    const [value, field, record] = [row['value'], row['field'], row['record']].map(String) as [
      string,
      string,
      string,
    ]
    cursor = value
    const renewed = resealed(keys, tenant, field, value, record, nowSeconds)
    if (renewed !== undefined) {
      run('UPDATE values_ SET record = ?, kid = ? WHERE value = ?', renewed, kidOf(renewed), value)
    }
  }
  const more = rows.length === batch
  keepFact(run, 'rotation', more ? cursor : '')
  const [left] = run(
    'SELECT count(*) AS number FROM values_ WHERE kid IS NOT NULL AND kid <> ?',
    active,
  )
  return { left: Number(left?.['number'] ?? 0), more }
}

/** The record under the new key; nothing where its own key is not to be had, so that the others go on. */
function resealed(
  keys: Resource,
  tenant: string,
  field: string,
  value: string,
  record: string,
  nowSeconds: number,
): string | undefined {
  try {
    return keys.use((number) =>
      engine.glue.dataKeysReseal(number, tenant, field, value, record, nowSeconds),
    )
  } catch (error) {
    if (isLingpaiError(error) && ['key_not_found', 'decryption_failed'].includes(error.code)) {
      return undefined
    }
    throw error
  }
}

/** Whether records are sealed under another key than before: those that are here have to follow. */
export function keyChanged(run: Run, tenant: string, record: string | undefined): boolean {
  if (record === undefined) return false
  const kid = kidOf(record)
  const known = factOf(run, 'kid')
  if (known === kid) return false
  keepFact(run, 'kid', kid)
  keepFact(run, 'tenant', tenant)
  keepFact(run, 'rotation', '')
  return known !== undefined
}

/** A fact about the shard, if it is kept. */
export function factOf(run: Run, name: string): string | undefined {
  const [fact] = run('SELECT text FROM facts WHERE name = ?', name)
  return fact && String(fact['text'])
}

function keepFact(run: Run, name: string, text: string): void {
  run(
    'INSERT INTO facts (name, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text',
    name,
    text,
  )
}
