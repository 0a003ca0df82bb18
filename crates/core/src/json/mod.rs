//! A strict reader of I-JSON (RFC 8259, RFC 7493) for small documents from hostile hands, and a writer of objects.
//! Not for streams or big data: documents are bounded (see `limits`) and become a tree.

mod members;
mod number;
mod reader;
mod value;
mod writer;

pub use self::number::Number;
pub use self::value::{Object, Value};
pub use self::writer::ObjectWriter;

pub(crate) use self::members::{Member, Members};
pub(crate) use self::number::write_integer;
pub(crate) use self::reader::Reader;

use crate::error::{ErrorCode, Result};

/// Reads one JSON text: UTF-8, one value, nothing but white space around it.
///
/// Errors: `duplicate_member` (at any level), `limit_exceeded` (size, depth, members, elements), `malformed` for the rest,
/// among it lone surrogates, noncharacters and numbers that no double can hold.
pub fn parse(text: &[u8]) -> Result<Value> {
    let mut reader = Reader::new(text)?;
    let value = reader.value()?;
    reader.finish()?;
    Ok(value)
}

/// Reads one JSON object; any other value is `malformed`. Otherwise as [`parse`].
pub fn parse_object(text: &[u8]) -> Result<Object> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(ErrorCode::Malformed.into()),
    }
}
