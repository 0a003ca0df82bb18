// The page's side of a visit. Importing it takes the access token out of the address bar; see ./launch.
import './launch.js'

export { answerLaunch, type AnswerLaunchOptions } from './app.js'
export type { ErrorCode } from './codes.js'
export { createTokenizer } from './create-tokenizer.js'
export { LingpaiError, type LingpaiErrorOptions } from './errors.js'
export type { ExchangeKind, LaunchVia, VisitEvent } from './events.js'
export type { VisitClaims } from './holding.js'
export { openVisit } from './open-visit.js'
export type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationEvent,
  OperationHandle,
  OperationLimits,
  OperationResult,
} from './operation/types.js'
export type { JsonWebKeySet, LaunchConflict, MessageLaunch, OpenVisitOptions } from './options.js'
export {
  sealVisit,
  type SealedVisit,
  type SealVisitOptions,
  type VisitAnswer,
} from './seal-visit.js'
export type { DeadLetter } from './tokenizer/dead-letters.js'
export type { CircuitState, Paused, TokenizerEvent, TokenSource } from './tokenizer/events.js'
export type { Authorization, TokenizerOptions } from './tokenizer/options.js'
export type { TokenizerStore } from './tokenizer/store.js'
export type { Tokenizer, TokenizerStatus } from './tokenizer/tokenizer.js'
export type { VisitDurability } from './record.js'
export type { StoreCause, StoreEvent } from './store-events.js'
export type { Visit } from './visit.js'
