// What a tokenizer needs of a store. The one of `@lingpai/h5/store` is such a store; services bring their own.
/// <reference lib="esnext.disposable" preserve="true" />

/** What is kept under a key. */
export interface Row {
  value: string
  /** Another one each time that the row is written; at least 1. */
  revision: number
}

/** One transaction: all of it or nothing. */
export interface Batch {
  /** What must not have changed: the revision of each key as it was read, 0 for a row that was not there. */
  expect?: { key: string; revision: number }[]
  put?: { key: string; value: string }[]
  delete?: string[]
  /** `strict`: it has to survive a loss of power before anybody hears of it. */
  durability: 'strict' | 'relaxed'
  /**
   * With less than this nothing may be written, in no place, and `write` rejects: the rows are only right together. A store that says
   * `committed` all the same, with less, is not relied on any more.
   */
  least?: 'strict'
}

/** What became of a transaction. */
export type Written =
  | { committed: true; durability: 'strict' | 'relaxed' | 'best_effort' | 'volatile' }
  | { committed: false; conflicts: { key: string; revision: number }[] }

/** A store of small rows. Keys are printable ASCII. */
export interface TokenizerStore extends AsyncDisposable {
  /** What kind of store it is; `custom` is one of the host's own, and durable. */
  readonly tier: 'indexeddb' | 'localstorage' | 'memory' | 'custom'
  /** How often it was lost and began anew, where it knows. */
  readonly epoch?: number
  /** The rows of these keys, `undefined` where there is none. All of one moment. */
  read(keys: readonly string[]): Promise<(Row | undefined)[]>
  /** Rows whose key begins with `prefix` and comes after `after`, in the order of their keys. */
  list(range: { prefix: string; after?: string; limit: number }): Promise<({ key: string } & Row)[]>
  /** Resolves only once it is committed. */
  write(batch: Batch): Promise<Written>
  close(): Promise<void>
}

/** Whether what it keeps now outlives the page. */
export function isDurable({ tier }: TokenizerStore): boolean {
  return tier === 'indexeddb' || tier === 'custom'
}
