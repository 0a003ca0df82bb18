//! How a partner's back-end authenticates: a short-lived JWS of its own (RFC 7523 §3, with an explicit type). Both sides;
//! the `jti` is burned by the host.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{JwkSet, Jws, PrivateJwk};
use crate::json::{self, ObjectWriter};
use crate::signed;
use crate::time::{Tolerance, UnixSeconds, Validity};

/// The JOSE type of an assertion.
pub const TYP: &str = "client-authentication+jwt";
/// The value of `client_assertion_type`.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life of an assertion, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 60;

const MAX_JTI_BYTES: usize = 128;

/// An assertion that holds. It has been used once only when its (`client_id`, `jti`) has been burned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAssertion {
    /// The partner.
    pub client_id: String,
    /// Unique id of the assertion.
    pub jti: String,
    /// `exp`; until then the `jti` has to be remembered.
    pub expires_at: UnixSeconds,
}

/// Signs an assertion for `issuer`, valid for [`MAX_LIFETIME_SECONDS`] from `now`.
///
/// Errors: `key_unusable`.
pub fn sign(
    client_id: &str,
    issuer: &str,
    jti: &str,
    now: UnixSeconds,
    key: &PrivateJwk,
) -> Result<String> {
    let claims = ObjectWriter::new()
        .string("iss", client_id)
        .string("sub", client_id)
        .string("aud", issuer)
        .string("jti", jti)
        .integer("iat", now.as_i64())
        .integer("exp", now.plus(MAX_LIFETIME_SECONDS).as_i64())
        .finish();
    signed::sign(TYP, &claims, key)
}

/// The partner that an assertion names, before anything of it is believed; to find the keys for [`verify`].
///
/// Errors: `invalid_client`.
pub fn claimed_client(text: &str) -> Result<String> {
    let read = || {
        let jws = Jws::parse(text)?;
        Ok(json::parse_object(jws.unverified_payload())?.string("iss")?.to_owned())
    };
    read().map_err(|_: Error| ErrorCode::InvalidClient.into())
}

/// Verifies an assertion with the registered keys of `client_id`.
///
/// Errors: those of a signed token; `issuer_mismatch`, `subject_mismatch`, `audience_mismatch`, `claim_invalid`,
/// `lifetime_exceeded`, `token_expired`, `token_not_yet_valid`. To the partner all of them are `invalid_client`.
pub fn verify(
    text: &str,
    client_id: &str,
    keys: &JwkSet,
    issuer: &str,
    now: UnixSeconds,
    tolerance: Tolerance,
) -> Result<ClientAssertion> {
    let claims = signed::verify(text, TYP, signed::Trust::new(client_id, keys))?;
    if claims.string("sub")? != client_id {
        return Err(ErrorCode::SubjectMismatch.into());
    }
    // A list of audiences would let the assertion be replayed to another authority (RFC 7523bis).
    if claims.string("aud").map_err(|_| ErrorCode::AudienceMismatch)? != issuer {
        return Err(ErrorCode::AudienceMismatch.into());
    }
    let validity = Validity::from_claims(&claims, MAX_LIFETIME_SECONDS)?;
    validity.check(now, tolerance)?;
    let jti = claims.string("jti")?;
    if jti.is_empty() || jti.len() > MAX_JTI_BYTES {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "jti"));
    }
    Ok(ClientAssertion {
        client_id: client_id.to_owned(),
        jti: jti.to_owned(),
        expires_at: validity.expires_at.plus(i64::from(tolerance.as_seconds())),
    })
}
