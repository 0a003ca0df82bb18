//! What the vault decides about its rows, as text, so that any store that can run one of them inside a transaction can keep
//! them.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::json::{self, Object, ObjectWriter};
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::reconcile::{OpResult, Outcome, Refusal};
use lingpai_core::vault::grant::{Granted, Wanted, grant, portion};
use lingpai_core::vault::intake::Unopened;
use lingpai_core::vault::settlement::{
    self, Admission, Attempt, Claimed, LeaseRow, OpMemory, TokenRow, TokenState,
};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::error::Crossing;

/// Decides about a request for a policy. `remembered` is a list of what was granted to the same holder before, JSON objects, a line for each. Gives
/// `{"granted", "fresh", "jti", "forgetAt"}`; a fresh one is to be kept until then.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = vaultGrant)]
pub fn vault_grant(remembered: &str, command: &str) -> Crossing<String> {
    // Each was written here; together they may be more than one document may be long.
    let remembered = remembered
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| Granted::from_value(&json::parse_object(line.as_bytes())?))
        .collect::<Result<Vec<_>, Error>>()?;
    let wanted = Wanted::from_value(&json::parse_object(command.as_bytes())?)?;
    let (granted, fresh) = grant(&remembered, wanted);
    let forget_at = granted.reconcile_until.plus(settlement::MEMORY_MARGIN_SECONDS);
    Ok(ObjectWriter::new()
        .raw("granted", &granted.to_json())
        .boolean("fresh", fresh)
        .string("jti", &granted.id)
        .integer("forgetAt", forget_at.as_i64())
        .finish())
}

/// How many tokens a lease may have, where a subject has leased so many of its share.
#[wasm_bindgen(js_name = vaultPortion)]
pub fn vault_portion(wanted: u32, share: u32, leased: u32) -> u32 {
    portion(wanted, share, share.saturating_sub(leased))
}

/// Decides whether an operation is worked on. `memory` is `{"digest", "result"?, "until"}`, `attempt` is `{"op", "digest",
/// "foreign"?, "refused"?, "missing"?, "rexp", "used", "max", "now"}`. Gives `{"answer"?: result, "memory"?}`: without an answer
/// it is to be worked on, and what is to be remembered counts as one more of its policy and field.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = vaultAdmit)]
pub fn vault_admit(memory: Option<String>, attempt: &str) -> Crossing<String> {
    let attempt = json::parse_object(attempt.as_bytes())?;
    let op = attempt.string("op")?;
    let memory = memory.as_deref().map(read_memory).transpose()?;
    let opened = match attempt.optional_string("refused")? {
        Some(name) => Err(Unopened::Refused(refusal(name)?)),
        None if attempt.get("foreign").is_some() => Err(Unopened::Foreign),
        None if attempt.get("missing").is_some() => Err(Unopened::KeyMissing),
        None => Ok(()),
    };
    let admission = settlement::admit(
        memory.as_ref(),
        Attempt {
            digest: attempt.string("digest")?,
            opened,
            reconcile_until: UnixSeconds::new(attempt.integer("rexp")?),
            used: count(&attempt, "used")?,
            max: count(&attempt, "max")?,
            now: UnixSeconds::new(attempt.integer("now")?),
        },
    );
    let (answer, memory) = match admission {
        Admission::Answer(outcome, memory) => (Some(outcome), memory),
        Admission::Work(memory) => (None, memory),
    };
    Ok(ObjectWriter::new()
        .optional_raw("answer", answer.map(|outcome| result(op, outcome)).as_deref())
        .optional_raw("memory", memory.map(|memory| write_memory(op, &memory)).as_deref())
        .finish())
}

/// What is remembered of an operation that was worked on: nothing where a result is remembered already. `outcome` is a result.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = vaultSettle)]
pub fn vault_settle(memory: &str, outcome: &str) -> Crossing<Option<String>> {
    let memory = read_memory(memory)?;
    let OpResult { op, outcome } = OpResult::from_value(&json::parse_object(outcome.as_bytes())?)?;
    Ok(settlement::settle(&memory, &outcome).map(|memory| write_memory(&op, &memory)))
}

/// Decides about a token. `row` is `{"lease"?, "holder"?, "value"?}`, `claim` is `{"lease"?, "holder"?}`. Gives
/// `{"value"}` of the value that it stands for, `{"status", "error"}` of a refusal, or neither.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = vaultClaim)]
pub fn vault_claim(row: Option<String>, claim: &str) -> Crossing<String> {
    let row = row.as_deref().map(read_row).transpose()?;
    let claim = json::parse_object(claim.as_bytes())?;
    let lease = match (claim.optional_string("lease")?, claim.optional_string("holder")?) {
        (Some(lease), holder) => Some((lease, holder.unwrap_or_default())),
        (None, _) => None,
    };
    let out = ObjectWriter::new();
    Ok(match settlement::claim(row.as_ref(), lease) {
        Claimed::Free => out,
        Claimed::Bound(value) => out.string("value", &value),
        Claimed::BadBinding => {
            out.string("status", "refused").string("error", Refusal::BadBinding.as_str())
        }
    }
    .finish())
}

/// Whether a token of a pool stands for the value with the fingerprint `wanted`; `kept` is that of the value which it stands for,
/// nothing where that was erased.
#[wasm_bindgen(js_name = vaultStandsFor)]
pub fn vault_stands_for(kept: Option<String>, wanted: &str) -> bool {
    settlement::stands_for(true, kept.as_deref(), wanted)
}

/// Binds a token to a value: `{"value", "row"?}`, the value that it stands for, and the row to be written if that is new.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = vaultBind)]
pub fn vault_bind(row: Option<String>, value: &str) -> Crossing<String> {
    let row = row.as_deref().map(read_row).transpose()?;
    let (value, row) = settlement::bind(row.as_ref(), value);
    Ok(ObjectWriter::new()
        .string("value", &value)
        .optional_raw("row", row.as_ref().map(write_row).as_deref())
        .finish())
}

fn result(op: &str, outcome: Outcome) -> String {
    OpResult { op: op.to_owned(), outcome }.to_json()
}

fn write_memory(op: &str, memory: &OpMemory) -> String {
    let result = memory.outcome.clone().map(|outcome| result(op, outcome));
    ObjectWriter::new()
        .string("digest", &memory.digest)
        .optional_raw("result", result.as_deref())
        .integer("until", memory.forget_at.as_i64())
        .finish()
}

fn read_memory(text: &str) -> Crossing<OpMemory> {
    let memory = json::parse_object(text.as_bytes())?;
    let outcome = memory.optional_object("result")?.map(OpResult::from_value).transpose()?;
    Ok(OpMemory {
        digest: memory.string("digest")?.to_owned(),
        outcome: outcome.map(|result| result.outcome),
        forget_at: UnixSeconds::new(memory.integer("until")?),
    })
}

fn write_row(row: &TokenRow) -> String {
    let value = match &row.state {
        TokenState::Free => None,
        TokenState::Bound { value } => Some(value.as_str()),
    };
    let lease = row.lease.as_ref();
    ObjectWriter::new()
        .optional_string("lease", lease.map(|lease| lease.id.as_str()))
        .optional_string("holder", lease.and_then(|lease| lease.holder.as_deref()))
        .optional_string("value", value)
        .finish()
}

fn read_row(text: &str) -> Crossing<TokenRow> {
    let row = json::parse_object(text.as_bytes())?;
    let own = |name| -> Crossing<Option<String>> {
        Ok(row.optional_string(name)?.map(|text| text.to_owned()))
    };
    let holder = own("holder")?;
    let lease = own("lease")?.map(|id| LeaseRow { id, holder });
    let state = own("value")?.map_or(TokenState::Free, |value| TokenState::Bound { value });
    Ok(TokenRow { lease, state })
}

fn refusal(name: &str) -> Crossing<Refusal> {
    Refusal::from_name(name).ok_or(Error::with_detail(ErrorCode::ClaimInvalid, "refused").into())
}

fn count(object: &Object, name: &'static str) -> Crossing<u32> {
    u32::try_from(object.integer(name)?)
        .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, name).into())
}
