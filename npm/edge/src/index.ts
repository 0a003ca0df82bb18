// The verifier and what belongs to it. Issuing lives in `./authority`, partners' calls in `./partner`.
export { createVerifier } from './verifier.js'
export type { TokenOptions, Verified, Verifier } from './verifier.js'
export type { VerifierEvent, VerifierOptions } from './options.js'
export { familyRevocation } from './revocation.js'
export type { FamilyRevocationOptions, FamilyStore } from './revocation.js'
export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export { challenge, problemResponse, toProblem } from './problem.js'
export type { ChallengeOptions, Problem } from './problem.js'
export type { Keys } from './keys.js'
export type { KeysEvent } from './remote.js'
export type {
  Claims,
  Jwk,
  JwkSet,
  ReplayStore,
  RequestLike,
  RevocationSource,
  SharedKey,
} from './types.js'
