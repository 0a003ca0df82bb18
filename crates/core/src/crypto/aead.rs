//! AES-256-GCM (NIST SP 800-38D) with 96-bit IVs and 128-bit tags, in place.

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};

use crate::error::{ErrorCode, Result};
use crate::secret::ContentKey;

/// Encrypts `buffer` where it is and returns the tag over it and `aad`. Never use an IV twice under one key.
///
/// Errors: `limit_exceeded` beyond 64 GiB.
pub fn seal_in_place(
    key: &ContentKey,
    iv: &[u8; 12],
    aad: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; 16]> {
    Aes256Gcm::new(key.secret_bytes().into())
        .encrypt_inout_detached(iv.into(), aad, buffer.into())
        .map(Into::into)
        .map_err(|_| ErrorCode::LimitExceeded.into())
}

/// Checks the tag, then decrypts `buffer` where it is; after an error `buffer` holds the ciphertext still.
///
/// Errors: `decryption_failed`.
pub fn open_in_place(
    key: &ContentKey,
    iv: &[u8; 12],
    aad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; 16],
) -> Result<()> {
    Aes256Gcm::new(key.secret_bytes().into())
        .decrypt_inout_detached(iv.into(), aad, buffer.into(), tag.into())
        .map_err(|_| ErrorCode::DecryptionFailed.into())
}
