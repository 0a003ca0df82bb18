// The verifier and what belongs to it. Issuing lives in `./authority`, partners' calls in `./partner`.
import { engine } from './engine/verify.js'
import {
  statusListRevocationOf,
  type StatusListRevocation,
} from './revocation/status-list-revocation.js'
import { verifierOf, type CreateVerifier } from './verifier.js'

/** Makes a verifier. Throws a `TypeError` that names the option where one is wrong. */
export const createVerifier: CreateVerifier = /* @__PURE__ */ verifierOf(engine)
export type * from './verifying.js'
export { memoryReplayStore } from './memory-replay.js'
export type { MemoryReplayOptions, MemoryReplayStore } from './memory-replay.js'
export { createMetrics } from './metrics.js'
export type { HistogramSnapshot, Metrics, MetricsSnapshot } from './metrics.js'
export { serverTiming } from './server-timing.js'
export { familyRevocation } from './revocation/family.js'
export type {
  FamilyReplayStore,
  FamilyRevocationOptions,
  FamilyStore,
} from './revocation/family.js'
/** Makes a source of revocations from Token Status Lists. Throws a `TypeError` that names the option where one is wrong. */
export const statusListRevocation: StatusListRevocation =
  /* @__PURE__ */ statusListRevocationOf(engine)
export type { StatusListEvent } from './revocation/status-lists.js'
export { revocationByIssuer } from './revocation/by-issuer.js'
export { subjectRevocation } from './revocation/subject.js'
export type { SubjectRevocationOptions } from './revocation/subject.js'
export type { CutOff, CutOffStore } from './revocation/cut-off.js'
export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export { challenge, problemResponse, toProblem } from './problem.js'
export type { ChallengeOptions, Problem } from './problem.js'
export { cacheApiKeySets, kvKeySets } from './keys/index.js'
export type {
  CacheLike,
  Keys,
  KeySetCache,
  KeySetOptions,
  KeysEvent,
  KeysFailure,
  KeysOutcome,
  KeysState,
  KvNamespaceLike,
} from './keys/index.js'
export type {
  BurnOutcome,
  Claims,
  Jwk,
  JwkSet,
  ReplayStore,
  RequestLike,
  RevocationSource,
  RevocationWithReplay,
  RingKey,
  SharedKey,
} from './types.js'
