//! Public keys of Ed25519 (RFC 8032) where the arithmetic of the curve is left to the host.

use curve25519_dalek::EdwardsPoint;

use super::ed25519_form::{is_reduced, is_small_order};
use crate::error::{ErrorCode, Result};

/// What claims to be the encoding of a point. Whether it is one shows when the host uses the key: no signature holds if not.
#[derive(Clone, Debug, PartialEq)]
pub struct Ed25519PublicKey([u8; 32]);

impl Ed25519PublicKey {
    /// Takes the 32-byte encoding.
    ///
    /// Errors: `key_unusable` for an encoding that is not canonical (RFC 8032 §5.1.3), or of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        if !is_reduced(bytes) || is_small_order(bytes) {
            return Err(ErrorCode::KeyUnusable.into());
        }
        Ok(Self(*bytes))
    }

    /// The same.
    ///
    /// Errors: as [`Self::from_bytes`].
    pub fn from_encoding(bytes: &[u8; 32]) -> Result<Self> {
        Self::from_bytes(bytes)
    }

    pub(super) const fn of_point(encoded: [u8; 32], _point: &EdwardsPoint) -> Self {
        Self(encoded)
    }

    /// The encoding that [`Self::from_bytes`] takes.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}
