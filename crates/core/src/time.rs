//! Points in time as JOSE writes them, and the tolerance with which two clocks are compared. It never asks for the time.

use crate::error::{Error, ErrorCode, Result};
use crate::json::Object;

/// Seconds since 1970-01-01T00:00:00Z, the `NumericDate` of RFC 7519 §2 restricted to integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(i64);

impl UnixSeconds {
    /// A point in time, in whole seconds.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The number that goes on the wire.
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// This point moved by `seconds`; stays at the ends of the range instead of wrapping.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// How far, in seconds, the clock of another machine may differ from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance(u32);

impl Tolerance {
    /// No tolerance: both times come from the same clock.
    pub const NONE: Self = Self(0);

    /// A tolerance in seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The tolerance in seconds.
    pub const fn as_seconds(self) -> u32 {
        self.0
    }

    const fn as_i64(self) -> i64 {
        self.0 as i64
    }
}

/// When a token is valid: `iat` and `exp`, with `nbf` where it has one (RFC 7519 §4.1.4–§4.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `iat`, when the token was issued.
    pub issued_at: UnixSeconds,
    /// `exp`, the first second in which it must be refused.
    pub expires_at: UnixSeconds,
    /// `nbf`, the first second in which it may be used; `iat` where the token has none.
    pub not_before: UnixSeconds,
}

impl Validity {
    /// Reads `iat`, `exp` and `nbf`, and refuses a life longer than `limit_seconds`.
    ///
    /// Errors: `claim_invalid`, `lifetime_exceeded`.
    pub fn from_claims(claims: &Object, limit_seconds: i64) -> Result<Self> {
        let (issued_at, expires_at) = (claims.integer("iat")?, claims.integer("exp")?);
        let not_before = claims.optional_integer("nbf")?.unwrap_or(issued_at);
        Self::of_times(issued_at, expires_at, not_before, limit_seconds)
    }

    /// As [`Self::from_claims`], of the times themselves.
    pub(crate) fn of_times(
        issued_at: i64,
        expires_at: i64,
        not_before: i64,
        limit_seconds: i64,
    ) -> Result<Self> {
        if expires_at <= issued_at {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "exp"));
        }
        if expires_at.saturating_sub(issued_at) > limit_seconds {
            return Err(ErrorCode::LifetimeExceeded.into());
        }
        Ok(Self {
            issued_at: UnixSeconds(issued_at),
            expires_at: UnixSeconds(expires_at),
            not_before: UnixSeconds(not_before),
        })
    }

    /// Refuses a token outside its time.
    ///
    /// Errors: `token_expired`, `token_not_yet_valid`.
    pub fn check(&self, now: UnixSeconds, tolerance: Tolerance) -> Result<()> {
        self.check_started(now, tolerance)?;
        if now >= self.expires_at.plus(tolerance.as_i64()) {
            return Err(ErrorCode::TokenExpired.into());
        }
        Ok(())
    }

    /// Refuses only a token from the future; for callers that decide about `exp` later.
    ///
    /// Errors: `token_not_yet_valid`.
    pub fn check_started(&self, now: UnixSeconds, tolerance: Tolerance) -> Result<()> {
        let earliest = self.not_before.max(self.issued_at);
        if now.plus(tolerance.as_i64()) < earliest {
            return Err(ErrorCode::TokenNotYetValid.into());
        }
        Ok(())
    }
}
