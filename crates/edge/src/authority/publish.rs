//! What an authority shows to everybody.

use alloc::string::String;

use lingpai_core::ErrorCode;
use lingpai_core::json::ObjectWriter;
use lingpai_core::problem::Problem;
use wasm_bindgen::prelude::*;

use super::config;
use crate::clock::unix_seconds;
use crate::error::Crossing;

/// The JWK Set of the signing keys that are not retired, those of the future included.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = authorityJwks)]
pub fn authority_jwks(authority: u32, now_seconds: f64) -> Crossing<String> {
    config::with(authority, |authority| {
        Ok(authority.signing_keys.published(unix_seconds(now_seconds)).to_json())
    })
}

/// The JWK Set of the encryption keys that are not retired.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = authorityAppKeys)]
pub fn authority_app_keys(authority: u32, now_seconds: f64) -> Crossing<String> {
    config::with(authority, |authority| {
        Ok(authority.app_keys.published(unix_seconds(now_seconds)).to_json())
    })
}

/// The error document for `error`, one of the protocol's codes, as `{"status", "body"}`; with the reason where the caller
/// may know it.
///
/// Errors: none in practice; an unknown code becomes `internal`.
#[wasm_bindgen]
pub fn problem(error: &str, reason: Option<String>) -> Crossing<String> {
    let code = |name: &str| ErrorCode::from_str_code(name).unwrap_or(ErrorCode::Internal);
    let problem = Problem::with(code(error), reason.as_deref().map(code));
    Ok(ObjectWriter::new()
        .integer("status", i64::from(problem.status()))
        .raw("body", &problem.to_json(None))
        .finish())
}
