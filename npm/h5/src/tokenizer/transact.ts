// Read, decide, write: and again where somebody else, in another tab or process, was faster.
import { LingpaiError, toLingpaiError } from '../errors.js'
import type { StoreRows } from '../wasm/lingpai_tokenizer_bg.js'
import type { Engine } from './engine.js'
import type { Batch, TokenizerStore } from './store.js'

/** Runs decisions on a store. */
export interface Transact {
  /**
   * Reads the rows of `keys` and writes what `decide` makes of them. `decide` runs again where a row has changed in between;
   * without a batch nothing is written. Rejects with `storage_unavailable` where that never comes to an end, or the store
   * fails.
   */
  <T>(
    keys: readonly string[],
    decide: (rows: StoreRows) => { batch?: Batch | undefined; result: T },
  ): Promise<{ result: T }>
}

const attempts = 60
const patience = 3

/** Makes the function for a store. */
export function createTransact(
  engine: Engine,
  store: TokenizerStore,
  closed: AbortSignal,
): Transact {
  return async (keys, decide) => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const rows = await readRows(engine, store, keys)
      let decided
      try {
        decided = decide(rows)
      } finally {
        rows.free()
      }
      const { batch, result } = decided
      if (!batch || isEmpty(batch)) return { result }
      const written = await storing(store.write(batch))
      if (written.committed) return { result }
      // Those who met once would meet again.
      if (attempt > patience) {
        closed.throwIfAborted()
        await shortly(Math.random() * Math.min(2 * attempt, 40))
      }
    }
    throw new LingpaiError('storage_unavailable', { message: 'the store has no turn for us' })
  }
}

// Too short to listen for an end meanwhile: Node takes many listeners of one signal for a leak.
function shortly(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Rows as the module takes them. The caller frees them. */
export async function readRows(
  engine: Engine,
  store: TokenizerStore,
  keys: readonly string[],
): Promise<StoreRows> {
  const read = await storing(store.read(keys))
  const rows = new engine.StoreRows()
  keys.forEach((key, index) => rows.set(key, read[index]?.value, read[index]?.revision ?? 0))
  return rows
}

/** What a store rejects with, as one of our errors. */
export async function storing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const error = toLingpaiError(cause)
    throw error.code === 'internal' ? new LingpaiError('storage_unavailable', { cause }) : error
  }
}

function isEmpty({ put, delete: deleted }: Batch): boolean {
  return !put?.length && !deleted?.length
}
