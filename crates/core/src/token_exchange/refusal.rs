//! How the refusal of an exchange looks: the error document of [`crate::problem`], with the platform's own code beside it.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use crate::error::ErrorCode;
use crate::json::ObjectWriter;
use crate::problem::Problem;

/// Length of a platform's code as it is passed on.
const MAX_CODE_BYTES: usize = 64;

/// A refusal with the platform's word for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: ErrorCode,
    /// What the platform calls it, such as `40029` or `isv.code-invalid`.
    pub provider_code: Option<String>,
}

impl Refusal {
    /// A refusal that no platform had a part in.
    pub const fn because(reason: ErrorCode) -> Self {
        Self { reason, provider_code: None }
    }

    /// A refusal by a platform. Its code is passed on if it looks like one: letters, digits, `.`, `_`, `-`.
    pub fn by_platform(reason: ErrorCode, code: &str) -> Self {
        let proper = !code.is_empty()
            && code.len() <= MAX_CODE_BYTES
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        Self { reason, provider_code: proper.then(|| code.to_owned()) }
    }

    /// The HTTP status. Nothing is said to be forbidden (RFC 8628 §3.5 answers `access_denied` with 400).
    pub const fn status(&self) -> u16 {
        match Problem::because(self.reason).status() {
            403 => 400,
            status => status,
        }
    }

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        let problem = Problem::because(self.reason);
        let mut urn = String::from("urn:x-lingpai:error:");
        urn.push_str(self.reason.as_str());
        ObjectWriter::new()
            .string("error", problem.error().as_str())
            .string("error_description", self.reason.as_str())
            .optional_string("provider_code", self.provider_code.as_deref())
            .string("type", &urn)
            .string("title", self.reason.summary())
            .integer("status", i64::from(self.status()))
            .finish()
    }
}
