//! `POST /v1/reconcile`: operations go up, and a result for each comes down. Both directions, for both sides.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::op_id::MAX_OP_ID_BYTES;
use super::{MAX_FIELD_BYTES, MAX_TOKEN_BYTES, bounded, document, items};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, ObjectWriter};
use crate::limits::MAX_COMPACT_BYTES;

/// Where it goes, below the gateway's address; with that address the `aud` of a policy.
pub const PATH: &str = "/v1/reconcile";

/// An operation as it is sent. What stands beside the seal is repeated under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The operation's id. From the other side it is any text, which is refused by itself and not with the whole request.
    pub op: String,
    /// The field.
    pub field: String,
    /// The token.
    pub token: String,
    /// The sealed operation.
    pub sealed: String,
}

impl Submission {
    /// Room that it takes in a request, in bytes, at most: none of its members needs an escape.
    pub fn size(&self) -> usize {
        // The names and their punctuation.
        48 + self.op.len() + self.field.len() + self.token.len() + self.sealed.len()
    }

    fn from_value(item: &Object) -> Result<Self> {
        let text = |name, limit| bounded(item.string(name)?, limit, name).map(ToOwned::to_owned);
        Ok(Self {
            op: text("op", MAX_OP_ID_BYTES)?,
            field: text("field", MAX_FIELD_BYTES)?,
            token: text("token", MAX_TOKEN_BYTES)?,
            sealed: text("sealed", MAX_COMPACT_BYTES)?,
        })
    }

    fn to_json(&self) -> String {
        ObjectWriter::with_capacity(self.size())
            .string("op", &self.op)
            .string("field", &self.field)
            .string("token", &self.token)
            .string("sealed", &self.sealed)
            .finish()
    }
}

/// Writes the request.
pub fn request(submissions: &[Submission]) -> String {
    let ops = array(submissions.iter().map(Submission::to_json));
    ObjectWriter::with_capacity(ops.len() + 16).raw("ops", &ops).finish()
}

/// Reads the request: up to [`super::MAX_ITEMS`] operations.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
pub fn parse_request(text: &str) -> Result<Vec<Submission>> {
    let document = document(text)?;
    let items = items(&document, "ops")?;
    items.map(|item| Submission::from_value(item?)).collect()
}

/// Why an operation was refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The binding of token and value does not hold, or what stands outside of the seal differs from what is under it.
    BadBinding,
    /// The value is no live value of its field, or is a token itself.
    BadValue,
    /// It came after `rexp`.
    Expired,
    /// The id was used for another operation.
    OpConflict,
    /// There were more than the policy allows.
    OverCap,
}

impl Refusal {
    const ALL: [Self; 5] =
        [Self::BadBinding, Self::BadValue, Self::Expired, Self::OpConflict, Self::OverCap];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadBinding => "bad_binding",
            Self::BadValue => "bad_value",
            Self::Expired => "expired",
            Self::OpConflict => "op_conflict",
            Self::OverCap => "over_cap",
        }
    }

    /// The refusal of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.as_str() == name)
    }
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vault has it, under this canonical token.
    Done(String),
    /// The token of a pool stands for another value already; nothing was changed.
    Conflict,
    /// It will never be taken.
    Refused(Refusal),
    /// Nothing is known to have happened; send it again.
    Retry,
}

/// The result of one operation, or of one item of a request for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpResult {
    /// The id, as it was sent.
    pub op: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl OpResult {
    /// Writes the result.
    pub fn to_json(&self) -> String {
        let (status, token, error) = match &self.outcome {
            Outcome::Done(token) => ("done", Some(token.as_str()), None),
            Outcome::Conflict => ("conflict", None, None),
            Outcome::Refused(refusal) => ("refused", None, Some(refusal.as_str())),
            Outcome::Retry => ("retry", None, None),
        };
        ObjectWriter::new()
            .string("op", &self.op)
            .string("status", status)
            .optional_string("token", token)
            .optional_string("error", error)
            .finish()
    }

    /// Reads a result. A status or a refusal of a later version is no reason to give anything up: it reads as `retry`.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_value(item: &Object) -> Result<Self> {
        let op = bounded(item.string("op")?, MAX_OP_ID_BYTES, "op")?.to_owned();
        let outcome = match item.string("status")? {
            "done" => {
                Outcome::Done(bounded(item.string("token")?, MAX_TOKEN_BYTES, "token")?.to_owned())
            }
            "conflict" => Outcome::Conflict,
            "refused" => {
                Refusal::from_name(item.string("error")?).map_or(Outcome::Retry, Outcome::Refused)
            }
            _ => Outcome::Retry,
        };
        Ok(Self { op, outcome })
    }
}

/// Writes the answer.
pub fn answer(results: &[OpResult]) -> String {
    let results = array(results.iter().map(OpResult::to_json));
    ObjectWriter::with_capacity(results.len() + 16).raw("results", &results).finish()
}

/// Reads the answer.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
pub fn parse_answer(text: &str) -> Result<Vec<OpResult>> {
    let document = document(text)?;
    if document.get("error").is_some() {
        return Err(Error::with_detail(ErrorCode::ClaimInvalid, "results"));
    }
    let items = items(&document, "results")?;
    items.map(|item| OpResult::from_value(item?)).collect()
}

/// Writes an array of values that are JSON already.
pub(super) fn array(elements: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&element);
    }
    out.push(']');
    out
}
