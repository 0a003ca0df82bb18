// Tokenizers without a page: for services, Workers and tests, which bring a store of their own. Pages find the same
// `createTokenizer` in the package's main entry.
import type { TokenizerOptions } from './tokenizer/options.js'
import { openTokenizer, type Tokenizer } from './tokenizer/tokenizer.js'

export type { ErrorCode } from './codes.js'
export { LingpaiError, type LingpaiErrorOptions } from './errors.js'
export type { DeadLetter } from './tokenizer/dead-letters.js'
export {
  createDurableStore,
  type DurableHost,
  type DurableTransaction,
} from './tokenizer/durable-store.js'
export type { CircuitState, Paused, TokenizerEvent, TokenSource } from './tokenizer/events.js'
export { createMemoryStore } from './tokenizer/memory-store.js'
export type { Authorization, TokenizerOptions } from './tokenizer/options.js'
export type { Batch, Row, TokenizerStore, Written } from './tokenizer/store.js'
export type { Wanted } from './tokenizer/tokenize.js'
export type { Tokenizer, TokenizerStatus } from './tokenizer/tokenizer.js'

/**
 * Makes a tokenizer for a service; see `createTokenizer` of the main entry, from which it differs in one thing: it opens no
 * store of its own. Without `store` it works in memory, and gives out nothing while the vault is away.
 */
export function createTokenizer(options: TokenizerOptions): Promise<Tokenizer> {
  return openTokenizer(options)
}
