//! Ledger decisions as text, so that any store that can run one of them inside a transaction can be the ledger.

use alloc::borrow::ToOwned;
use alloc::string::String;

use lingpai_core::json::{self, Object, ObjectWriter};
use lingpai_core::ledger::{self, Family, Redeem, Spend, Verdict};
use lingpai_core::terms::VisitTerms;
use lingpai_core::time::UnixSeconds;
use lingpai_core::visit_token::TokenValues;
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::error::Crossing;

/// Decides about a command of the authority, given what the store holds for the family. Gives `{"outcome": {…},
/// "record"?: {…}, "forgetAt"?}`: the outcome goes back to the authority, the record into the store.
///
/// Errors: those of JSON; a refusal is an outcome, not an error.
#[wasm_bindgen(js_name = ledgerDecide)]
pub fn ledger_decide(record: Option<String>, command: &str) -> Crossing<String> {
    let family = record.as_deref().map(Family::parse).transpose()?;
    let command = json::parse_object(command.as_bytes())?;
    let (verdict, family) = match command.string("kind")? {
        "redeem" => ledger::redeem(family, redeem(&command)?),
        "refresh" => ledger::spend(family, spend(&command)?),
        _ => return Err(Error::with_detail(ErrorCode::ClaimInvalid, "kind").into()),
    };
    Ok(decision(&outcome(&verdict, family.as_ref()), family.as_ref()))
}

/// Ends a family: what the store has to hold for it from now on.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = ledgerRevoke)]
pub fn ledger_revoke(record: &str) -> Crossing<String> {
    let mut family = Family::parse(record)?;
    family.revoke();
    Ok(decision("{}", Some(&family)))
}

/// Whether a family has been ended.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = ledgerRevoked)]
pub fn ledger_revoked(record: &str) -> Crossing<bool> {
    Ok(Family::parse(record)?.is_revoked())
}

fn decision(outcome: &str, family: Option<&Family>) -> String {
    ObjectWriter::new()
        .raw("outcome", outcome)
        .optional_raw("record", family.map(Family::to_json).as_deref())
        .optional_integer("forgetAt", family.map(|family| family.forget_at().as_i64()))
        .finish()
}

/// What goes back to the authority.
pub(crate) fn outcome(verdict: &Verdict, family: Option<&Family>) -> String {
    match (verdict, family) {
        (Verdict::Granted { values, refresh }, Some(family)) => {
            let refresh = refresh.map(|(counter, end)| {
                ObjectWriter::new()
                    .integer("counter", i64::from(counter))
                    .integer("exp", end.as_i64())
                    .finish()
            });
            write_values(ObjectWriter::new(), values)
                .raw("terms", &family.terms().to_json())
                .integer("opened", family.opened_at().as_i64())
                .optional_raw("refresh", refresh.as_deref())
                .finish()
        }
        (Verdict::Refused(code), _) => {
            ObjectWriter::new().string("refused", code.as_str()).finish()
        }
        // A grant always comes with its family.
        (Verdict::Granted { .. }, None) => {
            ObjectWriter::new().string("refused", ErrorCode::Internal.as_str()).finish()
        }
    }
}

/// The command that redeems an AT.
pub(crate) fn redeem_command(attempt: &Redeem) -> String {
    write_values(ObjectWriter::new().string("kind", "redeem"), &attempt.values)
        .string("hash", &attempt.request_hash)
        .raw("terms", &attempt.terms.to_json())
        .string("page", &attempt.page)
        .integer("atExp", attempt.access_token_expires_at.as_i64())
        .optional_integer("refreshExp", attempt.refresh_expires_at.map(UnixSeconds::as_i64))
        .integer("now", attempt.now.as_i64())
        .finish()
}

fn redeem(command: &Object) -> Crossing<Redeem> {
    Ok(Redeem {
        request_hash: command.string("hash")?.to_owned(),
        terms: VisitTerms::from_json(command.object("terms")?)?,
        page: command.string("page")?.to_owned(),
        access_token_expires_at: time(command, "atExp")?,
        values: read_values(command)?,
        refresh_expires_at: command.optional_integer("refreshExp")?.map(UnixSeconds::new),
        now: time(command, "now")?,
    })
}

/// The command that spends a refresh token.
pub(crate) fn spend_command(attempt: &Spend) -> String {
    write_values(ObjectWriter::new().string("kind", "refresh"), &attempt.values)
        .integer("counter", i64::from(attempt.counter))
        .string("hash", &attempt.request_hash)
        .string("page", &attempt.page)
        .optional_string("jkt", attempt.jkt.as_deref())
        .integer("now", attempt.now.as_i64())
        .finish()
}

fn spend(command: &Object) -> Crossing<Spend> {
    Ok(Spend {
        counter: counter(command)?,
        request_hash: command.string("hash")?.to_owned(),
        page: command.string("page")?.to_owned(),
        jkt: command.optional_string("jkt")?.map(ToOwned::to_owned),
        values: read_values(command)?,
        now: time(command, "now")?,
    })
}

fn write_values(object: ObjectWriter, values: &TokenValues) -> ObjectWriter {
    object
        .string("jti", &values.jti)
        .integer("iat", values.issued_at.as_i64())
        .integer("exp", values.expires_at.as_i64())
}

/// The values of a VT in a command or an outcome.
pub(crate) fn read_values(object: &Object) -> Crossing<TokenValues> {
    Ok(TokenValues {
        jti: object.string("jti")?.to_owned(),
        issued_at: time(object, "iat")?,
        expires_at: time(object, "exp")?,
    })
}

/// `counter` of a command or an outcome.
pub(crate) fn counter(object: &Object) -> Crossing<u32> {
    u32::try_from(object.integer("counter")?)
        .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "counter").into())
}

fn time(object: &Object, name: &'static str) -> Crossing<UnixSeconds> {
    Ok(UnixSeconds::new(object.integer(name)?))
}
