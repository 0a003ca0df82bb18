// Tokenizers without a page: for services, Workers and tests, which bring a store of their own. Pages find the same
// `createTokenizer` in the package's main entry.
export type { ErrorCode } from './codes.js'
export { createTokenizer } from './create-tokenizer.js'
export { LingpaiError, type LingpaiErrorOptions } from './errors.js'
export type { DeadLetter } from './tokenizer/dead-letters.js'
export {
  createDurableStore,
  type DurableHost,
  type DurableTransaction,
} from './tokenizer/durable-store.js'
export type { CircuitState, TokenizerEvent, TokenSource } from './tokenizer/events.js'
export { createMemoryStore } from './tokenizer/memory-store.js'
export type { Authorization, TokenizerOptions } from './tokenizer/options.js'
export type { Batch, Row, TokenizerStore, Written } from './tokenizer/store.js'
export type { Wanted } from './tokenizer/tokenize.js'
export type { Tokenizer, TokenizerStatus } from './tokenizer/tokenizer.js'
