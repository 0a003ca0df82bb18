//! OAuth scopes (RFC 6749 §3.3): a list of names in which order means nothing.

use alloc::string::{String, ToString};

use crate::error::{Error, ErrorCode, Result};

const LIMIT_BYTES: usize = 1024;

/// A scope as it is written: names separated by single spaces, possibly none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// Reads a scope.
    ///
    /// Errors: `claim_invalid` for a character outside RFC 6749 §3.3, a doubled or outer space, or more than 1 KiB.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = Error::with_detail(ErrorCode::ClaimInvalid, "scope");
        if text.len() > LIMIT_BYTES {
            return Err(invalid);
        }
        let proper = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
        if !text.is_empty() && !text.split(' ').all(proper) {
            return Err(invalid);
        }
        Ok(Self(text.to_string()))
    }

    /// The scope as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The single names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }

    /// Whether every name of `self` is also in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.names().all(|name| other.names().any(|o| o == name))
    }

    /// The names of `self` that are also in `other`, in their order.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut shared = String::new();
        for name in self.names().filter(|name| other.names().any(|o| o == *name)) {
            if !shared.is_empty() {
                shared.push(' ');
            }
            shared.push_str(name);
        }
        Self(shared)
    }
}
