// Types that several entries share: keys, requests, claims.

/** A public or private JSON Web Key (RFC 7517). */
export interface Jwk {
  kty: string
  kid?: string
  use?: string
  alg?: string
  crv?: string
  x?: string
  y?: string
  /** The private part; present in private keys only. */
  d?: string
  [member: string]: unknown
}

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JwkSet {
  keys: Jwk[]
}

/** A key that both sides hold, for HS256: at least 32 bytes, base64url. It has to be configured; no key set can name one. */
export interface SharedKey {
  kty: 'oct'
  /** The bytes in base64url. */
  k: string
  kid?: string
  alg?: 'HS256'
  [member: string]: unknown
}

/** A key of a ring that rotates with overlap. */
export interface RingKey<K = Jwk> {
  key: K
  /** From when on it does new work (Unix time). Before that it is published already. Default: always. */
  activeFromSeconds?: number | undefined
  /** From when on it is refused (Unix time). Default: never. */
  retireAtSeconds?: number | undefined
}

/** What is read of a request: the standard `Request`, or anything with these members. */
export interface RequestLike {
  readonly method: string
  /** The absolute address. Only its path is used. */
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** The claims of a verified token. Frozen, also inside: the same object is given for the same token again. */
export interface Claims {
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat?: number
  readonly nbf?: number
  readonly sub?: string
  readonly jti?: string
  readonly scope?: string
  /** The partner whose app opened the visit. */
  readonly client_id?: string
  /** The family of all tokens of one visit. */
  readonly sid?: string
  /** The key that the token is bound to. */
  readonly cnf?: { readonly jkt: string }
  readonly [name: string]: unknown
}

/** A store in which something can be used once. It has to be strongly consistent. */
export interface ReplayStore {
  /**
   * Uses `key` up, to be remembered until `untilSeconds` (Unix time). `true` for the first caller, `false` for all
   * others. Rejects when it does not know; the request is then refused.
   */
  burn(key: string, untilSeconds: number): Promise<boolean>
}

/** Knows which tokens are not to be accepted any more. */
export interface RevocationSource {
  /** Whether the token with these claims has been revoked. Rejects when it does not know; the request is then refused. */
  isRevoked(claims: Claims): boolean | Promise<boolean>
  /** For a source whose store uses up proofs as well: both in one question. */
  readonly withReplay?: RevocationWithReplay | undefined
}

/** One question to a store that knows both whether a token has been revoked and whether a proof was used. */
export interface RevocationWithReplay {
  /** That store. The question replaces two where a verifier has it as `replay`. */
  readonly store: ReplayStore
  /** As `burn` of the store, unless the token with these claims has been revoked: then nothing is used up. */
  burn(claims: Claims, key: string, untilSeconds: number): Promise<BurnOutcome>
}

/** What came of a question about both. */
export type BurnOutcome = 'burned' | 'used' | 'revoked'
