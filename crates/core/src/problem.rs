//! How a refusal looks on the wire: an OAuth error document that is an RFC 9457 problem document too.

use alloc::string::String;

use crate::error::{ErrorCode, Result};
use crate::json::{Object, ObjectWriter};
use crate::time::UnixSeconds;

/// A refusal: the protocol's code, and the finer reason where the other side may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    error: ErrorCode,
    reason: Option<ErrorCode>,
}

impl Problem {
    /// The refusal of a request that could be decrypted, or of a caller that is known: it says why.
    pub const fn because(reason: ErrorCode) -> Self {
        Self { error: protocol_code(reason), reason: Some(reason) }
    }

    /// The refusal `error`, one of the codes that the protocol names, with the reason where the caller may know it.
    pub const fn with(error: ErrorCode, reason: Option<ErrorCode>) -> Self {
        Self { error: protocol_code(error), reason }
    }

    /// The refusal of a request that could not be read. All of these look alike.
    pub const fn unreadable() -> Self {
        Self { error: ErrorCode::InvalidRequest, reason: None }
    }

    /// `error`, one of the codes that the protocol names.
    pub const fn error(&self) -> ErrorCode {
        self.error
    }

    /// The finest code known.
    pub fn code(&self) -> ErrorCode {
        self.reason.unwrap_or(self.error)
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        status(self.error)
    }

    /// As a JSON object; `now`, the authority's time, goes into sealed documents.
    pub fn to_json(&self, now: Option<UnixSeconds>) -> String {
        let mut urn = String::from("urn:x-lingpai:error:");
        urn.push_str(self.code().as_str());
        ObjectWriter::new()
            .string("error", self.error.as_str())
            .optional_string("error_description", self.reason.map(ErrorCode::as_str))
            .string("type", &urn)
            .string("title", self.code().summary())
            .integer("status", i64::from(self.status()))
            .optional_integer("now", now.map(UnixSeconds::as_i64))
            .finish()
    }

    /// Reads an error document. Codes of a later version become `server_error` rather than something made up.
    ///
    /// Errors: `claim_invalid` where there is no `error`.
    pub fn from_json(document: &Object) -> Result<Self> {
        let error = ErrorCode::from_str_code(document.string("error")?);
        let reason = document.optional_string("error_description").ok().flatten();
        Ok(Self {
            error: error.unwrap_or(ErrorCode::ServerError),
            reason: reason.and_then(ErrorCode::from_str_code),
        })
    }
}

/// The protocol's code for a reason. Every reason is named here, so that a new one has to be placed.
const fn protocol_code(reason: ErrorCode) -> ErrorCode {
    use ErrorCode as E;
    match reason {
        E::AccessDenied
        | E::AliasInvalid
        | E::IdempotencyConflict
        | E::IdentifierUnsuitable
        | E::AlreadyRegistered
        | E::IdentityErased
        | E::IdentityUnknown
        | E::InvalidClient
        | E::InvalidDpopProof
        | E::InvalidGrant
        | E::InvalidRequest
        | E::InvalidScope
        | E::InvalidTarget
        | E::InsufficientScope
        | E::Moving
        | E::RateLimited
        | E::Replayed
        | E::ServerError
        | E::TemporarilyUnavailable
        | E::UnknownKey
        | E::UseDpopNonce => reason,
        E::KeyBindingMismatch
        | E::ProofBodyMismatch
        | E::ProofExpired
        | E::ProofKeyMismatch
        | E::ProofMethodMismatch
        | E::ProofReplayed
        | E::ProofRequired
        | E::ProofTokenMismatch
        | E::ProofUrlMismatch => E::InvalidDpopProof,
        E::AlgorithmNotAllowed
        | E::AudienceMismatch
        | E::ClaimInvalid
        | E::ClientMismatch
        | E::CriticalHeader
        | E::DuplicateMember
        | E::IssuerMismatch
        | E::KeyNotFound
        | E::KeyUnusable
        | E::LifetimeExceeded
        | E::OriginMismatch
        | E::ScopeExceeded
        | E::SignatureInvalid
        | E::SubjectMismatch
        | E::TokenExpired
        | E::TokenNotYetValid
        | E::TokenRevoked
        | E::TokenSuspended
        | E::TypeMismatch
        | E::VisitEnded => E::InvalidGrant,
        E::AnswerMismatch
        | E::CodeUsed
        | E::DecryptionFailed
        | E::InvalidCode
        | E::LimitExceeded
        | E::Malformed
        | E::NotCanonical
        | E::PayloadExpired
        | E::PayloadReplayed
        | E::SchemeMismatch
        | E::SessionStale
        | E::TokenMissing
        | E::WatermarkMismatch => E::InvalidRequest,
        E::RiskBlocked => E::AccessDenied,
        E::Closed
        | E::EntropyMissing
        | E::EntropyWeak
        | E::Internal
        | E::LaunchConflict
        | E::LaunchMissing
        | E::LaunchNotBound
        | E::NetworkUnavailable
        | E::StatusHidden
        | E::StorageUnavailable => E::ServerError,
    }
}

const fn status(error: ErrorCode) -> u16 {
    match error {
        ErrorCode::InvalidClient => 401,
        ErrorCode::AccessDenied | ErrorCode::InsufficientScope => 403,
        ErrorCode::AliasInvalid | ErrorCode::IdentityUnknown => 404,
        ErrorCode::AlreadyRegistered | ErrorCode::Moving | ErrorCode::Replayed => 409,
        ErrorCode::IdentityErased => 410,
        ErrorCode::IdempotencyConflict | ErrorCode::IdentifierUnsuitable => 422,
        ErrorCode::RateLimited => 429,
        ErrorCode::ServerError => 500,
        ErrorCode::TemporarilyUnavailable => 503,
        _ => 400,
    }
}
