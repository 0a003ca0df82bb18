//! The protected header of a JWS, and the cutting of compact texts into parts.

use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, Value};
use crate::limits::MAX_COMPACT_BYTES;

/// A JWS header: a strict JSON object without `crit` and `b64`, whose `kid` and `typ` are strings if they are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Header(Object);

impl Header {
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        let members = json::parse_object(json)?;
        // No extension is supported, so any that is critical is refused, and so is the one that changes what is signed
        // (RFC 7797), which has to be critical.
        for name in ["crit", "b64"] {
            if members.get(name).is_some() {
                return Err(Error::with_detail(ErrorCode::CriticalHeader, name));
            }
        }
        for name in ["alg", "kid", "typ"] {
            if !matches!(members.get(name), None | Some(Value::String(_))) {
                return Err(Error::with_detail(ErrorCode::Malformed, name));
            }
        }
        Ok(Self(members))
    }

    /// All members.
    pub const fn members(&self) -> &Object {
        &self.0
    }

    /// The name of the key.
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// The type of the token, letter by letter: `application/` is neither added nor taken away.
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    pub(crate) fn alg(&self) -> Option<&str> {
        self.text("alg")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

/// Cuts a compact text of acceptable size into exactly `N` parts.
pub(crate) fn split_compact<const N: usize>(text: &str) -> Result<[&str; N]> {
    split_within(MAX_COMPACT_BYTES, text)
}

/// As [`split_compact`], with another limit.
pub(crate) fn split_within<const N: usize>(limit: usize, text: &str) -> Result<[&str; N]> {
    if text.len() > limit {
        return Err(ErrorCode::LimitExceeded.into());
    }
    let mut rest = text.split('.');
    let mut parts = [""; N];
    for part in &mut parts {
        *part = rest.next().ok_or(ErrorCode::Malformed)?;
    }
    if rest.next().is_some() { Err(ErrorCode::Malformed.into()) } else { Ok(parts) }
}
