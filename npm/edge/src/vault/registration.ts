// Registers values with their shards and gives their canonical tokens.
import { engine } from '../engine/full.js'
import type { Resource } from '../engine.js'
import type { Registered, Registration } from '../durable/vault/rows.js'
import type { VaultSettings } from './options.js'
import { askShards } from './shards.js'

/** A value that came in, as the core prepared it. */
export interface Incoming extends Registration {
  shard: number
}

/** A value that is registered. */
export interface Known {
  value: string
  shard: number
  canonical: string
}

/** What every part of the vault works with. */
export interface VaultContext {
  settings: VaultSettings
  vault: Resource
}

/** Registers values of a person; `undefined` for those that could not be, about which nothing is known. */
export async function register(
  { settings, vault }: VaultContext,
  { tenant, holder }: { tenant: string; holder: string },
  incoming: readonly Incoming[],
): Promise<(Known | undefined)[]> {
  const registered = await askShards(
    settings,
    tenant,
    incoming,
    ({ shard }) => shard,
    (shard, items) => shard.register(tenant, holder, items.map(registration)),
  )
  return incoming.map(({ field, shard }, at) => {
    const answer = registered[at]
    if (answer === null) settings.onEvent({ type: 'exhausted', field, shard })
    if (!answer) return undefined
    const { value, count } = answer
    return { value, shard, canonical: tokenOf(vault, tenant, field, shard, count) }
  })
}

function registration({ fingerprint, field, value, record, limit }: Incoming): Registration {
  return { fingerprint, field, value, record, limit }
}

/** The token of a shard with that count: the canonical one of a value, or one of a pool. */
export function tokenOf(
  vault: Resource,
  tenant: string,
  field: string,
  shard: number,
  count: Registered['count'],
): string {
  return vault.use((number) => engine.glue.vaultToken(number, tenant, field, shard, count))
}
