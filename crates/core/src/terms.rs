//! The terms of a visit: what its AT promised, which every VT of the visit has to keep.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::access_token::AccessTokenClaims;
use crate::base64url;
use crate::crypto::sha256_of;
use crate::error::Result;
use crate::json::{Object, ObjectWriter};
use crate::scope::Scope;
use crate::signed;

/// What all tokens of one visit have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitTerms {
    /// The authority.
    pub issuer: String,
    /// The audience of visit tokens.
    pub visit_audience: String,
    /// Opaque id of the user.
    pub subject: String,
    /// The partner.
    pub client_id: String,
    /// The most that the visit may do.
    pub scope: Scope,
    /// Thumbprint of the page's proof key, if the visit is bound to one.
    pub jkt: Option<String>,
}

impl VisitTerms {
    /// The terms of the visit that an AT opens for the holder of `jkt`.
    pub fn of(access_token: &AccessTokenClaims, jkt: Option<&str>) -> Self {
        Self {
            issuer: access_token.issuer.clone(),
            visit_audience: access_token.visit_audience.clone(),
            subject: access_token.subject.clone(),
            client_id: access_token.client_id.clone(),
            scope: access_token.scope.clone(),
            jkt: jkt.map(ToOwned::to_owned),
        }
    }

    /// As a JSON object, for a record or a ledger.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .string("iss", &self.issuer)
            .string("va", &self.visit_audience)
            .string("sub", &self.subject)
            .string("client_id", &self.client_id)
            .string("scope", self.scope.as_str())
            .optional_string("jkt", self.jkt.as_deref())
            .finish()
    }

    /// From such an object.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_json(terms: &Object) -> Result<Self> {
        Ok(Self {
            issuer: terms.string("iss")?.to_owned(),
            visit_audience: terms.string("va")?.to_owned(),
            subject: terms.string("sub")?.to_owned(),
            client_id: terms.string("client_id")?.to_owned(),
            scope: Scope::parse(terms.string("scope")?)?,
            jkt: match terms.optional_string("jkt")? {
                Some(jkt) => Some(signed::thumbprint(jkt)?.to_owned()),
                None => None,
            },
        })
    }
}

/// `sid`, the family of all tokens that descend from one AT. It follows from the AT's `jti`, so that redemption, refresh
/// and revocation of a visit meet in one place without a look-up.
pub fn family_of(access_token_jti: &str) -> String {
    let hash = sha256_of(&[b"lingpai-v1 sid\0", access_token_jti.as_bytes()]);
    let (sid, _) = hash.split_at(16);
    base64url::encode(sid)
}
