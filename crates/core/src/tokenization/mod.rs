//! Tokenization with a vault that may be away: what goes over the wire between a tokenizer and the vault (PROTOCOL §7), and
//! the tokenizer's own decisions. What the vault decides when operations arrive is not here.
//!
//! In reading order: [`policy`] (what the issuer lets an install do by itself), [`provisional`] and [`operation`] (what it
//! makes while the vault is away), [`reconcile`] (how that is made good), [`tokens`] and [`pools`] (how it works while the
//! vault is there).

pub mod normalisation;
pub mod op_id;
pub mod operation;
pub mod policy;
pub mod pools;
pub mod provisional;
pub mod reconcile;
pub mod tokens;

pub use self::normalisation::Normalisation;
pub use self::op_id::OpId;
pub use self::operation::{Binding, Operation};
pub use self::policy::{FieldPolicy, Policy, PolicyClaims};

use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, Reader, Value};

/// Length of a document between tokenizer and vault, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// Items in one request.
pub const MAX_ITEMS: usize = 100;
/// Length of a value to be tokenized, in bytes of UTF-8.
pub const MAX_VALUE_BYTES: usize = 4096;
/// Length of a token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;
/// Length of the name of a field, in bytes.
pub const MAX_FIELD_BYTES: usize = 64;
/// Length of the name of a tenant, in bytes of UTF-8.
pub const MAX_TENANT_BYTES: usize = 128;

/// The name of a field: letters, digits, `-`, `_` and `.`, so that `tokenize:<field>` is the name of a scope.
///
/// Errors: `claim_invalid`.
pub fn field_name(text: &str) -> Result<&str> {
    let proper = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = (1..=MAX_FIELD_BYTES).contains(&text.len()) && text.bytes().all(proper);
    if fits { Ok(text) } else { Err(invalid("field")) }
}

/// Text of at least one byte and at most `limit`.
pub(crate) fn bounded<'a>(text: &'a str, limit: usize, name: &'static str) -> Result<&'a str> {
    if (1..=limit).contains(&text.len()) { Ok(text) } else { Err(invalid(name)) }
}

/// Reads a document, which may be longer than other JSON.
pub(crate) fn document(text: &str) -> Result<Object> {
    let mut reader = Reader::of_text(MAX_DOCUMENT_BYTES, text)?;
    let value = reader.value()?;
    reader.finish()?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(ErrorCode::Malformed.into()),
    }
}

/// The objects in the array of that name: at least one, at most [`MAX_ITEMS`].
pub(crate) fn items<'a>(
    document: &'a Object,
    name: &'static str,
) -> Result<impl Iterator<Item = Result<&'a Object>>> {
    let Some(Value::Array(items)) = document.get(name) else { return Err(invalid(name)) };
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(Error::with_detail(ErrorCode::LimitExceeded, name));
    }
    Ok(items.iter().map(move |item| match item {
        Value::Object(item) => Ok(item),
        _ => Err(invalid(name)),
    }))
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
