//! Nonces for DPoP proofs that nobody has to remember.

use alloc::string::String;

use lingpai_core::dpop_nonce::NonceKeys;
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;
use crate::handles::Handles;

static NONCE_KEYS: Handles<NonceKeys> = Handles::new();

/// Reads a JSON array of secrets, each 32 bytes or more in base64url, of which the first makes new nonces, and gives the
/// number under which they are kept.
///
/// Errors: those of `NonceKeys::parse`.
#[wasm_bindgen(js_name = noncesNew)]
pub fn nonces_new(secrets: &str) -> Crossing<u32> {
    NONCE_KEYS.keep(NonceKeys::parse(secrets)?)
}

/// Forgets secrets and wipes them.
#[wasm_bindgen(js_name = noncesFree)]
pub fn nonces_free(nonces: u32) {
    NONCE_KEYS.take(nonces);
}

/// The nonce of now for the service of that name.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = nonceIssue)]
pub fn nonce_issue(
    nonces: u32,
    audience: &str,
    now_seconds: f64,
    period_seconds: u32,
) -> Crossing<String> {
    NONCE_KEYS
        .with(nonces, |keys| Ok(keys.issue(audience, unix_seconds(now_seconds), period_seconds)))
}

/// Whether a nonce was given in this period or the one before (or the one after, by another clock).
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = nonceCheck)]
pub fn nonce_check(
    nonces: u32,
    audience: &str,
    nonce: &str,
    now_seconds: f64,
    period_seconds: u32,
) -> Crossing<bool> {
    let now = unix_seconds(now_seconds);
    NONCE_KEYS.with(nonces, |keys| Ok(keys.accept(audience, nonce, now, period_seconds)))
}
