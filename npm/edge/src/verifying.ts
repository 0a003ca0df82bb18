// The types of a verifier: the same on both modules.
export type {
  CreateVerifier,
  DemandOptions,
  IssuerKeySet,
  Proof,
  TokenOptions,
  Verified,
  Verifier,
} from './verifier.js'
export type {
  IssuerOptions,
  IssuersOptions,
  ServiceOptions,
  SignatureAlgorithm,
  VerifierOptions,
} from './options.js'
export type {
  Durations,
  Phase,
  RefusedEvent,
  TrapEvent,
  VerifiedEvent,
  VerifierEvent,
} from './events.js'
export type {
  StatusListOptions,
  StatusListRevocation,
} from './revocation/status-list-revocation.js'
