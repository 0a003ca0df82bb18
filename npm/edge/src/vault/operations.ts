// What an operator does with a vault: follow the rotation of the data key, and read the audit trail.
import { LingpaiError } from '../error.js'
import type { AuditEntry } from '../durable/vault/rows.js'
import type { VaultContext } from './registration.js'
import { failure } from './rates.js'

/** How far the rotation of the data key has come. */
export interface RotationReport {
  /** Values that are not under the key which serves. A key may go when this has been 0. */
  left: number
  /** Shards whose alarms go on with it. Where there are none and something is left, a key is missing from the ring. */
  busyShards: number
}

const atATime = 16

/** Begins a rotation in every shard. */
export async function rotateAll(context: VaultContext, tenant: string): Promise<RotationReport> {
  const { settings } = context
  const report = { left: 0, busyShards: 0 }
  for (let first = 0; first < settings.shards; first += atATime) {
    const numbers = shardsFrom(first, Math.min(first + atATime, settings.shards))
    const rotations = await Promise.all(
      numbers.map((number) => settings.store.shard(tenant, number).rotate()),
    )
    for (const { left, more } of rotations) {
      report.left += left
      report.busyShards += more ? 1 : 0
    }
  }
  return report
}

/** Numbers of shards. */
export function shardsFrom(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, at) => first + at)
}

const pageSize = 500
/** A page looks no further than this, although it may then be short or empty. */
const pageShards = 64
const position = /^(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,14})$/

/** A page of the audit trail, shard by shard. A position is `shard.seq`. */
export async function readTrail(
  context: VaultContext,
  tenant: string,
  after = '0.0',
): Promise<{ entries: AuditEntry[]; next?: string }> {
  const match = position.exec(after)
  if (!match) throw new LingpaiError('invalid_request')
  const { settings } = context
  let [shard, seq] = [Number(match[1]), Number(match[2])]
  const entries: AuditEntry[] = []
  const end = Math.min(settings.shards, shard + pageShards)
  while (shard < end && entries.length < pageSize) {
    let found: AuditEntry[]
    try {
      found = await settings.store.shard(tenant, shard).trail(seq, pageSize - entries.length)
    } catch (error) {
      throw failure(context, error)
    }
    for (const entry of found) entries.push({ ...entry, shard })
    const last = found.at(-1)
    if (last !== undefined && entries.length === pageSize) {
      return { entries, next: `${shard}.${last.seq}` }
    }
    shard++
    seq = 0
  }
  return shard < settings.shards ? { entries, next: `${shard}.0` } : { entries }
}
