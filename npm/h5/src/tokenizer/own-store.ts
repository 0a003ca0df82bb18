// The store that a tokenizer opens for itself where it was given none: one for each user, client and gateway, so that nobody
// comes near what somebody else left on the same device.
import type { openStore } from '../store.js'
import type { Emit } from './events.js'
import { createMemoryStore } from './memory-store.js'
import type { Settings } from './options.js'
import type { TokenizerStore } from './store.js'

/** A thousand operations are one commit, which takes a slow device longer than a store of small rows would wait. */
const openTimeoutMs = 4_000

/** Opens stores of the page. */
export type OpenStore = typeof openStore

/** The page's store under that name; memory where there is no page. */
export async function storeOf(
  { visit, signal }: Settings,
  name: string,
  open: OpenStore | undefined,
  emit: Emit,
): Promise<TokenizerStore> {
  if (!visit || !open) return createMemoryStore()
  return open({
    name,
    openTimeoutMs,
    onEvent({ type }) {
      if (type === 'storage_lost') emit({ type })
    },
    ...(signal && { signal }),
  })
}
