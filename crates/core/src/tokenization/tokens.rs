//! `POST /v1/tokens`: values go up, and their tokens come down, while the vault is there. The answer has the form of
//! [`super::reconcile::answer`].

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::{Zeroize as _, Zeroizing};

use super::op_id::MAX_OP_ID_BYTES;
use super::reconcile::array;
use super::{MAX_VALUE_BYTES, bounded, document, field_name, invalid, items};
use crate::error::Result;
use crate::json::{Object, ObjectWriter};

/// Where it goes, below the gateway's address.
pub const PATH: &str = "/v1/tokens";

/// A value to be tokenized.
pub struct Item {
    /// What the result will be known by within the answer. Values need no ids of their own: the same value has the same
    /// token, however often it is sent.
    pub op: String,
    /// The field.
    pub field: String,
    /// The value, as it was given.
    pub value: Zeroizing<String>,
}

impl Item {
    fn from_value(item: &Object) -> Result<Self> {
        let value = item.string("value")?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(invalid("value"));
        }
        Ok(Self {
            op: bounded(item.string("op")?, MAX_OP_ID_BYTES, "op")?.to_owned(),
            field: field_name(item.string("field")?)?.to_owned(),
            value: Zeroizing::new(value.to_owned()),
        })
    }

    fn to_json(&self) -> String {
        // Room for a value with every byte escaped.
        ObjectWriter::with_capacity(256 + 6 * self.value.len())
            .string("op", &self.op)
            .string("field", &self.field)
            .string("value", &self.value)
            .finish()
    }
}

/// Writes the request.
pub fn request(wanted: &[Item]) -> String {
    let wanted = array(wanted.iter().map(Item::to_json));
    ObjectWriter::with_capacity(wanted.len() + 16).raw("items", &wanted).finish()
}

/// Reads the request: up to [`super::MAX_ITEMS`] values.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
pub fn parse_request(text: &str) -> Result<Vec<Item>> {
    let mut document = document(text)?;
    let read = items(&document, "items")
        .and_then(|items| items.map(|item| Item::from_value(item?)).collect());
    document.zeroize();
    read
}
