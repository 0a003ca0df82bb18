// Asking many shards at once: one call for each of them, and what none of them answered stays open.
import type { VaultSettings } from './options.js'
import type { ShardStore } from './store.js'

/**
 * Asks each item's shard for it, all items of one shard in one call. Gives an answer for each item, in their order; `undefined`
 * for those whose shard did not answer.
 */
export async function askShards<I, A>(
  settings: VaultSettings,
  tenant: string,
  items: readonly I[],
  shardOf: (item: I) => number,
  ask: (shard: ShardStore, items: I[], number: number) => Promise<A[]>,
): Promise<(A | undefined)[]> {
  const groups = new Map<number, number[]>()
  items.forEach((item, at) => {
    const shard = shardOf(item)
    const group = groups.get(shard)
    if (group) group.push(at)
    else groups.set(shard, [at])
  })
  const answers = new Array<A | undefined>(items.length).fill(undefined)
  await Promise.all(
    [...groups].map(async ([number, places]) => {
      const wanted = places.map((at) => items[at] as I)
      try {
        const given = await ask(settings.store.shard(tenant, number), wanted, number)
        places.forEach((at, index) => (answers[at] = given[index]))
      } catch (cause) {
        settings.onEvent({ type: 'unavailable', cause })
      }
    }),
  )
  return answers
}
