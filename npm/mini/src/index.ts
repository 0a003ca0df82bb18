// @lingpai/mini: login, tokens and requests where there is no web.
export { createMini, type Mini, type MiniStatus, type MiniVisit } from './mini'
export type { Further } from './further'
export { alipay, type AlipayExtras, type My } from './hosts/alipay'
export { douyin, type Tt } from './hosts/douyin'
export { baidu, kuaishou, qq, type Ks, type Qq, type Swan } from './hosts/plain'
export { wechat, type Wx } from './hosts/wechat'
export type { WasmLike } from './hosts/wx-like'
export type {
  DeadLetter,
  Tokenizer,
  TokenizerOptions,
  TokenizerStatus,
  Wanted,
} from './tokenizer/types'
export type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationEvent,
  OperationHandle,
  OperationLimits,
  OperationResult,
} from './operation/types'
export type { CircuitState, Paused, TokenizerEvent, TokenSource } from './tokenizer/events'
export type { Host, HostRequest, HostResponse, LoginCode } from './host'
export type { MiniEvent } from './events'
export type { MiniOptions } from './options'
export type { MiniRequest, MiniResponse } from './request'
export type { Token } from './keeper'
export { LingpaiError } from './errors'
export type { ErrorCode } from './codes'
