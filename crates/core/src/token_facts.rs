//! The times and bindings of a verified token: what has to be looked at again each time it is used.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::json::Members;
use crate::signed;
use crate::time::{Tolerance, UnixSeconds, Validity};

/// What a token says about itself, as far as each use depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The first second in which it must be refused: `exp`, or the end of the age that the policy allows; the end of all
    /// time for a status list that has neither.
    pub expires_at: UnixSeconds,
    /// `nbf`, if there is one.
    pub not_before: Option<UnixSeconds>,
    /// `iat`, if there is one.
    pub issued_at: Option<UnixSeconds>,
    /// `cnf.jkt`: the key whose proof has to come with the token.
    pub jkt: Option<String>,
}

/// What a policy demands of a token's times.
#[derive(Clone, Copy)]
pub(crate) struct TimeRules {
    /// Whether there has to be an `exp`.
    pub(crate) expires: bool,
    /// How long after `iat` it may be used.
    pub(crate) max_age_seconds: Option<u32>,
    /// How long after `iat` its `exp` may be.
    pub(crate) max_lifetime_seconds: Option<i64>,
}

impl TokenFacts {
    pub(crate) fn from_claims(claims: &Members<'_>, rules: TimeRules) -> Result<Self> {
        let missing = |name| Error::with_detail(ErrorCode::ClaimInvalid, name);
        let iat = claims.optional_integer("iat")?;
        let exp = claims.optional_integer("exp")?;
        if rules.expires && exp.is_none() {
            return Err(missing("exp"));
        }
        if let Some(most) = rules.max_lifetime_seconds {
            let (iat, exp) = (iat.ok_or(missing("iat"))?, exp.ok_or(missing("exp"))?);
            Validity::of_times(iat, exp, iat, most)?;
        }
        let issued_at = iat.map(UnixSeconds::new);
        let mut expires_at = UnixSeconds::new(exp.unwrap_or(i64::MAX));
        if let Some(most) = rules.max_age_seconds {
            let issued_at = issued_at.ok_or(missing("iat"))?;
            expires_at = expires_at.min(issued_at.plus(i64::from(most)).plus(1));
        }
        Ok(Self {
            expires_at,
            not_before: claims.optional_integer("nbf")?.map(UnixSeconds::new),
            issued_at,
            jkt: signed::confirmed_key(claims.optional_object("cnf")?)?.map(ToOwned::to_owned),
        })
    }

    /// From when (if the token says so) until just before when [`Self::check`] lets the token pass.
    pub fn window(&self, tolerance: Tolerance) -> (Option<UnixSeconds>, UnixSeconds) {
        let leeway = i64::from(tolerance.as_seconds());
        let begins = self.not_before.max(self.issued_at);
        (begins.map(|begins| begins.plus(-leeway)), self.expires_at.plus(leeway))
    }

    /// Refuses a token outside its time; to be asked at each use.
    ///
    /// Errors: `token_expired`, `token_not_yet_valid`.
    pub fn check(&self, now: UnixSeconds, tolerance: Tolerance) -> Result<()> {
        let (begins, ends) = self.window(tolerance);
        if now >= ends {
            return Err(ErrorCode::TokenExpired.into());
        }
        if begins.is_some_and(|begins| now < begins) {
            return Err(ErrorCode::TokenNotYetValid.into());
        }
        Ok(())
    }
}
