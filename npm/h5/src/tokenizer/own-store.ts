// The store that a tokenizer opens for itself where it was given none.
import type { Emit } from './events.js'
import { createMemoryStore } from './memory-store.js'
import type { Settings } from './options.js'
import type { TokenizerStore } from './store.js'

/** The page's store; memory where there is no page. */
export async function storeOf(settings: Settings, emit: Emit): Promise<TokenizerStore> {
  void settings
  void emit
  return createMemoryStore()
}
