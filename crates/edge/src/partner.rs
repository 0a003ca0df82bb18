//! The partner's back-end: it authenticates, opens what it gets, and writes the launch address.

use alloc::string::String;

use lingpai_core::access_token::{self, AccessToken};
use lingpai_core::jose::{Jwe, JwkSet, PrivateJwk};
use lingpai_core::json::ObjectWriter;
use lingpai_core::signed::Trust;
use lingpai_core::time::Tolerance;
use lingpai_core::{ErrorCode, client_assertion, uri};
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;

/// Signs a client assertion for one request to `issuer`.
///
/// Errors: those of keys.
#[wasm_bindgen(js_name = clientAssertion)]
pub fn client_assertion(
    client_id: &str,
    issuer: &str,
    private_key: &str,
    now_seconds: f64,
) -> Crossing<String> {
    let key = PrivateJwk::parse(private_key)?;
    let now = unix_seconds(now_seconds);
    Ok(client_assertion::sign(client_id, issuer, &entropy::id()?, now, &key)?)
}

/// Opens the envelope of an AT and verifies what is in it, since an envelope does not tell its sender. Gives
/// `{"accessToken", "clientId", "page", "scope", "expiresAt", "jkt"?}`.
///
/// Errors: `type_mismatch`, `decryption_failed`, and those of `AccessToken::verify_now`.
#[wasm_bindgen(js_name = openAccessToken)]
pub fn open_access_token(
    envelope: &str,
    private_key: &str,
    issuer: &str,
    keys: &str,
    now_seconds: f64,
    tolerance_seconds: u32,
) -> Crossing<String> {
    let jwe = Jwe::parse(envelope)?;
    if jwe.typ() != access_token::ENVELOPE_TYP || jwe.cty() != "JWT" {
        return Err(ErrorCode::TypeMismatch.into());
    }
    let opened = jwe.open(&PrivateJwk::parse(private_key)?)?;
    let text = core::str::from_utf8(&opened.plaintext).map_err(|_| ErrorCode::Malformed)?;
    let keys = JwkSet::parse(keys)?;
    let token = AccessToken::verify_now(
        text,
        Trust::new(issuer, &keys),
        unix_seconds(now_seconds),
        Tolerance::seconds(tolerance_seconds),
    )?;
    let claims = token.claims();
    Ok(ObjectWriter::new()
        .string("accessToken", token.text())
        .string("clientId", &claims.client_id)
        .string("page", claims.page.as_str())
        .string("scope", claims.scope.as_str())
        .integer("expiresAt", claims.validity.expires_at.as_i64())
        .optional_string("jkt", claims.jkt.as_deref())
        .finish())
}

/// The address that opens a page with an AT (fragment launch).
///
/// Errors: `malformed`.
#[wasm_bindgen(js_name = launchUrl)]
pub fn launch_url(page: &str, access_token: &str) -> Crossing<String> {
    Ok(uri::launch_url(page, access_token)?)
}
