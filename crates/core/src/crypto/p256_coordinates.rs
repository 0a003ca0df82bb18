//! P-256 public keys where the arithmetic of the curve is left to the host.

use crate::error::Result;

/// What claims to be a point of the curve. Whether it is one is for the host to say, which does when it uses the key.
#[derive(Clone, Debug, PartialEq)]
pub struct P256PublicKey {
    x: [u8; 32],
    y: [u8; 32],
}

impl P256PublicKey {
    /// Takes the coordinates, 32 bytes each, big-endian.
    ///
    /// Errors: none here.
    pub const fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self> {
        Ok(Self { x: *x, y: *y })
    }

    /// The coordinates x and y.
    pub const fn to_coordinates(&self) -> ([u8; 32], [u8; 32]) {
        (self.x, self.y)
    }
}
