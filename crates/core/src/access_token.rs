//! The access token (AT): what the partner's back-end gets for one click of one user, and the page redeems once.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwk, PrivateJwk};
use crate::json::ObjectWriter;
use crate::scope::Scope;
use crate::signed::{self, Trust};
use crate::time::{Tolerance, UnixSeconds, Validity};
use crate::uri::Origin;

/// The JOSE type of an AT.
pub const TYP: &str = "lp-at+jwt";
/// The JOSE type of the envelope in which a partner receives an AT.
pub const ENVELOPE_TYP: &str = "lp-at+jwe";
/// The longest life of an AT, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 120;

/// The claims of an AT.
#[derive(Clone)]
pub struct AccessTokenClaims {
    /// `iss`, the authority.
    pub issuer: String,
    /// `aud`, the address at which it is redeemed: `{gateway}/v1/visits`.
    pub audience: String,
    /// `sub`, an opaque id of the partner's user.
    pub subject: String,
    /// `client_id`, the partner.
    pub client_id: String,
    /// `scope`, the most that the visit may do.
    pub scope: Scope,
    /// `va`, the audience of the visit token.
    pub visit_audience: String,
    /// `page`, the origin that may redeem it.
    pub page: Origin,
    /// `jti`, by which it is redeemed once.
    pub jti: String,
    /// `iat` and `exp`.
    pub validity: Validity,
    /// `ak`, the gateway's encryption key.
    pub app_key: Jwk,
    /// `cnf.jkt`, the page's proof key (bound launch).
    pub jkt: Option<String>,
}

/// An AT whose signature and issuer have been verified.
pub struct AccessToken {
    text: String,
    claims: AccessTokenClaims,
}

impl AccessToken {
    /// Signs an AT.
    ///
    /// Errors: `key_unusable`.
    pub fn issue(claims: &AccessTokenClaims, key: &PrivateJwk) -> Result<String> {
        let cnf = claims.jkt.as_deref().map(|jkt| ObjectWriter::new().string("jkt", jkt).finish());
        let json = ObjectWriter::new()
            .string("iss", &claims.issuer)
            .string("aud", &claims.audience)
            .string("sub", &claims.subject)
            .string("client_id", &claims.client_id)
            .string("scope", claims.scope.as_str())
            .string("va", &claims.visit_audience)
            .string("page", claims.page.as_str())
            .string("jti", &claims.jti)
            .integer("iat", claims.validity.issued_at.as_i64())
            .integer("exp", claims.validity.expires_at.as_i64())
            .raw("ak", &claims.app_key.to_json())
            .optional_raw("cnf", cnf.as_deref())
            .finish();
        signed::sign(TYP, &json, key)
    }

    /// Verifies an AT that is to be redeemed at `visits_url`. Times are left out: a page has no clock that it could
    /// trust, the authority decides about them when the AT is redeemed.
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify(text: &str, trust: Trust<'_>, visits_url: &str) -> Result<Self> {
        let token = Self::verify_anywhere(text, trust)?;
        if token.claims.audience != visits_url {
            return Err(ErrorCode::AudienceMismatch.into());
        }
        Ok(token)
    }

    /// Verifies an AT for a party that passes it on and holds a clock: the partner.
    ///
    /// Errors: those of a signed token, `claim_invalid`, `lifetime_exceeded`, `key_unusable`, `token_expired`,
    /// `token_not_yet_valid`.
    pub fn verify_now(
        text: &str,
        trust: Trust<'_>,
        now: UnixSeconds,
        tolerance: Tolerance,
    ) -> Result<Self> {
        let token = Self::verify_anywhere(text, trust)?;
        token.claims.validity.check(now, tolerance)?;
        Ok(token)
    }

    /// Verifies an AT for a party that leaves the request to somebody else, and so does not know where it is redeemed.
    ///
    /// Errors: those of a signed token, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify_anywhere(text: &str, trust: Trust<'_>) -> Result<Self> {
        let claims = signed::verify(text, TYP, trust)?;
        let ak = claims.object("ak")?;
        let app_key = Jwk::from_value(ak)?;
        let proper = ak.has_exactly(&["kty", "crv", "x", "kid", "use", "alg"], &["y"]);
        if !proper || !app_key.is_encryption() {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "ak"));
        }
        let page = Origin::parse(claims.string("page")?)
            .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "page"))?;
        let claims = AccessTokenClaims {
            issuer: claims.string("iss")?.to_owned(),
            audience: claims.string("aud")?.to_owned(),
            subject: claims.string("sub")?.to_owned(),
            client_id: claims.string("client_id")?.to_owned(),
            scope: Scope::parse(claims.string("scope")?)?,
            visit_audience: claims.string("va")?.to_owned(),
            page,
            jti: claims.string("jti")?.to_owned(),
            validity: Validity::from_claims(&claims, MAX_LIFETIME_SECONDS)?,
            app_key,
            jkt: signed::confirmation(&claims)?.map(ToOwned::to_owned),
        };
        Ok(Self { text: text.to_owned(), claims })
    }

    /// The token as it was received.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the token says.
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }
}
