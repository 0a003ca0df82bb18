//! Questions about tokens: which values they stand for (`POST /v1/tokens/reveal`), and which are of the same value
//! (`POST /v1/tokens/canonical`).

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Result;
use crate::tokenization::{MAX_TOKEN_BYTES, bounded, document, field_name, items};

/// A token that somebody asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The field whose token it is.
    pub field: String,
    /// The token.
    pub token: String,
}

/// Reads `{"items": [{"field", "token"}]}`, up to `tokenization::MAX_ITEMS`.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
pub fn parse_request(text: &str) -> Result<Vec<Lookup>> {
    let document = document(text)?;
    let lookups = items(&document, "items")?.map(|item| {
        let item = item?;
        Ok(Lookup {
            field: field_name(item.string("field")?)?.to_owned(),
            token: bounded(item.string("token")?, MAX_TOKEN_BYTES, "token")?.to_owned(),
        })
    });
    lookups.collect()
}
