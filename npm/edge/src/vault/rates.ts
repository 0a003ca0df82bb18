// How often somebody may ask. Counted in the object that is the person's, whatever the number of their visits and devices.
import { LingpaiError } from '../error.js'
import type { Rate } from '../durable/vault/holder.js'
import { TooMany, Unavailable } from './answers.js'
import type { VaultContext } from './registration.js'

const hour = 3600

/**
 * Takes from all rates of an hour or from none. Refuses with `TooMany` where one of them is used up, and with `identity_erased` whom the
 * vault has erased.
 */
export async function take(
  context: VaultContext,
  { tenant, holder }: { tenant: string; holder: string },
  rates: readonly Rate[],
): Promise<void> {
  let wait: number | 'erased' | undefined
  try {
    wait = await context.settings.store.holder(tenant, holder).take([...rates], hour)
  } catch (error) {
    throw failure(context, error)
  }
  if (wait === 'erased') throw new LingpaiError('identity_erased')
  if (wait !== undefined) throw new TooMany(wait)
}

/** How many there are of each field. */
export function countByField(fields: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1)
  return counts
}

/** Whatever a store says that is none of ours means that it did not answer. */
export function failure({ settings }: VaultContext, error: unknown): Error {
  if (error instanceof TooMany || error instanceof Unavailable) return error
  settings.onEvent({ type: 'unavailable', cause: error })
  return new Unavailable()
}
