//! A visit token that was kept over a reload: checked again, not merely trusted.

use lingpai_core::json::ObjectWriter;
use lingpai_core::time::{Tolerance, UnixSeconds};
use lingpai_core::visit_token::VisitToken;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::exchange::read_terms;
use crate::issuer::Issuer;
use crate::refusal::{JsResult, to_js};

/// The clock that a page corrects by the authority's answers is off by a network round trip at most.
const TOLERANCE: Tolerance = Tolerance::seconds(5);

/// Checks a VT against the terms of its visit at `now_seconds` of the corrected clock. Returns its claims (JSON in JSON)
/// and its times (seconds). `vouched`: the token, once the browser has found its signature right.
///
/// Errors: those of a visit token, `token_expired` among them.
#[wasm_bindgen(js_name = verifyVisitToken)]
pub fn verify_visit_token(
    text: &str,
    issuer: &Issuer,
    terms: &str,
    now_seconds: f64,
    vouched: Option<String>,
) -> JsResult<String> {
    let now = UnixSeconds::new(now_seconds as i64);
    let trust = issuer.trust(vouched.as_deref());
    let token = read_terms(terms)
        .and_then(|terms| VisitToken::verify(text, trust, &terms, now, TOLERANCE))
        .map_err(to_js)?;
    let validity = token.validity();
    Ok(ObjectWriter::new()
        .string("claims", token.claims_json())
        .integer("issuedAtSeconds", validity.issued_at.as_i64())
        .integer("expiresAtSeconds", validity.expires_at.as_i64())
        .finish())
}
