// The store: small sealed rows that outlive the page where anything of the page does. Rows lie in IndexedDB; while that is
// not to be had, in localStorage; failing that, in this page's memory; and each answer says how much it is worth.
/// <reference lib="esnext.disposable" preserve="true" />
import { createStore } from './store-calls.js'
import type { StoreEvent } from './store-events.js'

export { lead, type Led, type LeadOptions, type Turn } from './lead.js'
export type { StoreCause, StoreEvent } from './store-events.js'
export { LingpaiError, type LingpaiErrorOptions } from './errors.js'
export type { ErrorCode } from './codes.js'

/** Where rows are kept now. */
export type StoreTier = 'indexeddb' | 'localstorage' | 'memory'

/**
 * What a row survives. `strict`: once acknowledged, also a loss of power, as far as the browser can tell. `relaxed`: the end
 * of page, tab and browser. `best_effort`: a reload, mostly; the browser writes it when it likes. `volatile`: nothing.
 */
export type Durability = 'strict' | 'relaxed' | 'best_effort' | 'volatile'

/** A value, and the revision that it came with. */
export interface Row {
  value: string
  /** Another one with each write of this key, and never one that was there before. */
  revision: number
}

/** Changes that happen together or not at all. */
export interface Batch {
  /** What must not have changed: the revision of each key as it was read, 0 for a row that was not there. */
  expect?: { key: string; revision: number }[]
  put?: { key: string; value: string }[]
  delete?: string[]
  /** `strict` for what must not be lost once it was acknowledged, `relaxed` for what can be had again. */
  durability: 'strict' | 'relaxed'
  /**
   * What it has to be worth at least. With less nothing is written, in no place, and the write rejects with
   * `storage_unavailable`. For rows that are only right together: those that wait in a lesser place move up one by one. Where
   * IndexedDB kept silent until the patience ran out it may have the batch after all, whole.
   */
  least?: 'strict' | 'relaxed'
}

/** What became of a batch. */
export type Written =
  | { committed: true; durability: Durability }
  | { committed: false; conflicts: { key: string; revision: number }[] }

/** Options of {@link openStore}. */
export interface OpenStoreOptions {
  /** Stores of different names share nothing: 1 to 32 of `a-z 0-9 -`. */
  name: string
  /** Told about everything that happens to the store. No event holds a value. */
  onEvent?: (event: StoreEvent) => void
  /** Gives up the opening. */
  signal?: AbortSignal
  /**
   * How long IndexedDB may keep silent before the store goes on without it. No call waits longer, unless the module itself fails: then
   * 3 s more. Default 1500.
   */
  openTimeoutMs?: number
}

/** A store. Keys are 1 to 512 printable ASCII characters. */
export interface Store extends AsyncDisposable {
  /** Where rows go now. It may change at any time, and an event says so. */
  readonly tier: StoreTier
  /** Whether rows there are sealed under a key that the browser does not show, or merely made unreadable to the eye. */
  readonly atRest: 'encrypted' | 'obfuscated' | 'memory'
  /** How often the store was lost and began anew. */
  readonly epoch: number
  /** The rows of these keys, `undefined` where there is none. All of one moment. */
  read(keys: readonly string[]): Promise<(Row | undefined)[]>
  /**
   * Rows whose key begins with `prefix` and comes after `after`, in the order of their keys. No row: the end. Those that cannot be read
   * are passed over, and do not count.
   */
  list(range: { prefix: string; after?: string; limit: number }): Promise<({ key: string } & Row)[]>
  /** All of a batch, or nothing if a row is not as expected. Resolves only once it is committed. */
  write(batch: Batch): Promise<Written>
  /** Waits for what is under way. Every later call rejects with `closed`. */
  close(): Promise<void>
}

/**
 * Opens a store. Never rejects for want of storage: what there is says {@link Store.tier}.
 *
 * Rejects with a `TypeError` for wrong usage, with the signal's reason when it is aborted, and with `internal` where
 * WebAssembly does not start.
 */
export function openStore(options: OpenStoreOptions): Promise<Store> {
  return createStore(options)
}
