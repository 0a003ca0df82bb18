//! Signatures by a session key: SHA-1 over data for the app's server, HMAC-SHA256 over a user's state.

use alloc::string::String;

use crate::crypto::{self, MacKey};
use crate::error::{ErrorCode, Result};
use crate::token_exchange::session::SessionKey;

/// Checks `signature` = SHA-1(`rawData` ‖ session key), in hexadecimal digits, over `rawData` exactly as it came: written
/// anew, the same JSON is another text.
///
/// Errors: `signature_invalid`.
pub fn check_raw_data(session_key: &SessionKey, raw_data: &str, signature: &str) -> Result<()> {
    let parts = [raw_data.as_bytes(), session_key.text().as_bytes()];
    let expected = hex(&crypto::sha1_of(&parts));
    if crypto::constant_time_eq(expected.as_bytes(), signature.as_bytes()) {
        Ok(())
    } else {
        Err(ErrorCode::SignatureInvalid.into())
    }
}

/// The signature of a user's state: HMAC-SHA256 over the body of a request. The key is the text of the session key as it is
/// written, not what its base64 stands for.
pub fn user_state(session_key: &SessionKey, body: &str) -> String {
    let key = MacKey::new(session_key.text().as_bytes());
    hex(&crypto::hmac_sha256(&key, &[body.as_bytes()]))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
