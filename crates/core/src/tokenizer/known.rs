//! Tokens that were given out before, found again by a keyed hash of their value: so that the same value gets the same token
//! while the vault is away, in every tab.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::store::Row;
use crate::base64url;
use crate::error::Result;
use crate::json::{self, ObjectWriter};
use crate::time::UnixSeconds;

/// What the keys of these rows begin with.
pub const PREFIX: &str = "known/";

/// How long a token that the vault knows may be given out without asking it, in seconds: what was erased there meanwhile must
/// not live on here.
pub const MAX_AGE_SECONDS: i64 = 24 * 3600;

/// A value's place among the known: an HMAC-SHA256 over field and normalised value (see [`message`]), under a key that cannot
/// leave the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookup(String);

impl Lookup {
    /// Takes over the tag.
    pub fn new(tag: [u8; 32]) -> Self {
        Self([PREFIX, &base64url::encode(&tag)].concat())
    }

    /// The key of the row.
    pub fn key(&self) -> &str {
        &self.0
    }
}

/// What the tag is over. Names of fields hold no zero byte.
pub fn message(field: &str, normalised: &str) -> String {
    [field, "\0", normalised].concat()
}

/// A token that is known for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The token.
    pub token: String,
    /// When it was given out or heard of.
    pub at: UnixSeconds,
    /// The operation that tells the vault about it, until that is done.
    pub op: Option<String>,
}

impl Known {
    /// Reads the row.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: &Row) -> Result<Self> {
        let read = json::parse_object(row.value.as_bytes())?;
        Ok(Self {
            token: read.string("token")?.to_owned(),
            at: UnixSeconds::new(read.integer("at")?),
            op: read.optional_string("op")?.map(ToOwned::to_owned),
        })
    }

    /// Writes the row.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .string("token", &self.token)
            .integer("at", self.at.as_i64())
            .optional_string("op", self.op.as_deref())
            .finish()
    }

    /// Whether it may be given out: a token that waits for the vault always, one that the vault knows for a while.
    pub fn serves(&self, now: UnixSeconds) -> bool {
        self.op.is_some() || now < self.at.plus(MAX_AGE_SECONDS)
    }
}
