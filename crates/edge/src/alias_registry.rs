//! Decisions of an alias registry as text, for stores that run them inside a transaction. `alias` and `operation` are what the
//! store has; what comes out is what it has to have, `null` for nothing.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use lingpai_core::alias::registry::{
    self, AliasRecord, Begin, Begun, Claim, Closed, Holder, OperationRecord, Released, State,
    Verdict,
};
use lingpai_core::json::{self, Object, ObjectWriter};
use lingpai_core::time::UnixSeconds;
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::error::Crossing;

/// Whether a visit with so many open aliases may have another.
///
/// Errors: those of `registry::room`.
#[wasm_bindgen(js_name = registryRoom)]
pub fn registry_room(open: u32) -> Crossing<()> {
    Ok(registry::room(open)?)
}

/// Admits an alias: gives its record.
///
/// Errors: those of JSON and `registry::open`.
#[wasm_bindgen(js_name = registryOpen)]
pub fn registry_open(alias: &str, open: u32, now_seconds: f64) -> Crossing<String> {
    let alias = AliasRecord::parse(alias)?;
    Ok(registry::open(alias, open, unix_seconds(now_seconds))?.to_json())
}

/// Begins an operation: `{"verdict": {"execute"} | {"state", "answer"?} | {"refused"}, "alias", "operation", "until"?}`.
/// The attempt is `{"holder", "operation", "hash", "details", "leaseSeconds", "now"}`.
///
/// Errors: those of JSON; a refusal is a verdict, not an error.
#[wasm_bindgen(js_name = registryBegin)]
pub fn registry_begin(
    alias: Option<String>,
    operation: Option<String>,
    attempt: &str,
) -> Crossing<String> {
    let alias = alias.as_deref().map(AliasRecord::parse).transpose()?;
    let operation = operation.as_deref().map(OperationRecord::parse).transpose()?;
    let attempt = json::parse_object(attempt.as_bytes())?;
    let Begun { verdict, alias, operation } = registry::begin(
        alias,
        operation,
        Begin {
            holder: Holder::from_json(attempt.object("holder")?)?,
            operation: attempt.string("operation")?.to_owned(),
            hash: attempt.string("hash")?.to_owned(),
            details: attempt.object("details")?.clone(),
            lease_seconds: attempt.integer("leaseSeconds")?,
            now: time(&attempt, "now")?,
        },
    );
    let verdict = match verdict {
        Verdict::Execute { account } => ObjectWriter::new().string("execute", &account).finish(),
        Verdict::Begun(state) => state_json(&state),
        Verdict::Refused(code) => ObjectWriter::new().string("refused", code.as_str()).finish(),
    };
    Ok(with_operation(ObjectWriter::new().raw("verdict", &verdict), operation.as_ref())
        .raw("alias", alias.map(|alias| alias.to_json()).as_deref().unwrap_or("null"))
        .finish())
}

/// Gives an operation its outcome, the answer or, without one, doubt: `{"operation", "until"?}`.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = registrySettle)]
pub fn registry_settle(
    operation: Option<String>,
    hash: &str,
    answer: Option<String>,
    now_seconds: f64,
) -> Crossing<String> {
    let operation = operation.as_deref().map(OperationRecord::parse).transpose()?;
    let outcome = answer.map_or(State::InDoubt, |answer| State::Done { answer });
    let operation = registry::settle(operation, hash, outcome, unix_seconds(now_seconds));
    let answer = operation.as_ref().map(|operation| state_json(&operation.state));
    Ok(with_operation(ObjectWriter::new(), operation.as_ref())
        .raw("verdict", answer.as_deref().unwrap_or("null"))
        .finish())
}

/// What a secret closes: `{"closes": true | false, "at"?}`; `at` names the visit to which the alias has gone over.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = registryClose)]
pub fn registry_close(alias: Option<String>, secret: &str) -> Crossing<String> {
    let alias = alias.as_deref().map(AliasRecord::parse).transpose()?;
    let (closes, at) = match registry::close(alias.as_ref(), secret) {
        Closed::Nothing => (false, None),
        Closed::Alias => (true, None),
        Closed::AliasAt(visit) => (true, Some(visit)),
    };
    Ok(ObjectWriter::new().boolean("closes", closes).optional_string("at", at.as_deref()).finish())
}

/// Lets a claim `{"secret", "to", "holder", "closer", "now"}` have the alias: `{"left", "taken"}`.
///
/// Errors: those of JSON; `alias_invalid`.
#[wasm_bindgen(js_name = registryRelease)]
pub fn registry_release(alias: Option<String>, claim: &str) -> Crossing<String> {
    let alias = alias.as_deref().map(AliasRecord::parse).transpose()?;
    let claim = json::parse_object(claim.as_bytes())?;
    let (left, taken) = registry::release(
        alias,
        Claim {
            secret: claim.string("secret")?.to_owned(),
            to: Released {
                to: claim.string("to")?.to_owned(),
                holder: Holder::from_json(claim.object("holder")?)?,
            },
            closer: claim.string("closer")?.to_owned(),
            now: time(&claim, "now")?,
        },
    )?;
    Ok(ObjectWriter::new().raw("left", &left.to_json()).raw("taken", &taken.to_json()).finish())
}

/// Takes over a released alias: gives its record. `held` is what the store has of it already.
///
/// Errors: those of JSON; `alias_invalid`.
#[wasm_bindgen(js_name = registryAdopt)]
pub fn registry_adopt(held: Option<String>, taken: &str) -> Crossing<String> {
    let held = held.as_deref().map(AliasRecord::parse).transpose()?;
    Ok(registry::adopt(held, AliasRecord::parse(taken)?)?.to_json())
}

/// What is left of a released alias once it was taken over: its record.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = registryForget)]
pub fn registry_forget(left: &str) -> Crossing<String> {
    Ok(registry::forget(AliasRecord::parse(left)?).to_json())
}

fn state_json(state: &State) -> String {
    let object = ObjectWriter::new();
    match state {
        State::Pending { .. } => object.string("state", "pending"),
        State::Done { answer } => object.string("state", "done").string("answer", answer),
        State::InDoubt => object.string("state", "in_doubt"),
    }
    .finish()
}

fn with_operation(object: ObjectWriter, operation: Option<&OperationRecord>) -> ObjectWriter {
    object
        .raw("operation", operation.map(OperationRecord::to_json).as_deref().unwrap_or("null"))
        .optional_integer("until", operation.map(|operation| operation.until.as_i64()))
}

fn time(object: &Object, name: &'static str) -> Crossing<UnixSeconds> {
    Ok(UnixSeconds::new(object.integer(name)?))
}
