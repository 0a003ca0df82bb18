//! `POST /v1/pools`: real tokens that stand for nothing yet, leased ahead to one holder. Both directions, for both sides.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{MAX_TOKEN_BYTES, bounded, document, field_name, invalid};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{ObjectWriter, Value};
use crate::limits::MAX_ELEMENTS;
use crate::time::UnixSeconds;

/// Where it goes, below the gateway's address.
pub const PATH: &str = "/v1/pools";
/// Tokens in one lease.
pub const MAX_POOL: u32 = MAX_ELEMENTS as u32;

/// What a tokenizer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRequest {
    /// The field whose values the tokens will stand for.
    pub field: String,
    /// How many, at least 1 and at most [`MAX_POOL`].
    pub count: u32,
}

impl PoolRequest {
    /// Reads the request.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let document = document(text)?;
        let count = u32::try_from(document.integer("count")?).map_err(|_| invalid("count"))?;
        if !(1..=MAX_POOL).contains(&count) {
            return Err(invalid("count"));
        }
        Ok(Self { field: field_name(document.string("field")?)?.to_owned(), count })
    }

    /// Writes the request.
    pub fn to_json(&self) -> String {
        let out = ObjectWriter::new().string("field", &self.field);
        out.integer("count", i64::from(self.count)).finish()
    }
}

/// What the vault gives: tokens that nobody else gets, ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its name, which comes back with each operation that uses one of the tokens.
    pub lease: String,
    /// The first second in which none of them may be given out any more.
    pub expires_at: UnixSeconds,
    /// The tokens. There may be fewer than were asked for.
    pub tokens: Vec<String>,
}

impl Lease {
    /// Reads the answer.
    ///
    /// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
    pub fn parse(text: &str) -> Result<Self> {
        let document = document(text)?;
        let Some(Value::Array(tokens)) = document.get("tokens") else {
            return Err(invalid("tokens"));
        };
        let token = |token: &Value| {
            let text = token.as_str().ok_or(invalid("tokens"))?;
            bounded(text, MAX_TOKEN_BYTES, "tokens").map(ToOwned::to_owned)
        };
        let tokens = tokens.iter().map(token).collect::<Result<Vec<_>>>()?;
        let distinct = tokens
            .iter()
            .enumerate()
            .all(|(at, one)| !tokens.iter().skip(at + 1).any(|it| it == one));
        if !distinct {
            return Err(Error::with_detail(ErrorCode::ClaimInvalid, "tokens"));
        }
        Ok(Self {
            lease: bounded(document.string("lease")?, 128, "lease")?.to_owned(),
            expires_at: UnixSeconds::new(document.integer("exp")?),
            tokens,
        })
    }

    /// Writes the answer.
    pub fn to_json(&self) -> String {
        let tokens = Value::Array(self.tokens.iter().cloned().map(Value::String).collect());
        ObjectWriter::new()
            .string("lease", &self.lease)
            .integer("exp", self.expires_at.as_i64())
            .raw("tokens", &tokens.to_json())
            .finish()
    }
}
