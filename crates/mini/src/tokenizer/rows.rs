//! Rows on their way in, and transactions on their way out.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::json::{ObjectWriter, Value};
use lingpai_core::tokenizer::{Batch, Row, Rows};
use lingpai_core::{ErrorCode, Result};

use crate::message::Fields;

/// Rows that were read, and keys that were looked for in vain: all that is left of the message.
pub(super) fn rest(fields: &mut Fields<'_>) -> Result<Rows> {
    let mut rows = Rows::new();
    while !fields.is_empty() {
        let (key, row) = one(fields)?;
        rows.insert(&key, row);
    }
    Ok(rows)
}

/// One row that was read, by itself.
pub(super) fn alone(fields: &mut Fields<'_>) -> Result<Rows> {
    let (key, row) = one(fields)?;
    let mut rows = Rows::new();
    rows.insert(&key, row);
    Ok(rows)
}

/// A number, and as many rows that were listed, in the order of their keys.
pub(super) fn listed(fields: &mut Fields<'_>) -> Result<Vec<(String, Row)>> {
    (0..fields.number()?)
        .map(|_| match one(fields)? {
            (key, Some(row)) => Ok((key, row)),
            _ => Err(ErrorCode::Malformed.into()),
        })
        .collect()
}

fn one(fields: &mut Fields<'_>) -> Result<(String, Option<Row>)> {
    let (key, value) = (fields.text()?.to_owned(), fields.optional_text()?.map(ToOwned::to_owned));
    let revision = u64::from(fields.number()?);
    Ok((key, value.map(|value| Row { value, revision })))
}

/// A transaction as the store takes it: `expect` with `key` and `revision`, `put` with `key` and `value`, `delete` with keys; whether
/// it is `strict`.
pub(super) fn batch_json(batch: &Batch) -> String {
    let expect = batch.expect.iter().map(|(key, revision)| {
        let out = ObjectWriter::new().string("key", key);
        out.integer("revision", i64::try_from(*revision).unwrap_or(i64::MAX)).finish()
    });
    let put = batch.put.iter().map(|(key, value)| {
        let out = ObjectWriter::with_capacity(64 + key.len() + value.len());
        out.string("key", key).string("value", value).finish()
    });
    ObjectWriter::new()
        .raw("expect", &array(expect))
        .raw("put", &array(put))
        .raw("delete", &array(batch.delete.iter().map(|key| text(key))))
        .boolean("strict", batch.strict)
        .finish()
}

/// A text as JSON.
pub(super) fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_json()
}

/// An array of what is JSON already.
pub(super) fn array(elements: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for element in elements {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&element);
    }
    out.push(']');
    out
}
