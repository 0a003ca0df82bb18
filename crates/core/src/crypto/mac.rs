//! SHA-256 (FIPS 180-4), HMAC over it (RFC 2104), and comparison in constant time.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::error::{ErrorCode, Result};

/// A key for HMAC-SHA256, prepared once.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Prepares a key of any length; one that protects anything has 32 bytes or more.
    #[expect(clippy::expect_used, reason = "the trait is fallible, this implementation is not")]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// Checks a tag over the concatenation of `parts`, in constant time.
    ///
    /// Errors: `signature_invalid`.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<()> {
        if constant_time_eq(&hmac_sha256(self, parts), tag) {
            Ok(())
        } else {
            Err(ErrorCode::SignatureInvalid.into())
        }
    }
}

/// HMAC-SHA256 over the concatenation of `parts`. Give parts fixed lengths or separators, or they run into each other.
pub fn hmac_sha256(key: &MacKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.0.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_of(&[bytes])
}

/// SHA-256 of the concatenation of `parts`.
pub fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Whether both are the same, in time that depends on their lengths only.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut difference = 0;
    for (l, r) in left.iter().zip(right) {
        difference |= l ^ r;
    }
    // Keeps the optimiser from leaving the loop at the first difference.
    core::hint::black_box(difference) == 0
}
