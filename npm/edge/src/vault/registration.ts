// Registers values with their shards and gives their canonical tokens. Where a token of a pool became canonical and whoever
// brought it did not come to its end, this finishes it: until it is bound, that token would lead nowhere.
import { engine } from '../engine/full.js'
import type { Resource } from '../engine.js'
import type { Registered, Registration } from '../durable/vault/rows.js'
import type { VaultSettings } from './options.js'
import { askShards } from './shards.js'

/** A value that came in, as the core prepared it. */
export interface Incoming extends Omit<Registration, 'candidate'> {
  shard: number
  candidate?: string
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

/** Registers values; `undefined` for those that could not be, about which nothing is known. */
export async function register(
  { settings, vault }: VaultContext,
  tenant: string,
  incoming: readonly Incoming[],
): Promise<(Known | undefined)[]> {
  const registered = await askShards(
    settings,
    tenant,
    incoming,
    ({ shard }) => shard,
    (shard, items) => shard.register(tenant, items.map(registration)),
  )
  const known = incoming.map((item, at): (Known & { bound: boolean }) | undefined => {
    const answer = registered[at]
    if (answer === null) {
      settings.onEvent({ type: 'exhausted', field: item.field, shard: item.shard })
    }
    if (!answer) return undefined
    const { value, bound } = answer
    const canonical = tokenOf(vault, tenant, item.field, item.shard, answer)
    return { value, shard: item.shard, canonical, bound }
  })
  const unbound = incoming.flatMap((item, at) => {
    const value = known[at]
    return value && !value.bound ? [{ at, item, value }] : []
  })
  const bound = await bindCanonical({ settings, vault }, tenant, unbound)
  unbound.forEach(({ at }, index) => {
    if (!bound[index]) known[at] = undefined
  })
  return known
}

function registration({
  fingerprint,
  field,
  value,
  record,
  limit,
  candidate,
}: Incoming): Registration {
  return {
    fingerprint,
    field,
    value,
    record,
    limit,
    ...(candidate !== undefined && { candidate }),
  }
}

/** The canonical token of a value of a shard. */
export function tokenOf(
  vault: Resource,
  tenant: string,
  field: string,
  shard: number,
  { token, count }: Registered,
): string {
  if (token !== undefined) return token
  return vault.use((number) => engine.glue.vaultToken(number, tenant, field, shard, count ?? -1))
}

/** Binds tokens of pools to the values whose canonical ones they are. Gives whether each is bound now. */
async function bindCanonical(
  { settings, vault }: VaultContext,
  tenant: string,
  unbound: readonly { item: Incoming; value: Known }[],
): Promise<boolean[]> {
  const bindings = unbound.map(({ item, value }) => {
    const text = vault.use((number) =>
      engine.glue.vaultBinding(number, tenant, item.field, value.canonical, item.fingerprint),
    )
    const { shard: home, mark } = JSON.parse(text) as { shard: number; mark: string }
    const { canonical: token, value: id, shard } = value
    return { home, binding: { token, field: item.field, mark, value: id, shard } }
  })
  const bound = await askShards(
    settings,
    tenant,
    bindings,
    ({ home }) => home,
    (shard, items) => shard.bind(items.map(({ binding }) => binding)),
  )
  const confirmed = bindings.filter((_, at) => bound[at] !== undefined)
  await askShards(
    settings,
    tenant,
    confirmed,
    ({ binding }) => binding.shard,
    async (shard, items) => {
      await shard.confirm(items.map(({ binding }) => binding.value))
      return items.map(() => true)
    },
  )
  // Bound is what counts. Where the note is missing, the next one binds again, which changes nothing.
  return bound.map((meaning) => meaning !== undefined)
}
