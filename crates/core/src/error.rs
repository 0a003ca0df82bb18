//! The closed union of refusals, and the one error type of this crate. No token bytes ever get in here.

use core::fmt;

/// What this crate's functions return.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// A refusal: a code, and at most the fixed name of what was refused (a claim, a header member).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Error {
    code: ErrorCode,
    detail: Option<&'static str>,
}

impl Error {
    /// A refusal that its code explains in full.
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, detail: None }
    }

    /// A refusal of something that has a name, like the claim `exp`.
    pub const fn with_detail(code: ErrorCode, detail: &'static str) -> Self {
        Self { code, detail: Some(detail) }
    }

    /// Why it was refused.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The name of what was refused, where it has one.
    pub const fn detail(&self) -> Option<&'static str> {
        self.detail
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code.as_str())?;
        if let Some(detail) = self.detail {
            out.write_str(" (")?;
            out.write_str(detail)?;
            out.write_str(")")?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {}

macro_rules! error_codes {
    ($($variant:ident $name:literal $summary:literal,)+) => {
        /// Why something was refused. The names are stable and shared with the npm packages.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum ErrorCode {
            $(#[doc = $summary] $variant,)+
        }

        impl ErrorCode {
            /// Every code, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire and in `LingpaiError.code`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// One line about the code, for generated documentation.
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)+
                }
            }
        }
    };
}

error_codes! {
    AccessDenied "access_denied" "The user or a policy does not allow it.",
    AlgorithmNotAllowed "algorithm_not_allowed" "The algorithm is unknown, not allowed here, or not the key's.",
    AliasInvalid "alias_invalid" "The alias is unknown, used up, expired, or somebody else's.",
    AlreadyRegistered "already_registered" "The identifier belongs to another identity in this area.",
    AnswerMismatch "answer_mismatch" "The answer belongs to another request.",
    AudienceMismatch "audience_mismatch" "The token is meant for somebody else.",
    ClaimInvalid "claim_invalid" "A claim or member is missing or has the wrong type or value.",
    ClientMismatch "client_mismatch" "The token belongs to another client.",
    Closed "closed" "The visit or object has been closed.",
    CodeUsed "code_used" "The login code was used before.",
    CriticalHeader "critical_header" "The header demands an extension that is not supported.",
    DecryptionFailed "decryption_failed" "The text does not decrypt under this key, or was altered.",
    DuplicateMember "duplicate_member" "A JSON object has the same name twice.",
    EntropyMissing "entropy_missing" "The host gives no randomness that a key could be made of.",
    EntropyWeak "entropy_weak" "The source of randomness repeats itself.",
    IdempotencyConflict "idempotency_conflict" "The idempotency key was used for another request.",
    IdentifierUnsuitable "identifier_unsuitable" "The account identifier has too few kinds of characters, or too few characters to vary.",
    IdentityErased "identity_erased" "The identity has been erased, or is being erased.",
    IdentityUnknown "identity_unknown" "There is no such identity.",
    InsufficientScope "insufficient_scope" "The token does not carry the scope that is needed.",
    Internal "internal" "A fault of the software itself.",
    InvalidClient "invalid_client" "The client is unknown or did not authenticate.",
    InvalidCode "invalid_code" "The login code is unknown to its platform, or has expired.",
    InvalidDpopProof "invalid_dpop_proof" "The proof of possession is not acceptable.",
    InvalidGrant "invalid_grant" "The token presented for exchange is not acceptable.",
    InvalidRequest "invalid_request" "The request is malformed or cannot be decrypted.",
    InvalidScope "invalid_scope" "The scope asked for is unknown or not allowed.",
    InvalidTarget "invalid_target" "The audience or page asked for is unknown or not allowed.",
    IssuerMismatch "issuer_mismatch" "The token comes from another issuer.",
    KeyBindingMismatch "key_binding_mismatch" "The token is bound to another key.",
    KeyNotFound "key_not_found" "There is no key to do this with.",
    KeyUnusable "key_unusable" "The key is malformed, weak, or not meant for this use.",
    LaunchConflict "launch_conflict" "The launch belongs to another user than the visit at hand.",
    LaunchMissing "launch_missing" "The page was opened without a launch.",
    LaunchNotBound "launch_not_bound" "A framed page needs a launch that is bound to its key.",
    LifetimeExceeded "lifetime_exceeded" "The token claims to live longer than allowed.",
    LimitExceeded "limit_exceeded" "The text is larger, deeper or longer than allowed.",
    Malformed "malformed" "The text is not what it should be.",
    Moving "moving" "The identity is being moved or registered; try again in a moment.",
    NetworkUnavailable "network_unavailable" "The network or the server cannot be reached.",
    NotCanonical "not_canonical" "The text spells its content in another than the one canonical way.",
    OriginMismatch "origin_mismatch" "The request comes from another page than the token names.",
    PayloadExpired "payload_expired" "The platform's data is too old or from the future.",
    PayloadReplayed "payload_replayed" "The platform's data was presented before.",
    ProofBodyMismatch "proof_body_mismatch" "The proof was made for another body, or covers none.",
    ProofExpired "proof_expired" "The proof of possession is too old or from the future.",
    ProofKeyMismatch "proof_key_mismatch" "The proof was made with another key than the token's.",
    ProofMethodMismatch "proof_method_mismatch" "The proof was made for another HTTP method.",
    ProofReplayed "proof_replayed" "The proof of possession was used before.",
    ProofRequired "proof_required" "The token is bound to a key and came without proof of it.",
    ProofTokenMismatch "proof_token_mismatch" "The proof was made for another token.",
    ProofUrlMismatch "proof_url_mismatch" "The proof was made for another URL.",
    RateLimited "rate_limited" "Too many requests; try again later.",
    Replayed "replayed" "The token was used before, by somebody else.",
    RiskBlocked "risk_blocked" "The platform blocks this user or this login.",
    SchemeMismatch "scheme_mismatch" "The authorization scheme is not the one that the token needs.",
    ScopeExceeded "scope_exceeded" "The scope is wider than what was granted.",
    ServerError "server_error" "The server failed.",
    SessionStale "session_stale" "The platform session is gone or was replaced by a later login.",
    SignatureInvalid "signature_invalid" "The signature does not verify.",
    StatusHidden "status_hidden" "The platform hides the answer of the server.",
    StorageUnavailable "storage_unavailable" "The store cannot be read or written.",
    SubjectMismatch "subject_mismatch" "The token is about another subject.",
    TemporarilyUnavailable "temporarily_unavailable" "The service is not available for now; try again later.",
    TokenExpired "token_expired" "The token has expired.",
    TokenMissing "token_missing" "The request carries no token.",
    TokenNotYetValid "token_not_yet_valid" "The token is not valid yet.",
    TokenRevoked "token_revoked" "The token has been revoked.",
    TokenSuspended "token_suspended" "The token is suspended for now.",
    TypeMismatch "type_mismatch" "The token is of another type.",
    UnknownKey "unknown_key" "The key identifier names no key that is known and active.",
    UseDpopNonce "use_dpop_nonce" "The server wants its nonce in the proof; try again with it.",
    VisitEnded "visit_ended" "The visit has come to its end.",
    WatermarkMismatch "watermark_mismatch" "The platform's data belongs to another app.",
}

impl ErrorCode {
    /// The code of that name; anything else is `None`.
    pub fn from_str_code(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether the same call may succeed later without a change.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::Moving
                | Self::NetworkUnavailable
                | Self::RateLimited
                | Self::ServerError
                | Self::TemporarilyUnavailable
                | Self::UseDpopNonce
        )
    }
}
