//! The visit token (VT): what the page uses afterwards to call services. This file mints it for the authority and checks
//! it for the page; the edge's check is `verify`.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{ErrorCode, Result};
use crate::jose::PrivateJwk;
use crate::json::ObjectWriter;
use crate::scope::Scope;
use crate::signed::{self, Trust};
use crate::terms::VisitTerms;
use crate::time::{Tolerance, UnixSeconds, Validity};

/// The JOSE type of a VT.
pub const TYP: &str = "vt+jwt";
/// The longest life of a VT, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 900;

/// The values that differ from one VT of a visit to the next. A repeated request gets the same ones again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenValues {
    /// `jti` of the VT.
    pub jti: String,
    /// `iat` of the VT.
    pub issued_at: UnixSeconds,
    /// `exp` of the VT.
    pub expires_at: UnixSeconds,
}

/// A VT that the page has checked.
pub struct VisitToken {
    text: String,
    claims_json: String,
    scope: Scope,
    family: String,
    validity: Validity,
}

impl VisitToken {
    /// Signs the VT of a visit.
    ///
    /// Errors: `key_unusable`.
    pub fn issue(
        values: &TokenValues,
        family: &str,
        terms: &VisitTerms,
        key: &PrivateJwk,
    ) -> Result<String> {
        let cnf = terms.jkt.as_deref().map(|jkt| ObjectWriter::new().string("jkt", jkt).finish());
        let json = ObjectWriter::new()
            .string("iss", &terms.issuer)
            .string("aud", &terms.visit_audience)
            .string("sub", &terms.subject)
            .string("client_id", &terms.client_id)
            .string("scope", terms.scope.as_str())
            .string("jti", &values.jti)
            .string("sid", family)
            .integer("iat", values.issued_at.as_i64())
            .integer("exp", values.expires_at.as_i64())
            .optional_raw("cnf", cnf.as_deref())
            .finish();
        signed::sign(TYP, &json, key)
    }

    /// Checks a VT against what the AT promised, at the authority's time (or a clock corrected by it).
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `subject_mismatch`, `client_mismatch`, `scope_exceeded`,
    /// `key_binding_mismatch`, `claim_invalid`, `lifetime_exceeded`, `token_expired`, `token_not_yet_valid`.
    pub fn verify(
        text: &str,
        trust: Trust<'_>,
        terms: &VisitTerms,
        now: UnixSeconds,
        tolerance: Tolerance,
    ) -> Result<Self> {
        let claims = signed::verify(text, TYP, trust)?;
        if claims.string("aud")? != terms.visit_audience {
            return Err(ErrorCode::AudienceMismatch.into());
        }
        if claims.string("sub")? != terms.subject {
            return Err(ErrorCode::SubjectMismatch.into());
        }
        if claims.string("client_id")? != terms.client_id {
            return Err(ErrorCode::ClientMismatch.into());
        }
        let scope = Scope::parse(claims.string("scope")?)?;
        if !scope.is_within(&terms.scope) {
            return Err(ErrorCode::ScopeExceeded.into());
        }
        if signed::confirmation(&claims)? != terms.jkt.as_deref() {
            return Err(ErrorCode::KeyBindingMismatch.into());
        }
        claims.string("jti")?;
        let validity = Validity::from_claims(&claims, MAX_LIFETIME_SECONDS)?;
        validity.check(now, tolerance)?;
        Ok(Self {
            text: text.to_owned(),
            claims_json: claims.to_json(),
            scope,
            family: claims.string("sid")?.to_owned(),
            validity,
        })
    }

    /// The token as it goes into an `Authorization` header.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The claims as a JSON object.
    pub fn claims_json(&self) -> &str {
        &self.claims_json
    }

    /// What the visit may do.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// `sid`, the family of all tokens of this visit.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// When the token is valid, by the authority's clock.
    pub fn validity(&self) -> Validity {
        self.validity
    }
}
