//! Secret bytes with an owner: they cannot be printed, copied or cloned, and are wiped when dropped.

use zeroize::Zeroize;

/// 32 bytes from the host's cryptographic random source, good for one key or one derivation.
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes one draw of randomness. Use each draw once.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A 256-bit content encryption key (RFC 7516 §2); the random number R of a visit is one.
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// Takes over key bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a fresh key of one draw of randomness.
    pub fn from_seed(seed: Seed) -> Self {
        Self(*seed.bytes())
    }

    /// The key itself. Whoever copies it answers for the copy.
    pub const fn secret_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for ContentKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
