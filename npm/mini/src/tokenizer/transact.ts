// Read, decide, write: and again where somebody else was faster, such as another tokenizer of the same mini-program.
import type { Field } from '../engine/engine'
import type { Kit } from '../kit'
import { rowFields, type Batch } from './rows'
import type { RowStore } from './store'

/** What was decided on the rows that were read. */
export interface Decided<Result> {
  batch?: Batch | undefined
  result: Result
}

/** Runs decisions on a store. Rejects with `storage_unavailable` where that never comes to an end, or the store fails. */
export type Transact = <Result>(
  keys: readonly string[],
  decide: (rows: Field[]) => Decided<Result>,
) => Promise<Result>

const attempts = 30

/** Makes the function for a store. */
export function createTransact({ LingpaiError }: Kit, store: RowStore): Transact {
  return async (keys, decide) => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { batch, result } = decide(rowFields(keys, await store.read(keys)))
      if (batch === undefined || isEmpty(batch)) return result
      if (await store.write(batch)) return result
    }
    throw new LingpaiError('storage_unavailable', { message: 'the store has no turn for us' })
  }
}

function isEmpty({ put = [], delete: deleted = [] }: Batch): boolean {
  return put.length + deleted.length === 0
}
