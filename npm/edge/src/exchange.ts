// Token exchange for mini-programs: login codes of WeChat, Alipay, Douyin, Baidu, QQ and Kuaishou become visit tokens.
import { answerTokenExchange } from './exchange/answer.js'
import { readSetup, type ExchangeOptions } from './exchange/options.js'
import {
  checkSession,
  openPayload,
  phoneNumber,
  type AlipayPayload,
  type EncryptedPayload,
  type PhoneCode,
  type PhoneNumber,
  type SignedPayload,
  type VisitClaims,
} from './exchange/payloads.js'

export { decideClaim } from './authority/ledger.js'
export type { ClaimDecision, LoginClaim } from './authority/ledger.js'
export { askPlatform } from './exchange/ask.js'
export type { Asked, ExchangeLedger, LoginCall } from './exchange/ask.js'
export { callPlatform } from './exchange/call.js'
export type { PlatformAnswer, PlatformCall } from './exchange/call.js'
export type {
  AlipayMiniProgram,
  CodeMeaning,
  DouyinMiniProgram,
  MiniProgram,
  MiniProgramRegistry,
  SecretMiniProgram,
} from './exchange/clients.js'
export type { ExchangeEvent } from './exchange/events.js'
export type { ExchangeOptions } from './exchange/options.js'
export type {
  AlipayPayload,
  EncryptedPayload,
  PhoneCode,
  PhoneNumber,
  SignedPayload,
  VisitClaims,
} from './exchange/payloads.js'
export type { AppToken, PlatformStore, SessionTimes } from './exchange/store.js'

/** What mini-programs need of a server. A session key never leaves it. */
export interface Exchange {
  /** `POST {gateway}/v1/exchange`: logs in and refreshes. Answers every request and never rejects. */
  answer(request: Request): Promise<Response>
  /**
   * Opens `encryptedData`, or checks the signature over `rawData`, of the user of a verified visit, and gives the object in it.
   * Each payload is accepted once.
   *
   * Rejects with `session_stale` where the login that it belongs to was replaced: log in, then fetch the data, in this
   * order. `malformed` for its shape, `decryption_failed` or `signature_invalid` for its content, `watermark_mismatch`,
   * `subject_mismatch`, `payload_expired`, `payload_replayed`, `access_denied`, `storage_unavailable`.
   */
  openPayload(
    visit: VisitClaims,
    payload: EncryptedPayload | SignedPayload,
  ): Promise<Record<string, unknown>>
  /** The phone number of the user of a verified visit. Rejects as {@link Exchange.openPayload}, and as logins are refused. */
  phoneNumber(
    visit: VisitClaims,
    payload: PhoneCode | EncryptedPayload | AlipayPayload,
  ): Promise<PhoneNumber>
  /** Whether WeChat knows the stored session of a visit as the valid one. Rejects as logins are refused. */
  checkSession(visit: VisitClaims): Promise<boolean>
}

/** Makes an exchange. Throws a `TypeError` that names the option where one is wrong. */
export function createExchange(options: ExchangeOptions): Exchange {
  const setup = readSetup(options)
  return {
    answer: (request) => answerTokenExchange(request, setup),
    openPayload: (visit, payload) => openPayload(visit, payload, setup),
    phoneNumber: (visit, payload) => phoneNumber(visit, payload, setup),
    checkSession: (visit) => checkSession(visit, setup),
  }
}
