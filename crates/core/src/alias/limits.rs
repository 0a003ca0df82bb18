//! What an operation under an alias may be at most, fixed when the alias is made.

use alloc::string::String;

use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, Value};

/// Limits by the name of a member of the operation's details: an integer is the most that an integer may be (which may not be
/// negative), a string is what a string has to be, an array of strings is what it has to be one of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(Object);

const MAX_LIMITS: usize = 16;

impl Limits {
    /// Reads limits.
    ///
    /// Errors: `claim_invalid` for anything else than described above.
    pub fn from_object(limits: &Object) -> Result<Self> {
        let proper = limits.len() <= MAX_LIMITS
            && limits.iter().all(|(_, limit)| match limit {
                Value::Number(most) => most.as_integer().is_some_and(|most| most >= 0),
                Value::String(_) => true,
                Value::Array(choices) => choices.iter().all(|choice| choice.as_str().is_some()),
                _ => false,
            });
        if proper { Ok(Self(limits.clone())) } else { Err(invalid()) }
    }

    /// Reads limits from JSON text.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_object(&json::parse_object(text.as_bytes())?)
    }

    /// Whether the details keep to every limit. A member that is limited has to be there.
    pub fn allow(&self, details: &Object) -> bool {
        self.0.iter().all(|(name, limit)| match (limit, details.get(name)) {
            (Value::Number(most), Some(Value::Number(given))) => {
                match (most.as_integer(), given.as_integer()) {
                    (Some(most), Some(given)) => (0..=most).contains(&given),
                    _ => false,
                }
            }
            (Value::String(only), Some(Value::String(given))) => only == given,
            (Value::Array(choices), Some(given @ Value::String(_))) => choices.contains(given),
            _ => false,
        })
    }

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }
}

const fn invalid() -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, "limits")
}
