//! A strict reader of I-JSON (RFC 8259, RFC 7493) for small documents from hostile hands, and a writer of objects.
//! Not for streams or big data: documents are bounded (see `limits`) and become a tree.

mod number;
mod reader;
mod value;
mod writer;

pub use self::number::Number;
pub use self::value::{Object, Value};
pub use self::writer::ObjectWriter;

pub(crate) use self::reader::Reader;

use crate::error::{ErrorCode, Result};

/// Reads one JSON text: UTF-8, one value, nothing but white space around it.
///
/// Errors: `duplicate_member` (at any level), `limit_exceeded` (size, depth, members, elements), `malformed` for the rest,
/// among it lone surrogates, noncharacters and numbers that no double can hold.
pub fn parse(text: &[u8]) -> Result<Value> {
    whole(Reader::new(text)?)
}

/// Reads one JSON object; any other value is `malformed`. Otherwise as [`parse`].
pub fn parse_object(text: &[u8]) -> Result<Object> {
    object(parse(text)?)
}

/// As [`parse_object`], for documents of up to `limit` bytes.
pub(crate) fn parse_object_within(limit: usize, text: &[u8]) -> Result<Object> {
    object(whole(Reader::within(limit, text)?)?)
}

fn whole(mut reader: Reader<'_>) -> Result<Value> {
    let value = reader.value()?;
    reader.finish()?;
    Ok(value)
}

fn object(value: Value) -> Result<Object> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(ErrorCode::Malformed.into()),
    }
}
