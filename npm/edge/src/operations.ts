// Sensitive operations under an alias: the page acts on a stand-in of the account, the service executes with the account.
export { createOperations, type Operations } from './operations/operations.js'
export type {
  ExecuteOperation,
  Operation,
  OperationEvent,
  OperationOutcome,
  OperationsOptions,
} from './operations/options.js'
export type { AliasStore, OperationState } from './operations/store.js'
export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
