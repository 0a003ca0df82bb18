// The store at its word: one that takes for committed what it was not to write has lost the tokenizer's trust for good.
import { LingpaiError } from '../errors.js'
import type { TokenizerStore } from './store.js'

/** A store that is watched. */
export interface GuardedStore extends TokenizerStore {
  /** It said of a batch that had to be strict that it is committed, and less. Nothing that lies in it counts as kept. */
  readonly doubted: boolean
  /** In which of its lives it is, where it knows. */
  readonly life: number
}

/** Watches a store. */
export function guard(store: TokenizerStore): GuardedStore {
  let doubted = false
  const guarded: Omit<GuardedStore, typeof Symbol.asyncDispose> = {
    get doubted() {
      return doubted
    },
    get tier() {
      return doubted ? 'memory' : store.tier
    },
    get life() {
      return store.epoch ?? 0
    },
    read: (keys) => store.read(keys),
    list: (range) => store.list(range),
    async write(batch) {
      const written = await store.write(batch)
      if (batch.least && written.committed && written.durability !== batch.least) {
        doubted = true
        const message = `the store is ${written.durability}`
        throw new LingpaiError('storage_unavailable', { message })
      }
      return written
    },
    close: () => store.close(),
  }
  return guarded as GuardedStore
}
