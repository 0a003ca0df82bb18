// Rows and transactions, as the store and the module take them.
import type { Field } from '../engine/engine'

/** What is kept under a key. */
export interface Row {
  value: string
  /** Another one each time that the row is written; at least 1. */
  revision: number
}

/** A row with its key. */
export interface ListedRow extends Row {
  key: string
}

/** One transaction: all of it or nothing. */
export interface Batch {
  /** What must not have changed: the revision of each key as it was read, 0 for a row that was not there. */
  expect?: { key: string; revision: number }[]
  put?: { key: string; value: string }[]
  delete?: string[]
  /** It has to be kept before anybody hears of it, or not to be written at all. */
  strict?: boolean
}

/** The key of the account. */
export const accountKey = 'account'
/** The key of the circuit breaker. */
export const circuitKey = 'breaker'
/** The key of the fence. */
export const fenceKey = 'fence'

/** Fields for rows that were read, and keys that were looked for in vain. */
export function rowFields(keys: readonly string[], rows: readonly (Row | undefined)[]): Field[] {
  const fields: Field[] = []
  keys.forEach((key, at) => {
    const row = rows[at]
    fields.push(key, row && row.value, row ? row.revision : 0)
  })
  return fields
}

/** Fields for rows that were listed. */
export function listedFields(rows: readonly ListedRow[]): Field[] {
  const fields: Field[] = [rows.length]
  for (const { key, value, revision } of rows) fields.push(key, value, revision)
  return fields
}

/** Fields for a time in milliseconds: no number beyond 32 bits crosses the border. */
export function moment(ms: number): Field[] {
  return [Math.floor(ms / 1000), Math.floor(ms) % 1000]
}
