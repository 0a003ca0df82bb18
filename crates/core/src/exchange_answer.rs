//! The answer to a token exchange (RFC 8693 §2.2.1), as the mini-program that asked for it reads it: checked against what was
//! asked, before anything of it is kept.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::Jws;
use crate::json::{self, Object};
use crate::scope::Scope;
use crate::signed::{self, Trust};
use crate::time::{UnixSeconds, Validity};
use crate::visit_token;

/// The longest life of a token that is bound to no key, in seconds.
pub const MAX_BEARER_LIFETIME_SECONDS: i64 = 300;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What was asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The client, by its public id.
    pub client_id: &'a str,
    /// The audience asked for.
    pub audience: &'a str,
    /// The scope asked for; without one, the registration decides.
    pub scope: Option<&'a str>,
    /// Thumbprint of the proof key. Without one the token has to be a Bearer token, and short-lived.
    pub jkt: Option<&'a str>,
    /// The user of the token before, where this one is to go on from it.
    pub subject: Option<&'a str>,
}

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeGrant {
    /// The visit token, as it goes into an `Authorization` header.
    pub token: String,
    /// `sub`, an opaque id.
    pub subject: String,
    /// What the token allows.
    pub scope: Scope,
    /// When the token is valid, by the gateway's clock.
    pub validity: Validity,
    /// The gateway's time when it answered: `exp` less `expires_in`.
    pub now: UnixSeconds,
    /// For the next refresh. There is one for bound tokens only.
    pub refresh_token: Option<String>,
}

/// Reads an answer whose token is taken at the word of the connection that brought it.
///
/// Errors: those of JSON and of a token's form; `claim_invalid`, `scheme_mismatch` for a token of the wrong kind,
/// `audience_mismatch`, `client_mismatch`, `subject_mismatch`, `scope_exceeded`, `key_binding_mismatch`, `lifetime_exceeded`,
/// `token_expired`.
pub fn read(body: &str, asked: &Asked<'_>) -> Result<ExchangeGrant> {
    read_with(body, asked, |token| {
        let jws = Jws::parse(token)?;
        signed::exact_header(&jws, visit_token::TYP)?;
        json::parse_object(jws.unverified_payload())
    })
}

/// Reads an answer and verifies its token by the issuer's keys.
///
/// Errors: as [`read`], and those of a signed token.
pub fn read_verified(body: &str, asked: &Asked<'_>, trust: Trust<'_>) -> Result<ExchangeGrant> {
    read_with(body, asked, |token| signed::verify(token, visit_token::TYP, trust))
}

fn read_with(
    body: &str,
    asked: &Asked<'_>,
    claims_of: impl FnOnce(&str) -> Result<Object>,
) -> Result<ExchangeGrant> {
    let answer = json::parse_object(body.as_bytes())?;
    if answer.string("issued_token_type")? != ACCESS_TOKEN {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "issued_token_type"));
    }
    let (scheme, longest) = match asked.jkt {
        Some(_) => ("DPoP", visit_token::MAX_LIFETIME_SECONDS),
        None => ("Bearer", MAX_BEARER_LIFETIME_SECONDS),
    };
    // The type is compared without regard to case (RFC 6749 §5.1).
    if !answer.string("token_type")?.eq_ignore_ascii_case(scheme) {
        return Err(ErrorCode::SchemeMismatch.into());
    }
    let token = answer.string("access_token")?;
    let claims = claims_of(token)?;
    let scope = check_claims(&claims, asked)?;
    let validity = Validity::from_claims(&claims, longest)?;
    let left = answer.integer("expires_in")?;
    let whole = validity.expires_at.as_i64() - validity.issued_at.as_i64();
    if left > whole {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "expires_in"));
    }
    if left <= 0 {
        return Err(ErrorCode::TokenExpired.into());
    }
    let refresh_token = match asked.jkt {
        Some(_) => answer.optional_string("refresh_token")?.map(ToOwned::to_owned),
        None => None,
    };
    Ok(ExchangeGrant {
        token: token.to_owned(),
        subject: claims.string("sub")?.to_owned(),
        scope,
        validity,
        now: validity.expires_at.plus(-left),
        refresh_token,
    })
}

fn check_claims(claims: &Object, asked: &Asked<'_>) -> Result<Scope> {
    if claims.string("aud")? != asked.audience {
        return Err(ErrorCode::AudienceMismatch.into());
    }
    if claims.string("client_id")? != asked.client_id {
        return Err(ErrorCode::ClientMismatch.into());
    }
    let subject = claims.string("sub")?;
    if asked.subject.is_some_and(|before| before != subject) {
        return Err(ErrorCode::SubjectMismatch.into());
    }
    let scope = Scope::parse(claims.string("scope")?)?;
    if let Some(most) = asked.scope
        && !scope.is_within(&Scope::parse(most)?)
    {
        return Err(ErrorCode::ScopeExceeded.into());
    }
    if signed::confirmation(claims)? != asked.jkt {
        return Err(ErrorCode::KeyBindingMismatch.into());
    }
    Ok(scope)
}
