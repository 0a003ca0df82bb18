//! Private keys of Ed25519 (RFC 8032).

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroize as _;

use super::Ed25519PublicKey;
use crate::secret::Seed;

/// A private key; the library wipes it.
pub struct Ed25519PrivateKey(SigningKey);

impl Ed25519PrivateKey {
    /// Makes the key whose secret is the seed (any 32 bytes are one).
    pub fn from_seed(seed: &Seed) -> Self {
        Self(SigningKey::from_bytes(seed.bytes()))
    }

    /// The secret half, RFC 8037's `d`.
    pub fn to_seed(&self) -> Seed {
        let mut bytes = self.0.to_bytes();
        let seed = Seed::new(bytes);
        bytes.zeroize();
        seed
    }

    /// The public half.
    pub fn public(&self) -> Ed25519PublicKey {
        let key = self.0.verifying_key();
        Ed25519PublicKey::of_point(key.to_bytes(), &key.to_edwards())
    }

    /// Signs, deterministically.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}
