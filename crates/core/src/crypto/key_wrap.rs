//! AES-256 key wrap (RFC 3394) of 256-bit keys: `A256KW` of RFC 7518 §4.4.

use aes_kw::{KeyInit as _, KwAes256};
use zeroize::Zeroizing;

use crate::error::{ErrorCode, Result};
use crate::secret::ContentKey;

/// Wraps `key` under `kek`.
#[expect(clippy::expect_used, reason = "the lengths are fixed by types")]
pub fn wrap_key(kek: &ContentKey, key: &ContentKey) -> [u8; 40] {
    let mut wrapped = [0; 40];
    KwAes256::new(kek.secret_bytes().into())
        .wrap_key(key.secret_bytes(), &mut wrapped)
        .expect("32 bytes are a multiple of 8, and 40 are 8 more");
    wrapped
}

/// Unwraps a key that was wrapped under `kek`.
///
/// Errors: `decryption_failed`.
pub fn unwrap_key(kek: &ContentKey, wrapped: &[u8; 40]) -> Result<ContentKey> {
    let mut key = Zeroizing::new([0; 32]);
    match KwAes256::new(kek.secret_bytes().into()).unwrap_key(wrapped, key.as_mut_slice()) {
        Ok(_) => Ok(ContentKey::from_bytes(*key)),
        Err(_) => Err(ErrorCode::DecryptionFailed.into()),
    }
}
