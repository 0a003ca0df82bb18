// Every error code, generated from the list in lingpai-core by `cargo xtask build`. Do not edit.

/** Why something was refused or failed: a closed union, the same in every Lingpai package. */
export type ErrorCode =
  /** The user or a policy does not allow it. */
  | 'access_denied'
  /** The algorithm is unknown, not allowed here, or not the key's. */
  | 'algorithm_not_allowed'
  /** The alias is unknown, used up, expired, or somebody else's. */
  | 'alias_invalid'
  /** The identifier belongs to another identity in this area. */
  | 'already_registered'
  /** The answer belongs to another request. */
  | 'answer_mismatch'
  /** The token is meant for somebody else. */
  | 'audience_mismatch'
  /** A claim or member is missing or has the wrong type or value. */
  | 'claim_invalid'
  /** The token belongs to another client. */
  | 'client_mismatch'
  /** The visit or object has been closed. */
  | 'closed'
  /** The login code was used before. */
  | 'code_used'
  /** The header demands an extension that is not supported. */
  | 'critical_header'
  /** The text does not decrypt under this key, or was altered. */
  | 'decryption_failed'
  /** A JSON object has the same name twice. */
  | 'duplicate_member'
  /** The host gives no randomness that a key could be made of. */
  | 'entropy_missing'
  /** The source of randomness repeats itself. */
  | 'entropy_weak'
  /** The idempotency key was used for another request. */
  | 'idempotency_conflict'
  /** The account identifier has too few kinds of characters, or too few characters to vary. */
  | 'identifier_unsuitable'
  /** The identity has been erased, or is being erased. */
  | 'identity_erased'
  /** There is no such identity. */
  | 'identity_unknown'
  /** The token does not carry the scope that is needed. */
  | 'insufficient_scope'
  /** A fault of the software itself. */
  | 'internal'
  /** The client is unknown or did not authenticate. */
  | 'invalid_client'
  /** The login code is unknown to its platform, or has expired. */
  | 'invalid_code'
  /** The proof of possession is not acceptable. */
  | 'invalid_dpop_proof'
  /** The token presented for exchange is not acceptable. */
  | 'invalid_grant'
  /** The request is malformed or cannot be decrypted. */
  | 'invalid_request'
  /** The scope asked for is unknown or not allowed. */
  | 'invalid_scope'
  /** The audience or page asked for is unknown or not allowed. */
  | 'invalid_target'
  /** The token comes from another issuer. */
  | 'issuer_mismatch'
  /** The token is bound to another key. */
  | 'key_binding_mismatch'
  /** There is no key to do this with. */
  | 'key_not_found'
  /** The key is malformed, weak, or not meant for this use. */
  | 'key_unusable'
  /** The launch belongs to another user than the visit at hand. */
  | 'launch_conflict'
  /** The page was opened without a launch. */
  | 'launch_missing'
  /** A framed page needs a launch that is bound to its key. */
  | 'launch_not_bound'
  /** The token claims to live longer than allowed. */
  | 'lifetime_exceeded'
  /** The text is larger, deeper or longer than allowed. */
  | 'limit_exceeded'
  /** The text is not what it should be. */
  | 'malformed'
  /** The identity is being moved or registered; try again in a moment. */
  | 'moving'
  /** The network or the server cannot be reached. */
  | 'network_unavailable'
  /** The text spells its content in another than the one canonical way. */
  | 'not_canonical'
  /** The request comes from another page than the token names. */
  | 'origin_mismatch'
  /** The platform's data is too old or from the future. */
  | 'payload_expired'
  /** The platform's data was presented before. */
  | 'payload_replayed'
  /** The proof was made for another body, or covers none. */
  | 'proof_body_mismatch'
  /** The proof of possession is too old or from the future. */
  | 'proof_expired'
  /** The proof was made with another key than the token's. */
  | 'proof_key_mismatch'
  /** The proof was made for another HTTP method. */
  | 'proof_method_mismatch'
  /** The proof of possession was used before. */
  | 'proof_replayed'
  /** The token is bound to a key and came without proof of it. */
  | 'proof_required'
  /** The proof was made for another token. */
  | 'proof_token_mismatch'
  /** The proof was made for another URL. */
  | 'proof_url_mismatch'
  /** Too many requests; try again later. */
  | 'rate_limited'
  /** The token was used before, by somebody else. */
  | 'replayed'
  /** The platform blocks this user or this login. */
  | 'risk_blocked'
  /** The authorization scheme is not the one that the token needs. */
  | 'scheme_mismatch'
  /** The scope is wider than what was granted. */
  | 'scope_exceeded'
  /** The server failed. */
  | 'server_error'
  /** The platform session is gone or was replaced by a later login. */
  | 'session_stale'
  /** The signature does not verify. */
  | 'signature_invalid'
  /** The platform hides the answer of the server. */
  | 'status_hidden'
  /** The store cannot be read or written. */
  | 'storage_unavailable'
  /** The token is about another subject. */
  | 'subject_mismatch'
  /** The service is not available for now; try again later. */
  | 'temporarily_unavailable'
  /** The token has expired. */
  | 'token_expired'
  /** The request carries no token. */
  | 'token_missing'
  /** The token is not valid yet. */
  | 'token_not_yet_valid'
  /** The token has been revoked. */
  | 'token_revoked'
  /** The token is suspended for now. */
  | 'token_suspended'
  /** The token is of another type. */
  | 'type_mismatch'
  /** The key identifier names no key that is known and active. */
  | 'unknown_key'
  /** The server wants its nonce in the proof; try again with it. */
  | 'use_dpop_nonce'
  /** The visit has come to its end. */
  | 'visit_ended'
  /** The platform's data belongs to another app. */
  | 'watermark_mismatch'

/** All codes, in alphabetical order. */
export const errorCodes: readonly ErrorCode[] = [
  'access_denied',
  'algorithm_not_allowed',
  'alias_invalid',
  'already_registered',
  'answer_mismatch',
  'audience_mismatch',
  'claim_invalid',
  'client_mismatch',
  'closed',
  'code_used',
  'critical_header',
  'decryption_failed',
  'duplicate_member',
  'entropy_missing',
  'entropy_weak',
  'idempotency_conflict',
  'identifier_unsuitable',
  'identity_erased',
  'identity_unknown',
  'insufficient_scope',
  'internal',
  'invalid_client',
  'invalid_code',
  'invalid_dpop_proof',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'issuer_mismatch',
  'key_binding_mismatch',
  'key_not_found',
  'key_unusable',
  'launch_conflict',
  'launch_missing',
  'launch_not_bound',
  'lifetime_exceeded',
  'limit_exceeded',
  'malformed',
  'moving',
  'network_unavailable',
  'not_canonical',
  'origin_mismatch',
  'payload_expired',
  'payload_replayed',
  'proof_body_mismatch',
  'proof_expired',
  'proof_key_mismatch',
  'proof_method_mismatch',
  'proof_replayed',
  'proof_required',
  'proof_token_mismatch',
  'proof_url_mismatch',
  'rate_limited',
  'replayed',
  'risk_blocked',
  'scheme_mismatch',
  'scope_exceeded',
  'server_error',
  'session_stale',
  'signature_invalid',
  'status_hidden',
  'storage_unavailable',
  'subject_mismatch',
  'temporarily_unavailable',
  'token_expired',
  'token_missing',
  'token_not_yet_valid',
  'token_revoked',
  'token_suspended',
  'type_mismatch',
  'unknown_key',
  'use_dpop_nonce',
  'visit_ended',
  'watermark_mismatch',
]

/** Codes for which the same call may succeed a little later. */
export const retryableCodes: ReadonlySet<ErrorCode> = /* @__PURE__ */ new Set<ErrorCode>([
  'moving',
  'network_unavailable',
  'rate_limited',
  'server_error',
  'temporarily_unavailable',
  'use_dpop_nonce',
])
