//! Names of areas and of types: short, lower-case, fit for logs and addresses.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};

const MAX_NAME_BYTES: usize = 32;

/// Most areas that a deployment may have. A removal asks each of them three times, and counts its steps in a byte.
pub const MAX_AREAS: usize = 64;

/// An area in which identifiers and data can live, such as `cn` or `eu`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Area(String);

impl Area {
    /// Reads a name: `a`–`z`, then up to 31 of `a`–`z`, `0`–`9`, `-` and `_`.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(name: &str) -> Result<Self> {
        if is_name(name) {
            Ok(Self(name.to_owned()))
        } else {
            Err(Error::with_detail(ErrorCode::ClaimInvalid, "area"))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text can name an area, a type of identifier or a type of data.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MAX_NAME_BYTES
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
        })
}
