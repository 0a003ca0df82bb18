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

/** Begins with the first value, does a batch, and counts what is left. */
export function begin(run: Run, keys: Resource, tenant: string, nowSeconds: number): Rotation {
  const active = activeKey(keys, nowSeconds)
  // By the index of keys, and so no more rows than are left.
  const left = () => {
    const [row] = run(
      `SELECT (SELECT count(*) FROM values_ WHERE kid < ?1)
        + (SELECT count(*) FROM values_ WHERE kid > ?1) AS number`,
      active,
    )
    return Number(row?.['number'] ?? 0)
  }
  if (left() === 0) {
    end(run)
    return { left: 0, more: false }
  }
  keepFact(run, 'rotation', '')
  const more = goOn(run, keys, tenant, nowSeconds)
  return { left: left(), more }
}

/** Whether a rotation has begun and not ended: reads one row. */
export function isRotating(run: Run): boolean {
  return factOf(run, 'rotation') !== undefined
}

/** Does a batch, and tells whether another is still to be done. Reads no row that it has been past. */
export function goOn(run: Run, keys: Resource, tenant: string, nowSeconds: number): boolean {
  const active = activeKey(keys, nowSeconds)
  let cursor = factOf(run, 'rotation') ?? ''
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
  if (more) keepFact(run, 'rotation', cursor)
  else end(run)
  return more
}

function end(run: Run): void {
  run("DELETE FROM facts WHERE name = 'rotation'")
}

function activeKey(keys: Resource, nowSeconds: number): string {
  return keys.use((number) => engine.glue.dataKeysActive(number, nowSeconds))
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
  // The first value of a shard leaves none behind.
  if (known !== undefined) keepFact(run, 'rotation', '')
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
