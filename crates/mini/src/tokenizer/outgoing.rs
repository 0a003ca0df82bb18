//! Operations on their way to the vault, and who may send them.

use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenization::reconcile;
use lingpai_core::tokenizer::fence::{self, Attempt, Fence};
use lingpai_core::tokenizer::outbox::{self, Claimed, Settled, Stored};
use lingpai_core::tokenizer::{Batch, Row};
use lingpai_core::{ErrorCode, Result};

use super::rows::{self, array, batch_json, text};
use crate::border::Output;
use crate::message::Fields;

/// Owner, time, rows → `batch` to be written, or `waitMs` where somebody else holds the fence.
pub(super) fn take_fence(fields: &mut Fields<'_>) -> Output {
    let (owner, now_ms) = (fields.text()?, fields.milliseconds()?);
    let out = ObjectWriter::new();
    let out = match fence::attempt(&rows::rest(fields)?, owner, now_ms)? {
        Attempt::Take(batch) => out.raw("batch", &batch_json(&batch)),
        Attempt::Wait(ms) => out.integer("waitMs", i64::try_from(ms).unwrap_or(i64::MAX)),
    };
    Ok(out.finish().into_bytes())
}

/// How many at the most, operations → of those that go together: how many they are (`size`), the `policy` that allows them
/// (its key in the store), the `body` of the request, and the `keys` to be read before they are settled. Nothing where one
/// of them cannot be read: those are for [`bury`].
pub(super) fn next(fields: &mut Fields<'_>) -> Output {
    let (most, listed) = (fields.number()?, rows::listed(fields)?);
    if listed.iter().any(|(_, row)| Stored::parse(row).is_err()) {
        return Ok(Vec::new());
    }
    let batch = outbox::next_batch(&listed, most as usize);
    let policy = batch.first().map_or("", |first| first.stored.policy.as_str());
    let keys = outbox::settling_keys(&batch);
    let out = ObjectWriter::new()
        .integer("size", i64::try_from(batch.len()).unwrap_or(i64::MAX))
        .string("policy", &lingpai_core::tokenizer::upkeep::policy_key(policy))
        .string("body", &reconcile::request(&outbox::submissions(&batch)))
        .raw("keys", &array(keys.iter().map(|key| text(key))));
    Ok(out.finish().into_bytes())
}

/// The answer, time, owner, how many at the most, the fence as it was taken, operations as [`next`] had them, rows → `batch`, and
/// how many are `done`, `dead` or go again (`retry`).
///
/// Errors: those of an answer that is none; `closed` where the fence is somebody else's.
pub(super) fn settle(fields: &mut Fields<'_>) -> Output {
    let (answer, now) = (fields.text()?, fields.time()?);
    let (fence, batch) = claimed(fields)?;
    let results = reconcile::parse_answer(answer)?;
    outbox::settle(&rows::rest(fields)?, &fence, &batch, &results, now).map(settled)
}

/// Whether the key of their policy is gone (else: they cannot be read), owner, how many at the most, the fence as it was taken,
/// operations, rows → as [`settle`]: they become dead letters.
///
/// Errors: `closed` where the fence is somebody else's.
pub(super) fn bury(fields: &mut Fields<'_>) -> Output {
    let keyless = fields.flag()?;
    let (owner, most) = (fields.text()?, fields.number()?);
    let (fence, listed) = (held(fields, owner)?, rows::listed(fields)?);
    let (dead, reason): (Vec<(String, Row)>, _) = if keyless {
        let batch = outbox::next_batch(&listed, most as usize);
        (batch.into_iter().map(|it| (it.key, it.row)).collect(), ErrorCode::KeyBindingMismatch)
    } else {
        let unreadable = listed.into_iter().filter(|(_, row)| Stored::parse(row).is_err());
        (unreadable.collect(), ErrorCode::Malformed)
    };
    outbox::bury(&rows::rest(fields)?, &fence, &dead, reason).map(settled)
}

/// Owner, the fence as it was taken, rows → `batch`, and how many operations the store has `lost`. Nothing where none is
/// missing.
///
/// Errors: `closed` where the fence is somebody else's.
pub(super) fn write_off(fields: &mut Fields<'_>) -> Output {
    let owner = fields.text()?;
    let fence = held(fields, owner)?;
    let written = outbox::write_off(&rows::rest(fields)?, &fence)?;
    Ok(written.map_or_else(Vec::new, |(batch, lost)| {
        let out = ObjectWriter::new().raw("batch", &batch_json(&batch));
        out.integer("lost", i64::try_from(lost).unwrap_or(i64::MAX)).finish().into_bytes()
    }))
}

fn claimed(fields: &mut Fields<'_>) -> Result<(Fence, Vec<Claimed>)> {
    let (owner, most) = (fields.text()?, fields.number()?);
    let fence = held(fields, owner)?;
    Ok((fence, outbox::next_batch(&rows::listed(fields)?, most as usize)))
}

fn held(fields: &mut Fields<'_>, owner: &str) -> Result<Fence> {
    Fence::held(&rows::alone(fields)?, owner)?.ok_or(ErrorCode::Closed.into())
}

fn settled((batch, settled): (Batch, Settled)) -> Vec<u8> {
    ObjectWriter::new()
        .raw("batch", &batch_json(&batch))
        .integer("done", i64::from(settled.done))
        .integer("dead", i64::from(settled.dead))
        .integer("retry", i64::from(settled.retry))
        .finish()
        .into_bytes()
}
