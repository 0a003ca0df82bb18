//! Strict reading of `application/x-www-form-urlencoded` (RFC 6749 appendix B): UTF-8, no name twice, bounded.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroize as _;

use crate::error::{ErrorCode, Result};

/// Length of a form, in bytes.
pub const MAX_FORM_BYTES: usize = 16 * 1024;

const MAX_PARAMETERS: usize = 32;

/// The parameters of a request. Those without a value count as left out (RFC 6749 §3.2).
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form.
    ///
    /// Errors: `malformed`, whatever is wrong with it: escapes, encoding, size, a name given twice.
    pub fn parse(body: &str) -> Result<Self> {
        if body.len() > MAX_FORM_BYTES {
            return Err(ErrorCode::Malformed.into());
        }
        let mut form = Self(Vec::new());
        for pair in body.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if form.0.iter().any(|(other, _)| *other == name) || form.0.len() >= MAX_PARAMETERS {
                return Err(ErrorCode::Malformed.into());
            }
            form.0.push((name, value));
        }
        Ok(form)
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that has to be there.
    ///
    /// Errors: `malformed`.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or(ErrorCode::Malformed.into())
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

/// Whether a refusal has to travel with the status 200, also where the rest of the form cannot be read: hosts that hide
/// the bodies of errors hide those of malformed requests as well.
pub fn wants_errors_as_ok(body: &str) -> bool {
    body.split('&').any(|pair| pair == "lp_error_status=200")
}

fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next())? << 4 | hex(rest.next())?,
            // What a form never holds unescaped.
            0..=0x20 | 0x7f.. => return Err(ErrorCode::Malformed.into()),
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| ErrorCode::Malformed.into())
}

fn hex(digit: Option<u8>) -> Result<u8> {
    let value = digit.and_then(|digit| char::from(digit).to_digit(16));
    value.map(|value| value as u8).ok_or(ErrorCode::Malformed.into())
}
