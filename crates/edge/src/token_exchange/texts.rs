//! What of an exchange is text in and text out, and waits for nobody: whose request it is, who holds a code, how a refusal looks.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use lingpai_core::ErrorCode;
use lingpai_core::json::{self, ObjectWriter};
use lingpai_core::ledger::{Family, granted_before};
use lingpai_core::time::UnixSeconds;
use lingpai_core::token_exchange::claim::{Claim, Holder, Standing, claim};
use lingpai_core::token_exchange::form::{Form, wants_errors_as_ok};
use lingpai_core::token_exchange::refusal::Refusal;
use lingpai_core::token_exchange::request::TokenRequest;
use wasm_bindgen::prelude::*;

use crate::error::Crossing;
use crate::ledger::outcome;

/// Which client a request is by.
///
/// Errors: those of `TokenRequest::read`.
#[wasm_bindgen(js_name = tokenExchangeClient)]
pub fn token_exchange_client(body: &str) -> Crossing<String> {
    Ok(TokenRequest::read(&Form::parse(body)?)?.client_id().to_owned())
}

/// Whether refusals of this request go with the status 200, whatever else is wrong with it.
#[wasm_bindgen(js_name = tokenExchangeOkStatus)]
pub fn token_exchange_ok_status(body: &str) -> bool {
    wants_errors_as_ok(body)
}

/// A refusal: `{"status", "body"}`.
#[wasm_bindgen(js_name = tokenExchangeRefusal)]
pub fn token_exchange_refusal(reason: &str, provider_code: Option<String>) -> String {
    let reason = ErrorCode::from_str_code(reason).unwrap_or(ErrorCode::ServerError);
    let refusal = Refusal { reason, provider_code };
    ObjectWriter::new()
        .integer("status", i64::from(refusal.status()))
        .string("body", &refusal.to_json())
        .finish()
}

/// Decides about a login code, given what the store has for its claim and for its family. Gives `{"standing", "record",
/// "forgetAt", "outcome"?}`: `standing` is `first`, `repeated` or `used`, `outcome` what was granted before.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = claimDecide)]
pub fn claim_decide(
    record: Option<String>,
    family: Option<String>,
    attempt: &str,
) -> Crossing<String> {
    let attempt = json::parse_object(attempt.as_bytes())?;
    let now = UnixSeconds::new(attempt.integer("now")?);
    let kept = record.as_deref().map(Claim::parse).transpose()?;
    let family = family.as_deref().map(Family::parse).transpose()?;
    let (standing, claim) = claim(kept, Holder::read(&attempt)?, now);
    // A claim is forgotten before its family: whoever comes then comes too late.
    let standing = match (standing, &family) {
        (Standing::First, Some(_)) => Standing::Used,
        _ => standing,
    };
    let granted = family.as_ref().filter(|_| standing == Standing::Repeated);
    let granted = granted.map(|family| outcome(&granted_before(family), Some(family)));
    Ok(ObjectWriter::new()
        .string(
            "standing",
            match standing {
                Standing::First => "first",
                Standing::Repeated => "repeated",
                Standing::Used => "used",
            },
        )
        .raw("record", &claim.to_json())
        .integer("forgetAt", claim.forget_at().as_i64())
        .optional_raw("outcome", granted.as_deref())
        .finish())
}
