//! Operations on their way to the vault, and who may send them.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::json::ObjectWriter;
use lingpai_core::tokenization::reconcile;
use lingpai_core::tokenizer::fence::{self, Attempt, Fence};
use lingpai_core::tokenizer::outbox::{self, Burial, Claimed, Settled, Stored};
use lingpai_core::tokenizer::upkeep::policy_key;
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

/// How many at the most, policies that are barred, operations → of those that go together: how many they are (`size`), their
/// policy (`jti`, and `policy`, its key in the store), the `body` of the request, the `keys` to be read before they are settled, and
/// the key of the `last` of them.
pub(super) fn next(fields: &mut Fields<'_>) -> Output {
    let batch = going(fields)?;
    let policy = batch.first().map_or("", |first| first.stored.policy.as_str());
    let keys = outbox::settling_keys(&batch);
    let out = ObjectWriter::new()
        .integer("size", i64::try_from(batch.len()).unwrap_or(i64::MAX))
        .string("jti", policy)
        .string("policy", &policy_key(policy))
        .string("body", &reconcile::request(&outbox::submissions(&batch)))
        .raw("keys", &array(keys.iter().map(|key| text(key))))
        .string("last", batch.last().map_or("", |last| &last.key));
    Ok(out.finish().into_bytes())
}

/// The answer, time, owner, the fence as it was taken, what [`next`] had, rows → `batch`, and how many are `done`, `dead` or go
/// again (`retry`).
///
/// Errors: those of an answer that is none; `closed` where the fence is somebody else's.
pub(super) fn settle(fields: &mut Fields<'_>) -> Output {
    let (answer, now) = (fields.text()?, fields.time()?);
    let (fence, batch) = (held(fields)?, going(fields)?);
    let results = reconcile::parse_answer(answer)?;
    outbox::settle(&rows::rest(fields)?, &fence, &batch, &results, now).map(settled)
}

/// The text of their policy (or absent), which cannot be used now, whether its key is here, time, owner, the fence as it was taken,
/// what [`next`] had, rows → as [`settle`], where they can never be sent: they become dead letters. Nothing where they may be
/// sent later.
///
/// Errors: `closed` where the fence is somebody else's.
pub(super) fn bury(fields: &mut Fields<'_>) -> Output {
    let (policy, key_at_hand, now) = (fields.optional_text()?, fields.flag()?, fields.time()?);
    let (fence, batch) = (held(fields)?, going(fields)?);
    let Some(reason) = Burial::of(policy, key_at_hand, now) else { return Ok(Vec::new()) };
    let dead: Vec<(String, Row)> = batch.into_iter().map(|it| (it.key, it.row)).collect();
    outbox::bury(&rows::rest(fields)?, &fence, &dead, reason).map(settled)
}

/// Owner, the fence as it was taken, operations, rows → as [`settle`], for those that cannot be read. Nothing where all can be.
///
/// Errors: `closed` where the fence is somebody else's.
pub(super) fn bury_unreadable(fields: &mut Fields<'_>) -> Output {
    let (fence, mut listed) = (held(fields)?, rows::listed(fields)?);
    listed.retain(|(_, row)| Stored::parse(row).is_err());
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    outbox::bury(&rows::rest(fields)?, &fence, &listed, Burial::Unreadable).map(settled)
}

/// Owner, the fence as it was taken, rows → `batch`, and how many operations the store has `lost`. Nothing where none is
/// missing. The rows have to have been read before the outbox was seen empty.
///
/// Errors: `closed` where the fence is somebody else's.
pub(super) fn write_off(fields: &mut Fields<'_>) -> Output {
    let fence = held(fields)?;
    let written = outbox::write_off(&rows::rest(fields)?, &fence)?;
    Ok(written.map_or_else(Vec::new, |(batch, lost)| {
        let out = ObjectWriter::new().raw("batch", &batch_json(&batch));
        out.integer("lost", i64::try_from(lost).unwrap_or(i64::MAX)).finish().into_bytes()
    }))
}

/// How many at the most, how many policies are barred, their `jti`, operations.
fn going(fields: &mut Fields<'_>) -> Result<Vec<Claimed>> {
    let (most, count) = (fields.number()?, fields.number()?);
    let barred = (0..count).map(|_| fields.text().map(ToOwned::to_owned));
    let barred = barred.collect::<Result<Vec<String>>>()?;
    Ok(outbox::next_batch(&rows::listed(fields)?, most as usize, &barred))
}

fn held(fields: &mut Fields<'_>) -> Result<Fence> {
    let owner = fields.text()?;
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
