// Erasing values: those that tokens stand for, or all that are one person's.
import { engine } from '../engine/full.js'
import { LingpaiError } from '../error.js'
import type { Actor } from '../durable/vault/rows.js'
import { shardsFrom } from './operations.js'
import type { VaultContext } from './registration.js'
import { askShards } from './shards.js'
import { meanings, questionsOf } from './tokens.js'

const day = 86_400

// Longer than any policy is taken and remembered: 30 days and a week.
const closedSeconds = 40 * day

const atATime = 16

/** Erases the values of tokens. */
export async function erase(
  context: VaultContext,
  tenant: string,
  questions: readonly { field: string; token: string }[],
  by: Actor,
): Promise<{ token: string; erased: boolean }[]> {
  const asked = questionsOf(context, tenant, JSON.stringify({ items: questions }))
  const known = await meanings(context, tenant, asked)
  const { settings } = context
  const erased = await askShards(
    settings,
    tenant,
    known,
    ({ meaning }) => meaning.shard,
    (shard, items) =>
      shard.erase(
        items.map(({ question, meaning }) => ({
          tenant,
          field: question.field,
          value: meaning.value,
          by,
        })),
        settings.seconds.auditRetention,
      ),
  )
  if (erased.includes(undefined)) throw new LingpaiError('storage_unavailable')
  const found = new Map(known.map(({ question }, at) => [question, erased[at] === true]))
  return asked.map((question) => ({
    token: question.token,
    erased: found.get(question) ?? false,
  }))
}

/** Erases the values that are a person's alone. Gives how many; the same again gives the same number. */
export async function eraseSubject(
  { settings, vault }: VaultContext,
  tenant: string,
  subject: string,
  by: Actor,
): Promise<number> {
  const holder = vault.use((number) => engine.glue.vaultHolder(number, tenant, subject))
  const until = Math.floor(settings.now() / 1000) + closedSeconds
  const eraseIn = async (number: number): Promise<number> => {
    const shard = settings.store.shard(tenant, number)
    for (;;) {
      const { items, more } = await shard.eraseOwner(
        { tenant, holder, by },
        until,
        settings.seconds.auditRetention,
      )
      if (!more) return items
    }
  }
  let sum = 0
  try {
    // First: whoever asks from now on hears that it is over, and does not take it for an outage.
    await settings.store.holder(tenant, holder).close(until)
    for (let first = 0; first < settings.shards; first += atATime) {
      const numbers = shardsFrom(first, Math.min(first + atATime, settings.shards))
      const erased = await Promise.all(numbers.map(eraseIn))
      sum = erased.reduce((sum, items) => sum + items, sum)
    }
  } catch (error) {
    settings.onEvent({ type: 'unavailable', cause: error })
    throw new LingpaiError('storage_unavailable', { cause: error })
  }
  return sum
}
