//! Padded base64 (RFC 4648 §4) with one canonical text per byte string, as platforms of mini-programs write keys and
//! ciphertexts. Tokens are base64url: see [`crate::base64url`].

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};

use crate::error::{ErrorCode, Result};

/// Writes bytes as text, in time that does not depend on their values.
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Reads text back into bytes, in time that does not depend on their values.
///
/// Errors: `malformed` for everything else, among it missing padding and a `+` that a form has made a space.
pub fn decode(text: &str) -> Result<Vec<u8>> {
    Base64::decode_vec(text).map_err(|_| ErrorCode::Malformed.into())
}

/// Reads text that stands for exactly `N` bytes.
///
/// Errors: `malformed`.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N]> {
    // Room for a length that is not `N`, so that it is noticed.
    let mut bytes = [0; 64];
    let read = Base64::decode(text, &mut bytes).ok();
    read.and_then(|read| read.try_into().ok()).ok_or(ErrorCode::Malformed.into())
}
