// What happens to a store, in words that an app can log: keys and causes, never a value.
import type { StoreTier } from './store.js'

/** Why something happened to a store. */
export type StoreCause =
  /** The browser refuses storage to this page. */
  | 'denied'
  /** There is no such storage here. */
  | 'missing'
  /** It keeps silent: another tab holds it, or it hangs. */
  | 'silent'
  /** The connection was closed, or failed. */
  | 'lost'
  /** There is no room left. */
  | 'quota'
  /** It answers again. */
  | 'back'

/** Something that happened to a store. `atMs` is the page's own clock (Unix milliseconds). */
export type StoreEvent = { atMs: number; store: string } & (
  | {
      /** Rows are kept elsewhere from now on. `moved`: how many came along from a lesser place. */
      type: 'tier_changed'
      from: StoreTier | undefined
      to: StoreTier
      cause: StoreCause | undefined
      moved: number
    }
  | {
      /** What was kept there is gone, or older than it was: cleared, evicted or damaged. `epoch` counts such losses. */
      type: 'storage_lost'
      tier: StoreTier
      epoch: number
    }
  | {
      /**
       * A row that is not to be believed: `malformed`, `tampered` (altered, moved here from another key, or sealed under a
       * key that is gone), `replayed` (older than the last one), `missing` (deleted behind our back), `unknown` (of a newer
       * version, and left untouched). It counts as absent, except if unknown.
       */
      type: 'row_quarantined'
      tier: StoreTier
      key: string
      reason: 'malformed' | 'tampered' | 'replayed' | 'missing' | 'unknown'
    }
  | {
      /** A write found no room, and went to a lesser place. */
      type: 'capacity'
      tier: StoreTier
    }
  | {
      /** Rows of a lesser place were not taken over: what lay in the better one was newer. */
      type: 'superseded'
      rows: number
    }
  | {
      /** The module failed and was started anew. */
      type: 'restarted'
    }
)
