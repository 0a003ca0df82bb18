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

/// The text of a member of the outermost object, byte for byte as it stands there: what signatures over parts of a document
/// are made over.
///
/// Errors: as [`parse`]; `claim_invalid` where there is no such member.
#[cfg(feature = "platforms")]
pub fn raw_member<'a>(text: &'a str, name: &'static str) -> Result<&'a str> {
    let mut reader = Reader::new(text.as_bytes())?;
    reader.enter_object()?;
    let mut found = None;
    let mut count = 0;
    while let Some(member) = reader.next_name(&mut count)? {
        let value = reader.raw_value()?;
        if member == name && found.replace(value).is_some() {
            return Err(ErrorCode::DuplicateMember.into());
        }
    }
    reader.finish()?;
    found.ok_or(value::invalid(name))
}

/// Reads one JSON object; any other value is `malformed`. Otherwise as [`parse`].
pub fn parse_object(text: &[u8]) -> Result<Object> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(ErrorCode::Malformed.into()),
    }
}
