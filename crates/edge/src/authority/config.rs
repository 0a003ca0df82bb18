//! The authority's configuration, read once.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use lingpai_core::jose::SymmetricJwk;
use lingpai_core::json::{self, Object};
use lingpai_core::keyring::{KeyRing, SymmetricKeyRing};
use lingpai_core::time::Tolerance;
use lingpai_core::uri::ServiceUrl;
use lingpai_core::{Error, ErrorCode, access_token, visit_token};
use wasm_bindgen::prelude::*;
use zeroize::Zeroize as _;

use crate::error::Crossing;
use crate::handles::Handles;
use crate::named::named;
use crate::verifier::tolerance;

/// What an authority works with.
pub(crate) struct Authority {
    pub(crate) issuer: String,
    pub(crate) gateway: ServiceUrl,
    pub(crate) signing_keys: KeyRing,
    pub(crate) app_keys: KeyRing,
    pub(crate) refresh_keys: SymmetricKeyRing,
    pub(crate) subject_key: SymmetricJwk,
    pub(crate) tolerance: Tolerance,
    pub(crate) proof_window: Tolerance,
    pub(crate) access_token_lifetime: i64,
    pub(crate) visit_lifetime: i64,
    /// 0 where visits get no refresh token.
    pub(crate) refresh_lifetime: i64,
}

static AUTHORITIES: Handles<Authority> = Handles::new();

/// Reads `{"issuer", "gateway", "signingKeys", "appKeys", "refreshKeys", "subjectKey", "toleranceSeconds",
/// "proofWindowSeconds", "accessTokenLifetimeSeconds", "visitLifetimeSeconds", "refreshLifetimeSeconds"}` and gives the
/// number of an authority.
///
/// Errors: those of JSON, of addresses and of keys; `lifetime_exceeded`.
#[wasm_bindgen(js_name = authorityNew)]
pub fn authority_new(config: &str) -> Crossing<u32> {
    let mut config = json::parse_object(config.as_bytes())?;
    let authority = Authority::read(&config);
    config.zeroize();
    AUTHORITIES.keep(authority?)
}

/// Forgets an authority and wipes its keys.
#[wasm_bindgen(js_name = authorityFree)]
pub fn authority_free(authority: u32) {
    AUTHORITIES.take(authority);
}

/// Looks at an authority.
pub(crate) fn with<R>(authority: u32, look: impl FnOnce(&Authority) -> Crossing<R>) -> Crossing<R> {
    AUTHORITIES.with(authority, look)
}

impl Authority {
    fn read(config: &Object) -> Crossing<Self> {
        Ok(Self {
            issuer: named("issuer", ServiceUrl::parse(config.string("issuer")?))?
                .as_str()
                .to_owned(),
            gateway: named("gateway", ServiceUrl::parse(config.string("gateway")?))?,
            signing_keys: named(
                "signingKeys",
                KeyRing::from_value(config.get("signingKeys"), "sig"),
            )?,
            app_keys: named("appKeys", KeyRing::from_value(config.get("appKeys"), "enc"))?,
            refresh_keys: named(
                "refreshKeys",
                SymmetricKeyRing::from_value(config.get("refreshKeys")),
            )?,
            subject_key: named(
                "subjectKey",
                SymmetricJwk::from_value(config.object("subjectKey")?),
            )?,
            tolerance: tolerance(config)?,
            proof_window: Tolerance::seconds(
                u32::try_from(config.integer("proofWindowSeconds")?).map_err(|_| {
                    Error::with_detail(ErrorCode::ClaimInvalid, "proofWindowSeconds")
                })?,
            ),
            access_token_lifetime: lifetime(
                config,
                "accessTokenLifetimeSeconds",
                access_token::MAX_LIFETIME_SECONDS,
            )?,
            visit_lifetime: lifetime(
                config,
                "visitLifetimeSeconds",
                visit_token::MAX_LIFETIME_SECONDS,
            )?,
            refresh_lifetime: config.integer("refreshLifetimeSeconds")?,
        })
    }
}

fn lifetime(config: &Object, name: &'static str, limit: i64) -> Crossing<i64> {
    let seconds = config.integer(name)?;
    if !(1..=limit).contains(&seconds) {
        return Err(Error::with_detail(ErrorCode::LifetimeExceeded, name).into());
    }
    Ok(seconds)
}
